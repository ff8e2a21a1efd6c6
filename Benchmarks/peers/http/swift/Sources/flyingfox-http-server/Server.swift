import ArgumentParser
import FlyingFox
import Foundation

@main struct Server: AsyncParsableCommand {
  @Option var port: UInt16
  @Option var threads = 1
  @Option var root = "."

  func run() async throws {
    let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: port))
    await server.appendRoute("/plaintext") { _ in
      HTTPResponse(
        statusCode: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
        body: Data("Hello, World!\n".utf8))
    }
    await server.appendRoute("/json") { _ in
      HTTPResponse(
        statusCode: .ok, headers: [.contentType: "application/json"],
        body: try JSONEncoder().encode(["message": "Hello, World!"]))
    }
    let files = DirectoryHTTPHandler(root: URL(filePath: root + "/files"), serverPath: "/files")
    await server.appendRoute("/files/*", to: files)
    try await server.run()
  }
}

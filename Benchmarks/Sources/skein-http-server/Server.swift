import ArgumentParser
import Foundation
import NIOPosix
import SkeinNetwork

/// Skein's own web server, with the routes of the benchmark.
@main struct Server: AsyncParsableCommand {
  @Option var port: Int
  @Option var threads = 1
  @Option var root = "."

  func run() async throws {
    var router = Router()
    router.get("/plaintext") { _, _ in "Hello, World!\n" }
    router.get("/json") { _, _ in JSON(["message": "Hello, World!"]) }
    router.files("/files", try StaticFiles(root: root + "/files"))
    router.group("/api") { api in
      api.use(RequestIDs(), SecurityHeaders(), CrossOrigin(origins: .any))
      for name in ["a", "b", "c", "d", "e", "f", "g", "h"] { api.get("/\(name)/{id:Int}") { _, _ in "x" } }
      api.get("/users/{id:Int}/posts") { _, context in "posts of \(context.parameters["id"]!)" }
    }
    var options = HTTPServer.Options()
    options.maximumConnections = 12_000
    options.group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    try await HTTPServer(router, port: port, options: options).run()
  }
}

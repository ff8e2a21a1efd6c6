import HTTPTypes
import NIOCore
import SkeinNetwork
import SkeinSync

/// Runs a web server for as long as `body` takes. On a busy machine a client may be slower than one of a server's timeouts
/// allows, which are tested where time is turned by hand.
func withHTTPServer(
  _ router: Router, options: HTTPServer.Options = HTTPServer.Options(),
  _ body: (_ endpoint: TCPEndpoint) async throws -> Void
) async throws {
  var options = options
  (options.headTimeout, options.idleTimeout, options.bodyTimeout) = (
    .seconds(600), .seconds(600), .seconds(600)
  )
  let listening = Queue<TCPEndpoint>()
  let server = try HTTPServer(router, port: 0, options: options, onListening: { _ = listening.tryPut($0) })
  let running = Task { try await server.run() }
  do {
    try await body(try await listening.get(timeout: .seconds(60)))
  } catch {
    running.cancel()
    _ = try? await running.value
    throw error
  }
  running.cancel()
  try await running.value
}

/// A client that speaks HTTP/1.1 by hand.
struct WebClient: Sendable {
  struct Answer: Hashable, Sendable {
    var status: Int
    var fields: [String: String]
    var body: String
  }

  let connection: TCPConnection

  init(_ endpoint: TCPEndpoint) async throws { connection = try await TCPConnection.connect(to: endpoint) }

  func send(_ text: String) async throws { try await connection.writer.write(text) }

  /// Sends a request with a body, and takes the answer.
  func ask(_ method: String, _ target: String, fields: [String] = [], body: String = "") async throws
    -> Answer
  {
    let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
    let lines = ["\(method) \(target) HTTP/1.1", "Host: localhost"] + length + fields
    try await send(lines.map { $0 + "\r\n" }.joined() + "\r\n" + body)
    return try await answer(hasBody: method != "HEAD")
  }

  /// Takes an answer.
  func answer(hasBody: Bool = true) async throws -> Answer {
    struct Ended: Error {}
    let reader = connection.reader
    guard let first = try await reader.readLine(timeout: .seconds(60)) else { throw Ended() }
    var answer = Answer(status: Int(first.split(separator: " ")[1]) ?? 0, fields: [:], body: "")
    while let line = try await reader.readLine(timeout: .seconds(60)), !line.isEmpty {
      let parts = line.split(separator: ":", maxSplits: 1)
      answer.fields[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
    }
    guard hasBody else { return answer }
    if let length = answer.fields["content-length"].flatMap({ Int($0) }) {
      answer.body = String(buffer: try await reader.readExactly(length, timeout: .seconds(60)))
    } else if answer.fields["transfer-encoding"] == "chunked" {
      while let line = try await reader.readLine(timeout: .seconds(60)), let size = Int(line, radix: 16) {
        answer.body += String(buffer: try await reader.readExactly(size, timeout: .seconds(60)))
        _ = try await reader.readLine()
        if size == 0 { break }
      }
    }
    return answer
  }
}

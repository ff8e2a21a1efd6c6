internal import HTTPTypes
internal import NIOCore
internal import SkeinNetwork
internal import SkeinSync

/// A web server with routes and middlewares that holds a thousand connections.
struct WebServerExperiment: Experiment {
  let name = "web-server"
  let section = "16.4.6"
  let title = "A web server with routes and a middleware holds a thousand connections, and answers each"
  let lesson = """
    A connection that waits costs some kilobytes and no thread. What a handler throws is an answer, and a server that is told \
    to end lets its requests end first.
    """
  let uses = ["HTTPServer", "Router", "Middleware", "RequestIDs", "HTTPError"]

  private static let connections = 1000

  func run(_ notes: LabNotes) async throws {
    let (arrived, open) = (Lock(0), Event(name: "the door"))
    var router = Router()
    router.use(RequestIDs())
    router.get("/hello/{name}") { _, context in "Hello, \(context.parameters["name"]!)" }
    router.get("/together") { _, _ in
      // All are held until all are here.
      if arrived.withLock({
        $0 += 1; return $0
      }) == Self.connections {
        open.set()
      }
      try await open.wait()
      return "all \(Self.connections) of us"
    }
    router.get("/broken") { _, _ -> String in throw HTTPError(.conflict, "not now") }

    let listening = Queue<TCPEndpoint>()
    let server = try HTTPServer(router, port: 0, onListening: { _ = listening.tryPut($0) })
    let running = Task { try await server.run() }
    let endpoint = try await listening.get(timeout: .seconds(10))
    notes.step("server", "listens at \(endpoint)")

    try await lookAround(endpoint, notes)
    let answers = try await askTogether(endpoint)
    notes.check(
      "connections that were held at once, and answered", is: Self.connections,
      observed: answers.count { $0 == "all \(Self.connections) of us" })
    running.cancel()
    try await running.value
  }

  private func lookAround(_ endpoint: TCPEndpoint, _ notes: LabNotes) async throws {
    let asked = ["GET /hello/Ada", "GET /nowhere", "POST /hello/Ada", "GET /broken", "GET /hello/%zz"]
    var statuses: [Int] = []
    for target in asked {
      let connection = try await TCPConnection.connect(to: endpoint)
      let (status, body) = try await ask(target, connection)
      notes.step("client", "\(target): \(status) “\(body)”")
      statuses.append(status)
    }
    notes.check("the answers", is: [200, 404, 405, 409, 400], observed: statuses)
  }

  private func askTogether(_ endpoint: TCPEndpoint) async throws -> [String] {
    try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<Self.connections {
        group.addTask {
          let connection = try await TCPConnection.connect(to: endpoint, timeout: .seconds(30))
          return try await ask("GET /together", connection).body
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  /// Sends a request, and takes the answer: its status and its body.
  private func ask(_ target: String, _ connection: TCPConnection) async throws -> (status: Int, body: String)
  {
    try await connection.writer.write("\(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
    let status = try await connection.reader.readLine(timeout: .seconds(30))?.split(separator: " ")[1] ?? ""
    var length = 0
    while let line = try await connection.reader.readLine(), !line.isEmpty {
      if line.hasPrefix("Content-Length: ") { length = Int(line.dropFirst(16)) ?? 0 }
    }
    let body = String(buffer: try await connection.reader.readExactly(length))
    return (Int(status) ?? 0, body.hasSuffix("\n") ? String(body.dropLast()) : body)
  }
}

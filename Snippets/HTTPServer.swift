// A web server with routes, middlewares, JSON, a stream of events and files, and how a handler is tried without a network.

import Foundation
import HTTPTypes
import NIOCore
import SkeinNetwork
import SkeinSync

struct User: Codable, Sendable {
  var name: String
}

struct ServerName: Middleware {
  func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    var response = try await next(request, context)
    response.headers[.server] = "snippet"
    return response
  }
}

func makeRouter(files folder: String) throws -> Router {
  let users = Lock<[Int: User]>([1: User(name: "Ada")])
  var router = Router()
  router.use(RequestIDs(), ServerName(), Compression())
  router.get("/hello/{name}") { _, context in "Hello, \(context.parameters["name"]!)" }
  router.get("/users/{id:Int}") { _, context in
    let id = context.parameters.value("id", as: Int.self)!
    guard let user = users.withLock({ $0[id] }) else { throw HTTPError(.notFound, "there is no user \(id)") }
    return JSON(user)
  }
  router.group("/admin") { admin in
    admin.use(BearerAuthentication { constantTimeEqual($0, "secret") ? "admin" : nil })
    admin.use(RateLimit(10, per: .seconds(1)))
    admin.post("/users") { request, _ in
      let user = try await request.decode(User.self)
      let id = users.withLock { users in
        users[users.count + 1] = user
        return users.count
      }
      return Response(status: .created, headers: [.location: "/users/\(id)"])
    }
  }
  router.get("/ticks") { _, _ in
    Response.events { events in
      for tick in 1...3 { try await events.send(ServerSentEvent("\(tick)", event: "tick")) }
    }
  }
  router.files("/files", try StaticFiles(root: folder))
  return router
}

func tryInMemory(_ router: Router) async throws {
  let handler = try router.makeHandler()
  let response = try await handler(Request(.get, "/users/1"), RequestContext())
  print(String(buffer: try await response.body.collect()))
}

func run() async throws {
  let router = try makeRouter(files: FileManager.default.currentDirectoryPath)
  try await tryInMemory(router)

  let listening = Queue<TCPEndpoint>()
  let server = try HTTPServer(router, port: 0, onListening: { _ = listening.tryPut($0) })
  let running = Task { try await server.run() }
  let client = try await TCPConnection.connect(to: try await listening.get())
  try await client.writer.write("GET /hello/Ada HTTP/1.1\r\nHost: localhost\r\n\r\n")
  print(try await client.reader.readLine() ?? "nothing")
  running.cancel()
  try await running.value
}

try await run()

import HTTPTypes
import NIOCore
import SkeinSync
import Testing

@testable import SkeinNetwork

@Suite("Router")
struct RouterTests {
  private struct Mark: Middleware {
    let name: String
    let order: Lock<[String]>

    func handle(
      _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
    ) async throws -> Response {
      order.withLock { $0.append("> \(name)") }
      defer { order.withLock { $0.append("< \(name)") } }
      return try await next(request, context)
    }
  }

  @Test("routes have their parameters, their pattern, and what handlers return becomes a response")
  func routes() async throws {
    var router = Router()
    router.get("/text/{name}") { _, context in "\(context.parameters["name"]!) \(context.route!)" }
    router.post("/status") { _, _ in HTTPResponse.Status.accepted }
    router.put("/json") { _, _ in JSON(["a": 1]) }
    router.delete("/response") { _, _ in Response.redirect(to: "/x") }
    router.patch("/patch") { _, _ in "" }
    #expect(try await respond(router, Request(.get, "/text/a%20b")).bodyText() == "a b /text/{name}")
    #expect(try await respond(router, Request(.post, "/status")).status == .accepted)
    let json = try await respond(router, Request(.put, "/json"))
    #expect(try await json.bodyText() == #"{"a":1}"#)
    #expect(json.headers[.contentType] == "application/json")
    #expect(try await respond(router, Request(.delete, "/response")).headers[.location] == "/x")
    #expect(try await respond(router, Request(.patch, "/patch")).status == .ok)
    #expect(router.patterns.map(\.pattern) == ["/text/{name}", "/status", "/json", "/response", "/patch"])
  }

  @Test("HEAD, OPTIONS, 405 and 404 need no route")
  func automatic() async throws {
    var router = Router()
    router.get("/a") { _, _ in "a" }
    router.post("/a") { _, _ in "a" }
    #expect(try await respond(router, Request(.head, "/a")).status == .ok)
    let options = try await respond(router, Request(.options, "/a"))
    #expect(options.status == .noContent && options.headers[.allow] == "GET, HEAD, OPTIONS, POST")
    let refused = try await respond(router, Request(.delete, "/a"))
    #expect(refused.status == .methodNotAllowed && refused.headers[.allow] == "GET, HEAD, OPTIONS, POST")
    #expect(try await respond(router, Request(.get, "/b")).status == .notFound)
    #expect(try await respond(router, Request(.get, "/%zz")).status == .badRequest)
    #expect(try await respond(router, Request(.options, "*")).status == .noContent)
  }

  @Test("middlewares stand around routes, those of a group around its own alone, the first outermost")
  func middlewares() async throws {
    let order = Lock<[String]>([])
    var router = Router()
    router.use(Mark(name: "1", order: order), Mark(name: "2", order: order))
    router.group("/g") { group in
      group.get("/a") { _, _ in "a" }
      group.use(Mark(name: "3", order: order))
      group.group("/h") { inner in
        inner.use(Mark(name: "4", order: order))
        inner.get("/b") { _, _ in "b" }
      }
    }
    router.get("/c") { _, _ in "c" }
    for (path, expected) in [
      ("/g/a", ["> 1", "> 2", "> 3", "< 3", "< 2", "< 1"]),
      ("/g/h/b", ["> 1", "> 2", "> 3", "> 4", "< 4", "< 3", "< 2", "< 1"]),
      ("/c", ["> 1", "> 2", "< 2", "< 1"]), ("/nowhere", ["> 1", "> 2", "< 2", "< 1"]),
    ] {
      order.withLock { $0 = [] }
      _ = try await respond(router, Request(.get, path))
      #expect(order.withLock { $0 } == expected, "\(path)")
    }
  }

  @Test(
    "what can not be told apart, or is no pattern, is an error of the start",
    arguments: [
      ("/a/{x}", "/a/{y}"), ("/a", "/a"), ("/a/{x...}", "/a/{y...}"),
    ])
  func collides(first: String, second: String) {
    var router = Router()
    router.get(first) { _, _ in "" }
    router.group("") { $0.get(second) { _, _ in "" } }
    #expect(throws: RouteError.collides(method: "GET", pattern: second, with: first)) {
      try router.makeHandler()
    }
    #expect(throws: RouteError.self) { try HTTPServer(router, port: 0) }
  }

  @Test("an encoded slash is never taken for one that parts segments")
  func encodedSlash() async throws {
    var router = Router()
    router.get("/one/{name}") { _, context in context.parameters["name"]! }
    router.get("/all/{path...}") { _, context in context.parameters["path"]! }
    #expect(try await respond(router, Request(.get, "/one/a%2Fb")).bodyText() == "a/b")
    #expect(try await respond(router, Request(.get, "/all/a/b")).bodyText() == "a/b")
    #expect(try await respond(router, Request(.get, "/all/a%2Fb")).status == .notFound)
    #expect(try await respond(router, Request(.get, "/all/..%2F..%2Fetc")).status == .notFound)
  }

  @Test("health is whether the program answers, readiness whether all its parts are ready")
  func health() async throws {
    let readiness = Readiness()
    var router = Router()
    router.addHealth(readiness)
    #expect(try await respond(router, Request(.get, "/ready")).status == .ok)
    readiness.set("database", isReady: false)
    readiness.set("cache", isReady: true)
    let response = try await respond(router, Request(.get, "/ready"))
    #expect(response.status == .serviceUnavailable)
    #expect(try await response.bodyText() == "not ready: database\n")
    #expect(try await respond(router, Request(.get, "/health")).status == .ok)
  }
}

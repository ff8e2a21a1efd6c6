import FoundationEssentials
import HTTPTypes
import InMemoryTracing
import Logging
import Metrics
import MetricsTestKit
import NIOCore
import SkeinSync
import SkeinTesting
import TestPrograms
import Testing
import Tracing

@testable import SkeinNetwork

@Suite("Middlewares", .timeLimit(.minutes(2)))
struct MiddlewareTests {
  private struct Failed: Error {}

  private func router(
    _ middlewares: any Middleware..., handler: @escaping RequestHandler = { _, _ in .text("hello") }
  ) -> Router {
    var router = Router()
    for middleware in middlewares { router.use(middleware) }
    for method in [HTTPRequest.Method.get, .post] { router.on(method, "/", handler) }
    return router
  }

  private func get(_ router: Router, _ headers: HTTPFields = [:]) async throws -> Response {
    try await respond(router, Request(.get, "/", headers: headers))
  }

  // MARK: Looking

  @Test("a request's id is told to the client, to the handler, and to all that it calls")
  func requestIDs() async throws {
    let router = router(RequestIDs()) { _, context in .text("\(context.id) \(RequestID.current!)") }
    let given = try await get(router, [RequestIDs.name: "abc"])
    #expect(given.headers[RequestIDs.name] == "abc")
    #expect(try await given.bodyText() == "abc abc")
    let refused = try await get(router, [RequestIDs.name: "a b"])
    let id = try #require(refused.headers[RequestIDs.name])
    #expect(id.count == 16 && id != "a b")
    #expect(try await refused.bodyText() == "\(id) \(id)")
    let failing = self.router(RequestIDs()) { _, _ in throw HTTPError(.conflict) }
    let response = try await get(failing)
    #expect(response.status == .conflict && response.headers[RequestIDs.name] != nil)
  }

  @Test("a line is logged for each request, whatever became of it")
  func accessLog() async throws {
    let lines = Lock<[String]>([])
    var logger = Logger(label: "test") { _ in CollectingLog(lines: lines, logLevel: .info) }
    logger.logLevel = .info
    _ = try await get(router(AccessLog(logger: logger)))
    _ = try await get(router(AccessLog(logger: logger)) { _, _ in throw HTTPError(.conflict) })
    let all = lines.withLock { $0 }
    #expect(all.count == 2 && all[0].hasPrefix("GET / 200") && all[1].hasPrefix("GET / 409"))
    #expect(all[0].contains("\"bytes\": 5") && all[0].contains("127.0.0.1"))
  }

  @Test("what a handler fails with is logged with the request's id, and not told")
  func failures() async throws {
    let lines = Lock<[String]>([])
    let context = RequestContext(logger: Logger(label: "test") { _ in CollectingLog(lines: lines) })
    let router = router(RequestIDs()) { _, _ in throw Failed() }
    let response = try await respond(router, Request(.get, "/"), context)
    let id = try #require(response.headers[RequestIDs.name])
    #expect(response.status == .internalServerError)
    #expect(try await response.bodyText().contains(id))
    #expect(lines.withLock { $0.count == 1 && $0[0].contains("Failed") && $0[0].contains(id) })
  }

  @Test("requests are counted and measured by their route, whatever became of them")
  func metrics() async throws {
    let factory = TestMetrics()
    var router = Router()
    router.group("") { group in
      group.use(RequestMetrics(factory: factory))
      group.get("/users/{id}") { _, _ in "hello" }
      group.post("/users/{id}") { _, _ -> Response in throw HTTPError(.conflict) }
    }
    for path in ["/users/1", "/users/2"] { _ = try await respond(router, Request(.get, path)) }
    _ = try await respond(router, Request(.post, "/users/1"))
    let answered = [("method", "GET"), ("route", "/users/{id}")]
    let refused = [("method", "POST"), ("route", "/users/{id}")]
    let total = "http_server_requests_total"
    #expect(try factory.expectCounter(total, answered + [("status", "200")]).totalValue == 2)
    #expect(try factory.expectCounter(total, refused + [("status", "409")]).totalValue == 1)
    let timers = try [answered, refused].map {
      try factory.expectTimer("http_server_request_duration_seconds", $0).values
    }
    #expect(timers.map(\.count) == [2, 1] && timers.joined().allSatisfy { $0 > 0 })
    #expect(try factory.expectGauge("http_server_active_requests").values == [1, 0, 1, 0, 1, 0])
  }

  @Test("a request is a span, which goes on with the client's trace and tells what became of it")
  func spans() async throws {
    let tracer = InMemoryTracer()
    var router = Router()
    router.group("") { group in
      group.use(RequestTracing(tracer: tracer))
      group.get("/users/{id}") { _, _ in "hello" }
      group.get("/broken") { _, _ -> Response in throw Failed() }
    }
    let trace: HTTPFields = [
      HTTPField.Name(InMemoryTracer.traceIDKey)!: "the trace",
      HTTPField.Name(InMemoryTracer.spanIDKey)!: "the span",
    ]
    _ = try await respond(router, Request(.get, "/users/1", headers: trace))
    _ = try await respond(router, Request(.get, "/broken"))
    let spans = tracer.finishedSpans
    try #require(spans.count == 2 && tracer.activeSpans.isEmpty)
    #expect(spans[0].operationName == "GET /users/{id}" && spans[0].kind == .server)
    #expect(spans[0].traceID == "the trace" && spans[0].parentSpanID == "the span" && spans[0].status == nil)
    #expect(spans[0].attributes["url.path"]?.toSpanAttribute() == .string("/users/1"))
    #expect(spans[0].attributes["http.route"]?.toSpanAttribute() == .string("/users/{id}"))
    #expect(spans[0].attributes["http.response.status_code"]?.toSpanAttribute() == .int64(200))
    #expect(spans[1].parentSpanID == nil && spans[1].status?.code == .error)
    #expect(spans[1].attributes["http.response.status_code"]?.toSpanAttribute() == .int64(500))
  }

  // MARK: Limits

  @Test("an answer that is late is 503, and its handler is cancelled")
  func timeout() async throws {
    let clock = ManualClock()
    let wasCancelled = Lock(false)
    let router = router(ResponseTimeout(.seconds(5), clock: clock)) { request, _ in
      guard request.queryString == nil else { return .text("in time") }
      do { try await Event().wait() } catch { wasCancelled.withLock { $0 = true } }
      return .text("late")
    }
    #expect(try await respond(router, Request(.get, "/?now")).bodyText() == "in time")
    async let response = get(router)
    try await eventually("it waits") { clock.scheduledCount > 0 }
    clock.advance(by: .seconds(5))
    #expect(try await response.status == .serviceUnavailable)
    #expect(wasCancelled.withLock { $0 })
  }

  @Test("bodies have another limit")
  func bodyLimit() async throws {
    let router = router(BodyLimit(bytes: 3)) { request, _ in
      .text(String(buffer: try await request.body.collect()))
    }
    #expect(try await respond(router, Request(.post, "/", body: .text("abc"))).status == .ok)
    #expect(try await respond(router, Request(.post, "/", body: .text("abcd"))).status == .contentTooLarge)
  }

  @Test("who asks too often is told when to come again; others are not concerned")
  func rateLimit() async throws {
    let clock = ManualClock()
    let router = router(
      RateLimit(2, per: .seconds(10), clock: clock) { request, _ in request.headers[.from] ?? "" })
    for _ in 0..<2 { #expect(try await get(router, [.from: "a"]).status == .ok) }
    let refused = try await get(router, [.from: "a"])
    #expect(refused.status == .tooManyRequests && refused.headers[.retryAfter] == "5")
    #expect(try await get(router, [.from: "b"]).status == .ok)
    clock.advance(by: .seconds(5))
    #expect(try await get(router, [.from: "a"]).status == .ok)
    #expect(try await get(router, [.from: "a"]).status == .tooManyRequests)
  }

  @Test("of more clients than are told apart the first is forgotten")
  func manyClients() async throws {
    let router = router(
      RateLimit(1, per: .seconds(10), maximumClients: 2, clock: ManualClock()) { request, _ in
        request.headers[.from]!
      })
    for (client, status) in [("a", 200), ("b", 200), ("b", 429), ("c", 200), ("a", 200), ("c", 429)] {
      #expect(try await get(router, [.from: client]).status.code == status, "\(client)")
    }
  }

  @Test("beyond those that are answered some wait, and others are refused")
  func concurrencyLimit() async throws {
    let (gate, inside) = (Event(), Lock(0))
    let limit = ConcurrencyLimit(1, queue: 1, timeout: .seconds(60))
    let router = router(limit) { _, _ in
      inside.withLock { $0 += 1 }
      try await gate.wait()
      return .text("hello")
    }
    async let first = get(router)
    try await eventually("the first is in") { inside.withLock { $0 == 1 } }
    async let second = get(router)
    try await eventually("the second waits") { limit.waitingCount == 1 }
    let refused = try await get(router)
    #expect(refused.status == .serviceUnavailable && refused.headers[.retryAfter] == "1")
    gate.set()
    #expect(try await first.status == .ok)
    #expect(try await second.status == .ok)
    #expect(limit.waitingCount == 0)
  }

  // MARK: Compression

  @Test(
    "texts are compressed for who takes it, and nothing else",
    arguments: [
      ("gzip", true), ("gzip;q=0", false), ("*", true), ("br, *;q=0.1", true), ("identity", false),
      ("", false),
      ("gzip;q=0, *", false), ("x-gzip", false), ("GZIP", true),
    ])
  func negotiation(field: String, compresses: Bool) async throws {
    let text = String(repeating: "hello ", count: 1000)
    let router = router(Compression()) { _, _ in
      Response(headers: [.contentType: "text/plain", .eTag: "\"a\""], body: .text(text))
    }
    let response = try await get(router, [.acceptEncoding: field])
    #expect(response.headers[.contentEncoding] == (compresses ? "gzip" : nil))
    #expect(response.headers[.vary] == "Accept-Encoding")
    #expect(response.headers[.eTag] == (compresses ? "W/\"a\"" : "\"a\""))
    let count = try await response.body.collect().readableBytes
    #expect((count < 500) == compresses)
  }

  @Test("what is small, or compressed, or a part, is sent as it is")
  func untouched() async throws {
    let text = String(repeating: "hello ", count: 1000)
    for response in [
      Response(headers: [.contentType: "text/plain"], body: .text("hello")),
      Response(headers: [.contentType: "image/png"], body: .text(text)),
      Response(headers: [.contentType: "text/plain", .contentEncoding: "br"], body: .text(text)),
      Response(status: .partialContent, headers: [.contentType: "text/plain"], body: .text(text)),
      Response(headers: [.contentType: "text/plain", .cacheControl: "no-transform"], body: .text(text)),
    ] {
      let result = try await get(router(Compression()) { _, _ in response }, [.acceptEncoding: "gzip"])
      #expect(result.headers[.contentEncoding] == response.headers[.contentEncoding])
    }
  }

  @Test("streams are compressed piece by piece, and large bodies elsewhere; what comes out is what went in")
  func streams() async throws {
    let text = (0..<30_000).map { "line \($0)\n" }.joined()
    for body in [
      ResponseBody.text(text),
      .stream { writer in
        for start in stride(from: 0, to: 30_000, by: 1000) {
          try await writer.write((start..<start + 1000).map { "line \($0)\n" }.joined())
        }
      },
    ] {
      let router = router(Compression()) { _, _ in Response(headers: [.contentType: "text/plain"], body: body)
      }
      let packed = try await get(router, [.acceptEncoding: "gzip"]).body.collect()
      #expect(packed.readableBytes < text.utf8.count / 3)
      #expect(try await gunzip(packed) == text)
    }
  }

  // MARK: Browsers

  @Test("fields for browsers are set where a response has none")
  func securityHeaders() async throws {
    let router = router(
      SecurityHeaders(contentSecurityPolicy: "default-src 'self'", strictTransportSecurity: .seconds(60))
    ) {
      _, _ in Response(headers: [.xContentTypeOptions: "mine"])
    }
    let response = try await get(router)
    #expect(response.headers[.xContentTypeOptions] == "mine")
    #expect(response.headers[.contentSecurityPolicy] == "default-src 'self'")
    #expect(response.headers[.strictTransportSecurity] == "max-age=60; includeSubDomains")
    #expect(
      try await respond(router, Request(.get, "/nowhere")).headers[HTTPField.Name("X-Frame-Options")!]
        == "DENY")
  }

  @Test("pages of origins that are named may read responses, and others not")
  func crossOrigin() async throws {
    let router = router(
      CrossOrigin(origins: .only(["https://a.org"]), exposedHeaders: [.eTag], allowsCredentials: true))
    let allowed = try await get(router, [.origin: "https://a.org"])
    #expect(allowed.headers[.accessControlAllowOrigin] == "https://a.org")
    #expect(allowed.headers[.accessControlAllowCredentials] == "true")
    #expect(allowed.headers[.accessControlExposeHeaders] == "ETag")
    for headers: HTTPFields in [[.origin: "https://b.org"], [:], [.origin: "null"]] {
      let response = try await get(router, headers)
      #expect(response.headers[.accessControlAllowOrigin] == nil && response.headers[.vary] == "Origin")
    }
  }

  @Test("what a browser asks before a request is answered without the handler")
  func preflight() async throws {
    let router = router(CrossOrigin(origins: .any))
    let fields: HTTPFields = [
      .origin: "https://a.org", .accessControlRequestMethod: "POST", .accessControlRequestHeaders: "x-a",
    ]
    let response = try await respond(router, Request(.options, "/", headers: fields))
    #expect(response.status == .noContent && response.headers[.accessControlAllowOrigin] == "*")
    #expect(response.headers[.accessControlAllowHeaders] == "x-a")
    #expect(response.headers[.accessControlAllowMethods]?.contains("POST") == true)
    #expect(response.headers[.vary] == nil)
  }

  // MARK: Who it is

  @Test(
    "a name and a password let pass",
    arguments: [
      ("Basic YWRhOm9wZW46c2VzYW1l", 200), ("basic YWRhOm9wZW46c2VzYW1l", 200), ("Basic YWRhOng=", 401),
      ("Basic ???", 401),
      ("Bearer YWRhOm9wZW46c2VzYW1l", 401), ("Basic", 401), (nil, 401), ("Basic YWRh", 401),
    ])
  func basic(field: String?, status: Int) async throws {
    let router = router(
      BasicAuthentication(realm: "test") { name, password in
        constantTimeEqual(password, "open:sesame") && name == "ada"
      }
    ) { _, context in .text(context[Principal.self]!) }
    let response = try await get(router, field.map { [.authorization: $0] } ?? [:])
    #expect(response.status.code == status)
    #expect(
      response.headers[.wwwAuthenticate] == (status == 401 ? "Basic realm=\"test\", charset=\"UTF-8\"" : nil))
    if status == 200 { #expect(try await response.bodyText() == "ada") }
  }

  @Test("a token lets pass")
  func bearer() async throws {
    let router = router(BearerAuthentication { $0 == "t" ? "ada" : nil }) { _, context in
      .text(context[Principal.self]!)
    }
    #expect(try await get(router, [.authorization: "Bearer t"]).bodyText() == "ada")
    #expect(
      try await get(router, [.authorization: "Bearer x"]).headers[.wwwAuthenticate]
        == "Bearer error=\"invalid_token\"")
    #expect(try await get(router).headers[.wwwAuthenticate] == "Bearer")
  }

  @Test("secrets are the same or not")
  func equal() {
    #expect(constantTimeEqual("abc", "abc") && constantTimeEqual("", ""))
    for (given, secret) in [("ab", "abc"), ("abcd", "abc"), ("abd", "abc"), ("", "a"), ("a", "")] {
      #expect(!constantTimeEqual(given, secret))
    }
  }
}

/// Unpacks what was compressed, by the system's own program.
private func gunzip(_ bytes: ByteBuffer) async throws -> String {
  let folder = try temporaryDirectory()
  defer { removeDirectory(folder) }
  try Data(bytes.readableBytesView).write(to: URL(filePath: folder + "/x.gz"))
  return try await Program(path: "/bin/gzip").run(["-dc", folder + "/x.gz"]).output
}

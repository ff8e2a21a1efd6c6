import Glibc
import HTTPTypes
import NIOCore
import SkeinNetwork
import SkeinTesting
import TestPrograms
import Testing

/// How a router is asked: the same has to come out of each.
enum WebDepth: String, CaseIterable, CustomTestStringConvertible {
  /// By a call, without a network.
  case memory
  /// By a connection of this process.
  case socket
  /// By a program that others have written.
  case curl

  var testDescription: String { rawValue }

  struct Answer: Hashable, Sendable {
    var status: Int
    var fields: [String: String]
    var body: String
  }

  typealias Ask = (_ method: String, _ target: String, _ fields: [String], _ body: String) async throws ->
    Answer

  /// Calls `body` with what asks the router.
  func withAsking(_ router: Router, _ body: (Ask) async throws -> Void) async throws {
    switch self {
    case .memory: try await body { try await Self.inMemory(router, $0, $1, $2, $3) }
    case .socket:
      try await withHTTPServer(router) { endpoint in
        let client = try await WebClient(endpoint)
        try await body { method, target, fields, body in
          let answer = try await client.ask(method, target, fields: fields, body: body)
          return Answer(status: answer.status, fields: answer.fields, body: answer.body)
        }
      }
    case .curl:
      try await withHTTPServer(router) { endpoint in
        try await body { try await Self.byCurl("http://\(endpoint)", $0, $1, $2, $3) }
      }
    }
  }

  private static func inMemory(
    _ router: Router, _ method: String, _ target: String, _ fields: [String], _ body: String
  ) async throws -> Answer {
    var headers = HTTPFields()
    for field in fields {
      let parts = field.split(separator: ": ", maxSplits: 1)
      headers[HTTPField.Name(String(parts[0]))!] = String(parts[1])
    }
    let request = Request(HTTPRequest.Method(method)!, target, headers: headers, body: .text(body))
    let response = try await respond(router, request)
    var answer = Answer(status: response.status.code, fields: [:], body: "")
    for field in response.headers { answer.fields[field.name.canonicalName] = field.value }
    if method != "HEAD" { answer.body = try await response.bodyText() }
    return answer
  }

  private static func byCurl(
    _ url: String, _ method: String, _ target: String, _ fields: [String], _ body: String
  ) async throws -> Answer {
    let head = method == "HEAD" ? ["--head"] : ["--request", method]
    let data = body.isEmpty ? [] : ["--data-binary", "@-", "-H", "Content-Type:"]
    let result = try await Program(path: "/usr/bin/curl").run(
      ["--silent", "--include", "--max-time", "60"] + head + fields.flatMap { ["-H", $0] } + data + [
        url + target
      ], input: body)
    let parts = result.output.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    let lines = parts[0].split(separator: "\r\n")
    var answer = Answer(
      status: Int(lines[0].split(separator: " ")[1]) ?? 0, fields: [:], body: String(parts.last ?? ""))
    for line in lines.dropFirst() {
      let pair = line.split(separator: ": ", maxSplits: 1)
      answer.fields[pair[0].lowercased()] = String(pair.last ?? "")
    }
    return answer
  }

  static var here: [WebDepth] {
    allCases.filter { $0 != .curl || access("/usr/bin/curl", X_OK) == 0 }
  }
}

@Suite("A router, at three depths", .timeLimit(.minutes(2)))
struct WebDepthTests {
  private var router: Router {
    var router = Router()
    router.use(RequestIDs(), SecurityHeaders())
    router.get("/hello/{name}") { _, context in "Hello, \(context.parameters["name"]!)" }
    router.post("/sum") { request, _ in JSON(try await request.decode([Int].self).reduce(0, +)) }
    router.get("/search") { request, _ in request.query.values("q").joined(separator: "|") }
    router.get("/stream") { _, _ in
      Response(body: .stream { writer in for line in ["a", "b"] { try await writer.write(line) } })
    }
    router.put("/state/{id:Int}") { _, _ in Response(status: .noContent, headers: [.eTag: "\"1\""]) }
    router.get("/refused") { _, _ -> String in throw HTTPError(.conflict, "no", headers: [.retryAfter: "7"]) }
    router.group("/private") { group in
      group.use(BearerAuthentication { $0 == "t" ? "ada" : nil })
      group.get("/name") { _, context in context[Principal.self]! }
    }
    return router
  }

  @Test("the same comes out", arguments: WebDepth.here)
  func same(depth: WebDepth) async throws {
    try await depth.withAsking(router) { ask in
      let hello = try await ask("GET", "/hello/b%C3%A4r", ["X-Request-Id: abc"], "")
      #expect(hello.status == 200 && hello.body == "Hello, bär")
      #expect(hello.fields["x-request-id"] == "abc" && hello.fields["x-content-type-options"] == "nosniff")
      #expect(try await ask("POST", "/sum", [], "[1,2,3]").body == "6")
      let malformed = try await ask("POST", "/sum", [], "[1,")
      #expect(malformed.status == 400)
      #expect(try await ask("GET", "/search?q=a+b&q=%26", [], "").body == "a b|&")
      #expect(try await ask("GET", "/stream", [], "").body == "ab")
      let state = try await ask("PUT", "/state/7", [], "")
      #expect(state.status == 204 && state.fields["etag"] == "\"1\"" && state.body == "")
      let refused = try await ask("GET", "/refused", [], "")
      #expect(refused.status == 409 && refused.fields["retry-after"] == "7")
      let head = try await ask("HEAD", "/hello/a", [], "")
      #expect(head.status == 200 && head.body == "")
      let stranger = try await ask("GET", "/private/name", [], "")
      #expect(stranger.status == 401 && stranger.fields["www-authenticate"] == "Bearer")
      #expect(try await ask("GET", "/private/name", ["Authorization: Bearer t"], "").body == "ada")
      let statuses = [
        try await ask("GET", "/nowhere", [], "").status, try await ask("DELETE", "/hello/a", [], "").status,
        try await ask("PUT", "/state/x", [], "").status, try await ask("OPTIONS", "/hello/a", [], "").status,
      ]
      #expect(statuses == [404, 405, 404, 204])
    }
  }
}

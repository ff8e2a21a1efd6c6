import HTTPTypes
import NIOCore
import Testing

@testable import SkeinNetwork

@Suite("Messages")
struct MessageTests {
  private struct User: Codable, Equatable, Sendable {
    var name: String
    var ages: [Int]
  }

  // MARK: JSON

  @Test("a body is a value, and what is wrong with it is told")
  func json() async throws {
    let right = Request(
      .post, "/", headers: [.contentType: "application/json; charset=utf-8"],
      body: .text(#"{"name":"Ada","ages":[1,2]}"#))
    #expect(try await right.decode(User.self) == User(name: "Ada", ages: [1, 2]))
    for (text, message) in [
      (#"{"ages":[]}"#, "“name” is missing"), (#"{"name":"a","ages":[1,"x"]}"#, "“ages.1” is no Int"),
      (#"{"name":null,"ages":[]}"#, "“name” is null"), ("{", "it is no JSON"), ("[]", "“the whole” is no"),
    ] {
      let error = await #expect(throws: HTTPError.self) {
        try await Request(.post, "/", body: .text(text)).decode(User.self)
      }
      #expect(
        error?.status == .badRequest && error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
    let other = Request(.post, "/", headers: [.contentType: "text/plain"], body: .text("{}"))
    let error = await #expect(throws: HTTPError.self) { try await other.decode(User.self) }
    #expect(error?.status == .unsupportedMediaType)
    let problem = Request(
      .post, "/", headers: [.contentType: "application/vnd.x+json"], body: .text(#"["a"]"#))
    #expect(try await problem.decode([String].self) == ["a"])
  }

  // MARK: Forms

  @Test(
    "names and values are decoded as browsers encode them",
    arguments: [
      ("a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]), ("", []), ("&&", []), ("a", [("a", "")]),
      ("a=b=c", [("a", "b=c")]), ("x+y=%C3%A4+%26", [("x y", "ä &")]), ("%zz=%", [("%zz", "%")]),
      ("a=%F", [("a", "%F")]),
      ("=v", [("", "v")]),
    ])
  func forms(text: String, expected: [(String, String)]) {
    let fields = URLEncodedFields(text)
    #expect(fields.map { $0.name } == expected.map(\.0))
    #expect(fields.map { $0.value } == expected.map(\.1))
  }

  @Test("a query and a form are read alike")
  func queries() async throws {
    let request = Request(
      .post, "/?q=swift&q=nio", headers: [.contentType: "application/x-www-form-urlencoded"],
      body: .text("q=form"))
    #expect(
      request.path == "/" && request.query["q"] == "swift" && request.query.values("q") == ["swift", "nio"])
    #expect(try await request.form()["q"] == "form")
    await #expect(throws: HTTPError.self) { try await Request(.post, "/", body: .text("q=form")).form() }
  }

  // MARK: Cookies

  @Test("cookies are read, and set with all that makes them safe")
  func cookies() {
    let request = Request(.get, "/", headers: [.cookie: "a=1; b=\"2\";c; d=e=f; a=3"])
    #expect(request.cookies == ["a": "1", "b": "2", "d": "e=f"])
    #expect(Cookie("s", "x").text == "s=x; Path=/; HttpOnly; SameSite=Lax")
    var cookie = Cookie("s", "x", maximumAge: .zero)
    (cookie.domain, cookie.sameSite, cookie.isHiddenFromScripts, cookie.path) = ("a.org", .none, false, "/p")
    #expect(cookie.text == "s=x; Path=/p; Domain=a.org; Max-Age=0; Secure; SameSite=None")
    var response = Response()
    response.setCookie(Cookie("a", "1"))
    response.setCookie(Cookie("b", "2"))
    #expect(response.headers[values: .setCookie].count == 2)
  }

  @Test("a cookie with characters that no cookie has is a broken contract")
  func badCookie() async {
    await #expect(processExitsWith: .failure) { _ = Cookie("a", "1;2") }
    await #expect(processExitsWith: .failure) { _ = Cookie("a b", "1") }
  }

  // MARK: Events

  @Test("events are written line by line")
  func events() async throws {
    #expect(ServerSentEvent("a").text == "data: a\n\n")
    let event = ServerSentEvent("a\nb\r\nc\r", event: "tick", id: "7", retry: .milliseconds(1500))
    #expect(event.text == "event: tick\nid: 7\nretry: 1500\ndata: a\ndata: b\ndata: c\ndata: \n\n")
    let response = Response.events { events in
      try await events.send(ServerSentEvent("x"))
      try await events.sendHeartbeat()
    }
    #expect(response.headers[.contentType] == "text/event-stream")
    #expect(try await response.bodyText() == "data: x\n\n:\n\n")
  }

  // MARK: Dates

  @Test(
    "dates are read in all three formats, and written in the first",
    arguments: [
      "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
  func dates(text: String) {
    #expect(HTTPDate.seconds(text) == 784_111_777)
    #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
  }

  @Test(
    "what is no date is none",
    arguments: ["", "yesterday", "Sun, 06 Nov 1994 08:49:37", "0", "Sun, 99 Nov 1994 08:49:37 GMT"])
  func noDates(text: String) { #expect(HTTPDate.seconds(text) == nil) }

  // MARK: Ids

  @Test("ids differ, and those of others are taken over only when they are harmless")
  func ids() {
    #expect(Set((0..<1000).map { _ in RequestID().description }).count == 1000)
    #expect(RequestID().description.utf8.count == 16)
    #expect(RequestID("abc-1.2_3")?.description == "abc-1.2_3")
    for text in ["", "a b", "a\r\nb", "a\"", String(repeating: "a", count: 129)] {
      #expect(RequestID(text) == nil)
    }
  }

  @Test("an error's answer is a text, or JSON that is quoted right")
  func errorAnswers() async throws {
    let error = HTTPError(.badRequest, "a \"b\" \\ \n \u{1}")
    #expect(try await Response(error, asJSON: false).bodyText() == "400 a \"b\" \\ \n \u{1}\n")
    #expect(
      try await Response(error, asJSON: true).bodyText()
        == #"{"error":"a \"b\" \\ \u000a \u0001","status":400}"# + "\n")
  }

  @Test("a body is bytes, within its limit")
  func bodies() async throws {
    var request = Request(.post, "/", body: .text("hello"))
    #expect(try await String(buffer: request.body.collect()) == "hello")
    #expect(request.body.length == 5)
    await #expect(throws: HTTPError(tooLong: 4)) { try await request.body.collect(upTo: 4) }
    request.body.limit = 3
    await #expect(throws: HTTPError(tooLong: 3)) { try await request.body.collect(upTo: 4) }
    await #expect(throws: HTTPError(tooLong: 3)) { for try await _ in request.body {} }
  }
}

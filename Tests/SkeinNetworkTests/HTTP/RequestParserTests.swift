import HTTPTypes
import NIOCore
import Testing

@testable import SkeinNetwork

@Suite("RequestParser")
struct RequestParserTests {
  private func parse(_ text: String, limits: HeadLimits = HeadLimits()) throws(HTTPError) -> RequestHead? {
    var parser = RequestParser(limits: limits)
    var buffer = ByteBuffer(string: text)
    return try parser.parse(&buffer)
  }

  private func status(_ text: String, limits: HeadLimits = HeadLimits()) -> Int? {
    do throws(HTTPError) {
      _ = try parse(text, limits: limits)
      return nil
    } catch { return error.status.code }
  }

  // MARK: What is right

  @Test("a head gives its method, path, query, host and fields")
  func whole() throws {
    let head = try #require(
      try parse("GET /a/b%20c?x=1&y HTTP/1.1\r\nHost: example.org:8080\r\nAccept:  */* \r\nx-a:\r\n\r\n"))
    #expect(head.method == .get)
    #expect(head.path == "/a/b%20c")
    #expect(head.query == "x=1&y")
    #expect(head.authority == "example.org:8080")
    #expect(head.minorVersion == 1 && head.keepsAlive && !head.expectsContinue)
    #expect(head.framing == .none)
    #expect(head.headers[.accept] == "*/*")
    #expect(head.headers[HTTPField.Name("X-A")!] == "")
    #expect(head.headers[.cookie] == nil)
    #expect(head.headers.fields.count == 3)
  }

  @Test("a head in pieces of any size is the same head, and what follows stays")
  func pieces() throws {
    let text = "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET"
    for size in 1...text.utf8.count {
      var parser = RequestParser()
      var buffer = ByteBuffer()
      var rest = ByteBuffer(string: text)
      var head: RequestHead?
      while head == nil, let piece = rest.readSlice(length: min(size, rest.readableBytes)),
        piece.readableBytes > 0
      {
        buffer.writeImmutableBuffer(piece)
        head = try parser.parse(&buffer)
      }
      #expect(head?.framing == .length(3), "in pieces of \(size)")
      #expect("abcGET".hasPrefix(String(buffer: buffer)))
    }
  }

  @Test(
    "a whole address as the target names the host, and the path behind it",
    arguments: [
      ("http://example.org/a?b", "/a", "b"), ("HTTP://example.org", "/", nil),
      ("https://example.org?q", "/", "q"),
    ])
  func absolute(target: String, path: String, query: String?) throws {
    let head = try #require(try parse("GET \(target) HTTP/1.1\r\nHost: other\r\n\r\n"))
    #expect(head.authority == "example.org")
    #expect(head.path == path)
    #expect(head.query == query)
  }

  @Test("the server itself can be asked for its options, and nothing else")
  func asterisk() throws {
    #expect(try parse("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")?.path == "*")
    #expect(status("GET * HTTP/1.1\r\nHost: h\r\n\r\n") == 400)
  }

  @Test("one empty line before a request is passed over")
  func emptyLine() throws {
    #expect(try parse("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")?.path == "/")
    #expect(status("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n") == 400)
  }

  @Test(
    "the connection goes on as version and field say",
    arguments: [
      ("1.1", "", true), ("1.1", "Connection: close\r\n", false), ("1.1", "Connection: x, Close\r\n", false),
      ("1.0", "", false), ("1.0", "Connection: Keep-Alive\r\n", true),
      ("1.0", "Connection: keep-alive, close\r\n", false), ("1.7", "", true),
    ])
  func keepAlive(version: String, field: String, keepsAlive: Bool) throws {
    let head = try #require(try parse("GET / HTTP/\(version)\r\nHost: h\r\n\(field)\r\n"))
    #expect(head.keepsAlive == keepsAlive)
  }

  @Test("HTTP/1.0 needs no host")
  func oldWithoutHost() throws {
    #expect(try parse("GET / HTTP/1.0\r\n\r\n")?.authority == nil)
  }

  @Test("values of several fields of one name are joined, cookies with semicolons")
  func joined() throws {
    let head = try #require(
      try parse("GET / HTTP/1.1\r\nHost: h\r\nAccept: a\r\nCookie: c=1\r\naccept: b\r\ncookie: d=2\r\n\r\n"))
    #expect(head.headers[.accept] == "a, b")
    #expect(head.headers[.cookie] == "c=1; d=2")
    #expect(head.headers[values: .accept] == ["a", "b"])
    #expect(head.headers.contains(.cookie) && !head.headers.contains(.range))
  }

  @Test("changed fields are seen, the others stay")
  func changed() throws {
    var headers = try #require(try parse("GET / HTTP/1.1\r\nHost: h\r\nAccept: a\r\n\r\n")).headers
    headers[.accept] = nil
    headers[.range] = "bytes=0-"
    #expect(headers[.accept] == nil && headers[.range] == "bytes=0-")
    #expect(headers.contains(HTTPField.Name("host")!))
  }

  // MARK: What is refused

  @Test(
    "what could be read in two ways is refused",
    arguments: [
      "GET / HTTP/1.1\nHost: h\n\n",  // line feeds alone
      "GET / HTTP/1.1\r\nHost: h\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n",  // a carriage return alone
      "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n",
      "GET / HTTP/1.1\r\nHost : h\r\n\r\n",  // a blank before the colon
      "GET / HTTP/1.1\r\nHost: h\r\nA\t: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n",  // a folded line
      "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nA: b\u{0}\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nnone\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -3\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",  // no host
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",  // two blanks
      "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.1 \r\nHost: h\r\n\r\n",
      "GET /\tHTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET a HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET ftp://a/ HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET http:/// HTTP/1.1\r\nHost: h\r\n\r\n",
      "G@T / HTTP/1.1\r\nHost: h\r\n\r\n",
      " / HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.x\r\nHost: h\r\n\r\n",
      "GET / http/1.1\r\nHost: h\r\n\r\n",
      "GET /\r\n\r\n",  // HTTP/0.9
      "GET / HTTP/1.10\r\nHost: h\r\n\r\n",
    ])
  func refused(text: String) { #expect(status(text) == 400) }

  @Test("bytes that are no UTF-8 are refused in a path")
  func noText() {
    var parser = RequestParser()
    var buffer = ByteBuffer(bytes: Array("GET /".utf8) + [0xFF] + Array(" HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
    #expect(throws: HTTPError(.badRequest, "the path of the request is no UTF-8")) {
      try parser.parse(&buffer)
    }
  }

  @Test(
    "what this server does not do has its own status",
    arguments: [
      ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505), ("PRI * HTTP/2.0\r\n\r\n", 505),
      ("CONNECT a:1 HTTP/1.1\r\nHost: h\r\n\r\n", 501),
      ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
      ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n", 501),
      ("GET / HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n", 417),
    ])
  func unsupported(text: String, code: Int) { #expect(status(text) == code) }

  @Test(
    "what is too large is refused before its end has come",
    arguments: [
      ("GET /\(String(repeating: "a", count: 200))", 414),
      ("GET /\(String(repeating: "a", count: 200)) HTTP/1.1\r\nHost: h\r\n\r\n", 414),
      ("GET / HTTP/1.1\r\nHost: h\r\nA: \(String(repeating: "a", count: 400))", 431),
      ("GET / HTTP/1.1\r\nHost: h\r\n\(String(repeating: "A: b\r\n", count: 20))", 431),
      ("GET / HTTP/1.1\r\nHost: h\r\n\(String(repeating: "A: b\r\n", count: 9))\r\n", 431),
    ])
  func tooLarge(text: String, code: Int) {
    #expect(
      status(text, limits: HeadLimits(requestLine: 100, head: text.contains("A: b") ? 110 : 300, fields: 8))
        == code)
  }

  @Test("a head may be as large as it may be")
  func justFits() throws {
    let text = "GET /\(String(repeating: "a", count: 84)) HTTP/1.1\r\nHost: h\r\n\r\n"
    let limits = HeadLimits(requestLine: 100, head: text.utf8.count, fields: 1)
    #expect(try parse(text, limits: limits) != nil)
  }
}

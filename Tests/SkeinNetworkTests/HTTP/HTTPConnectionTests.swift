import HTTPTypes
import NIOCore
import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinNetwork

@Suite("HTTPConnection", .timeLimit(.minutes(2)))
struct HTTPConnectionTests {
  // MARK: Requests and responses

  @Test("a request is answered, with what the head has to tell")
  func answer() async throws {
    try await onWire {
      let wire = try Wire { _, _ in
        Response(status: .created, headers: [.location: "/x", .contentLength: "9"])
      }
      try wire.send(Wire.get)
      #expect(try wire.take() == "HTTP/1.1 201 Created\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
      #expect(!wire.isClosed)
    }
  }

  @Test("requests that come together are answered one by one, in their order")
  func pipelining() async throws {
    try await onWire {
      let wire = try Wire(handler: Wire.echo)
      let texts = (0..<100).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }
      try wire.send(texts.joined())
      #expect(try wire.responses() == (0..<100).map { "200 GET /\($0) " })
    }
  }

  @Test("the answer is the same whatever the pieces in which the requests come")
  func pieces() async throws {
    let text =
      Wire.get + Wire.post("hello") + "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" + Wire.get
    let expected = ["200 GET /a ", "200 POST /p hello", "200 POST /c abcde", "200 GET /a "]
    try await onWire {
      for size in 1...text.utf8.count {
        let wire = try Wire(handler: Wire.echo)
        var rest = ByteBuffer(string: text)
        while rest.readableBytes > 0 { try wire.send(rest.readSlice(length: min(size, rest.readableBytes))!) }
        #expect(try wire.responses() == expected, "in pieces of \(size)")
      }
    }
  }

  @Test("a second request waits until the first is answered")
  func inOrder() async throws {
    let gate = HandlerGate()
    try await onWire {
      let wire = try Wire { request, _ in
        if request.path == "/a" { try await gate.pass() }
        return .text(request.path)
      }
      try wire.send(Wire.get + "GET /b HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(try wire.responses() == [])
      gate.event.set()
      wire.run()
      #expect(try wire.responses() == ["200 /a", "200 /b"])
    }
  }

  @Test("HEAD gets the head of GET, with the length and no body")
  func head() async throws {
    try await onWire {
      let wire = try Wire { request, _ in
        if request.path == "/s" { return Response(body: .stream { try await $0.write("x") }) }
        return Response(body: .text("hello"))
      }
      try wire.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nHEAD /s HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(try wire.take() == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
    }
  }

  @Test("204 and 304 have no body, and no length", arguments: [HTTPResponse.Status.noContent, .notModified])
  func withoutBody(status: HTTPResponse.Status) async throws {
    try await onWire {
      let wire = try Wire { _, _ in Response(status: status, body: .text("hello")) }
      try wire.send(Wire.get)
      #expect(try wire.take() == "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n\r\n")
    }
  }

  @Test("what a handler throws is its answer; what is no answer becomes 500, and is not told")
  func errors() async throws {
    struct Secret: Error {}
    try await onWire {
      let wire = try Wire { request, _ in
        if request.path == "/a" { throw HTTPError(.conflict, "no", headers: [.retryAfter: "3"]) }
        throw Secret()
      }
      try wire.send(Wire.get)
      let first = try wire.take()
      #expect(first.hasPrefix("HTTP/1.1 409 Conflict\r\nRetry-After: 3\r\n") && first.hasSuffix("409 no\n"))
      try wire.send("GET /b HTTP/1.1\r\nHost: h\r\nAccept: application/json\r\n\r\n")
      let second = try wire.take()
      #expect(second.hasPrefix("HTTP/1.1 500 ") && !second.contains("Secret"))
      #expect(second.contains("Content-Type: application/json"))
      #expect(!wire.isClosed)
    }
  }

  // MARK: Keeping the connection

  @Test(
    "the connection ends when the client, the version or the limit says so",
    arguments: [
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
    ])
  func closes(text: String) async throws {
    try await onWire {
      let wire = try Wire { _, _ in Response() }
      try wire.send(text)
      #expect(try wire.take() == "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
      wire.run()
      #expect(wire.isClosed && wire.isOver)
    }
  }

  @Test("HTTP/1.0 can ask to keep the connection, and is told so")
  func oldKeepAlive() async throws {
    try await onWire {
      let wire = try Wire { _, _ in Response() }
      try wire.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      #expect(try wire.take() == "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n")
      #expect(!wire.isClosed)
    }
  }

  @Test("after as many requests as a connection may have it ends")
  func limitOfRequests() async throws {
    var options = HTTPServer.Options()
    options.maximumRequestsPerConnection = 2
    try await onWire { [options] in
      let wire = try Wire(options) { request, _ in .text(request.path) }
      try wire.send(Wire.get + Wire.get + Wire.get)
      let text = try wire.take()
      #expect(text.split(separator: "HTTP/1.1 200 OK").count == 2 && text.contains("Connection: close"))
    }
  }

  @Test("a client that has ended its sending gets its answers, and then the end")
  func halfClosed() async throws {
    let gate = HandlerGate()
    try await onWire {
      let wire = try Wire { request, _ in
        try await gate.pass()
        return .text(request.path)
      }
      try wire.send(Wire.get + Wire.get)
      wire.end()
      #expect(!wire.isClosed)
      gate.event.set()
      wire.run()
      #expect(try wire.responses() == ["200 /a", "200 /a"])
      #expect(wire.isClosed)
    }
  }

  @Test("a client that goes away has its handler cancelled")
  func gone() async throws {
    let wasCancelled = Lock(false)
    try await onWire {
      let wire = try Wire { _, _ in
        do { try await Event().wait() } catch { wasCancelled.withLock { $0 = Task.isCancelled } }
        return Response()
      }
      try wire.send(Wire.get)
      wire.channel.close(promise: nil)
      #expect(!wire.isOver)
      wire.run()
      #expect(wasCancelled.withLock { $0 } && wire.isOver)
    }
  }

  // MARK: Refusals

  @Test("after what is no request nothing more is taken for one")
  func refused() async throws {
    let count = Lock(0)
    try await onWire {
      let wire = try Wire { _, _ in
        count.withLock { $0 += 1 }
        return Response()
      }
      try wire.send(Wire.get + "GET / HTTP/1.1\r\nHost : h\r\n\r\n" + Wire.get)
      let text = try wire.take()
      #expect(text.contains("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"))
      try wire.send(Wire.get)
      #expect(try wire.take() == "" && count.withLock { $0 } == 1)
      wire.pass(.seconds(2))
      #expect(wire.isClosed)
    }
  }

  // MARK: Bodies

  @Test("a body that is too large is refused before it has come, and the client is not asked for it")
  func tooLarge() async throws {
    var options = HTTPServer.Options()
    options.maximumBodyBytes = 10
    try await onWire { [options] in
      for field in ["", "Expect: 100-continue\r\n"] {
        let wire = try Wire(options, handler: Wire.echo)
        try wire.send(Wire.post("", field, length: 1_000_000))
        let text = try wire.take()
        #expect(text.hasPrefix("HTTP/1.1 413 ") && text.contains("Connection: close"))
      }
      let wire = try Wire(options, handler: Wire.echo)
      try wire.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n")
      #expect(try wire.take().hasPrefix("HTTP/1.1 413 "))
    }
  }

  @Test("a handler may allow more than the server does")
  func allowsMore() async throws {
    var options = HTTPServer.Options()
    options.maximumBodyBytes = 2
    try await onWire { [options] in
      let wire = try Wire(options) { request, _ in
        var request = request
        request.body.limit = 5
        return .text(String(buffer: try await request.body.collect()))
      }
      try wire.send(Wire.post("hello"))
      try wire.send(Wire.post("hello!"))
      #expect(
        try wire.responses() == ["200 hello", "413 413 the body of the request has more than 5 bytes\n"])
    }
  }

  @Test("a client that waits for a word is told to go on when the body is wanted, once")
  func goesOn() async throws {
    try await onWire {
      let wire = try Wire(handler: Wire.echo)
      try wire.send(Wire.post("", "Expect: 100-continue\r\n", length: 5))
      #expect(try wire.take() == "HTTP/1.1 100 Continue\r\n\r\n")
      try wire.send("he")
      #expect(try wire.take() == "")
      try wire.send("llo")
      #expect(try wire.responses() == ["200 POST /p hello"])
    }
  }

  @Test("a client that waits for a word and gets an answer instead is not asked to go on")
  func doesNotGoOn() async throws {
    try await onWire {
      let wire = try Wire { _, _ in throw HTTPError(.unauthorized) }
      try wire.send(Wire.post("", "Expect: 100-continue\r\n", length: 5))
      let text = try wire.take()
      #expect(text.hasPrefix("HTTP/1.1 401 ") && text.contains("Connection: close"))
    }
  }

  @Test("a small body that nobody took is thrown away, and the connection goes on")
  func discards() async throws {
    try await onWire {
      let wire = try Wire { request, _ in .text(request.path) }
      try wire.send(Wire.post("", length: 1000))
      #expect(try wire.responses() == ["200 /p"])
      try wire.send(String(repeating: "x", count: 999))
      try wire.send("x" + Wire.get)
      #expect(try wire.responses() == ["200 /a"])
    }
  }

  @Test("a large body that nobody took ends the connection, which still takes what comes for a while")
  func lingers() async throws {
    try await onWire {
      let wire = try Wire { request, _ in .text(request.path) }
      try wire.send(Wire.post("", length: 1_000_000))
      #expect(try wire.take().contains("Connection: close"))
      #expect(wire.hasServerEnded)
      try wire.send(String(repeating: "x", count: 1000))
      #expect(!wire.isClosed)
      wire.pass(.seconds(2))
      #expect(wire.isClosed)
    }
  }

  @Test("a body that breaks off, or is malformed, is an error for who reads it, and the client's")
  func broken() async throws {
    try await onWire {
      let wire = try Wire(handler: Wire.echo)
      try wire.send(Wire.post("hel", length: 5))
      wire.end()
      #expect(try wire.responses() == ["400 400 the body ends before its end\n"])
      #expect(wire.isClosed)
      let other = try Wire(handler: Wire.echo)
      try other.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + Wire.get)
      #expect(try other.responses() == ["400 400 the size of a chunk is no number\n"])
    }
  }

  @Test("no more is read while a handler does not take the body")
  func backPressure() async throws {
    let gate = HandlerGate()
    try await onWire {
      let wire = try Wire { request, _ in
        try await gate.pass()
        var count = 0
        for try await bytes in request.body { count += bytes.readableBytes }
        return .text("\(count)")
      }
      try wire.send(Wire.post("", length: 200_000))
      let piece = ByteBuffer(repeating: 1, count: 50_000)
      try wire.send(piece)
      #expect(wire.connection.wantsInput)
      try wire.send(piece)
      #expect(!wire.connection.wantsInput)
      gate.event.set()
      wire.run()
      #expect(wire.connection.wantsInput)
      try wire.send(piece)
      try wire.send(piece)
      #expect(try wire.responses() == ["200 200000"])
    }
  }

  // MARK: Streams

  @Test(
    "what a handler writes comes in chunks, or as it is when the length is told, or to the end for HTTP/1.0")
  func streams() async throws {
    try await onWire {
      for (version, length) in [(1, Int?.none), (1, 8), (0, nil)] {
        let wire = try Wire { _, _ in
          Response(
            body: .stream(length: length) { writer in
              try await writer.write("hello")
              try await writer.write("")
              try await writer.write("abc")
            })
        }
        try wire.send("GET / HTTP/1.\(version)\r\nHost: h\r\n\r\n")
        let body = try wire.take().split(separator: "\r\n\r\n", maxSplits: 1)[1]
        #expect(body == (version == 1 && length == nil ? "5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n" : "helloabc"))
        #expect(wire.isClosed == (version == 0))
      }
    }
  }

  @Test("a writer that was kept writes nothing into what comes after")
  func keptWriter() async throws {
    let (kept, failures) = (Lock<BodyWriter?>(nil), Lock<[StreamError]>([]))
    try await onWire {
      let wire = try Wire { request, _ in
        if let writer = kept.withLock({ $0 }) {
          do { try await writer.write("late") } catch let error as StreamError {
            failures.withLock { $0.append(error) }
          }
        }
        return Response(
          body: .stream(length: 3) { writer in
            kept.withLock { $0 = writer }
            try await writer.write("abc")
          })
      }
      try wire.send(Wire.get + Wire.get)
      #expect(try wire.responses() == ["200 abc", "200 abc"])
      #expect(failures.withLock { $0 } == [.closed])
    }
  }

  @Test(
    "a stream that throws, or is not as long as it told, breaks the connection off", arguments: [4, 6, -1])
  func breaksOff(length: Int) async throws {
    struct Failed: Error {}
    try await onWire {
      let wire = try Wire { _, _ in
        Response(
          body: .stream(length: length < 0 ? nil : length) { writer in
            try await writer.write("hello")
            if length < 0 { throw Failed() }
          })
      }
      try wire.send(Wire.get)
      #expect(try !wire.take().hasSuffix("0\r\n\r\n"))
      #expect(wire.isClosed)
    }
  }
}

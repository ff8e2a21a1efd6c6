import HTTPTypes
import NIOCore
import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinNetwork

@Suite("HTTPConnection and time", .timeLimit(.minutes(2)))
struct HTTPConnectionTimeTests {
  // MARK: The client sends

  @Test("a connection without a request is closed after a while, one with half a head is told")
  func idle() async throws {
    try await onWire {
      let silent = try Wire(handler: Wire.echo)
      silent.pass(.milliseconds(9_999))
      #expect(!silent.isClosed)
      silent.pass(.milliseconds(1))
      #expect(try silent.isClosed && silent.take() == "")
      let slow = try Wire(handler: Wire.echo)
      for byte in "GET / HT" {
        try slow.send(String(byte))
        slow.pass(.seconds(1))
      }
      #expect(!slow.isClosed)
      slow.pass(.seconds(2))
      #expect(try slow.take().hasPrefix("HTTP/1.1 408 "))
    }
  }

  @Test("a connection that was used waits longer for the next request, and as long for each head")
  func keepAliveTimeout() async throws {
    try await onWire {
      let wire = try Wire(handler: Wire.echo)
      for _ in 0..<3 {
        try wire.send(Wire.get)
        #expect(try wire.responses().count == 1)
        wire.pass(.seconds(74))
        #expect(!wire.isClosed)
      }
      try wire.send("GET")
      wire.pass(.seconds(9))
      #expect(!wire.isClosed)
      wire.pass(.seconds(1))
      #expect(try wire.take().hasPrefix("HTTP/1.1 408 "))
      let other = try Wire(handler: Wire.echo)
      try other.send(Wire.get)
      _ = try other.take()
      other.pass(.seconds(75))
      #expect(try other.isClosed && other.take() == "")
    }
  }

  @Test("a body that does not go on is an error for who waits for it, and only then")
  func bodyTimeout() async throws {
    let gate = HandlerGate()
    try await onWire {
      let wire = try Wire(handler: Wire.echo)
      try wire.send(Wire.post("he", length: 5))
      wire.pass(.seconds(29))
      try wire.send("l")
      wire.pass(.seconds(29))
      #expect(try wire.take() == "")
      wire.pass(.seconds(1))
      #expect(try wire.take().hasPrefix("HTTP/1.1 408 "))
      let busy = try Wire { request, context in
        try await gate.pass()
        return try await Wire.echo(request, context)
      }
      try busy.send(Wire.post("he", length: 5))
      busy.pass(.seconds(50))
      gate.event.set()
      busy.run()
      try busy.send("llo")
      #expect(try busy.responses() == ["200 POST /p hello"])
    }
  }

  @Test("a body that comes slowly is no handler's time")
  func slowBody() async throws {
    try await onWire {
      let wire = try Wire(handler: Wire.echo)
      try wire.send(Wire.post("", length: 5))
      for byte in ["h", "e", "l", "l"] {
        wire.pass(.seconds(25))
        try wire.send(byte)
      }
      wire.pass(.seconds(25))
      try wire.send("o")
      #expect(try wire.responses() == ["200 POST /p hello"])
    }
  }

  @Test("a small body that nobody took is waited for, but not for ever")
  func discardTimeout() async throws {
    try await onWire {
      let wire = try Wire { request, _ in .text(request.path) }
      try wire.send(Wire.post("", length: 1000))
      #expect(try wire.responses() == ["200 /p"])
      wire.pass(.seconds(29))
      #expect(!wire.isClosed)
      try wire.send(String(repeating: "x", count: 1000) + Wire.get)
      #expect(try wire.responses() == ["200 /a"])
      wire.pass(.seconds(31))
      #expect(!wire.isClosed)
      try wire.send(Wire.post("abc", length: 1000))
      #expect(try wire.responses() == ["200 /p"])
      wire.pass(.seconds(30))
      #expect(wire.isClosed)
    }
  }

  // MARK: The handler answers

  @Test("a handler that does not answer in time is cancelled, and the client told")
  func responseTimeout() async throws {
    let wasCancelled = Lock(false)
    try await onWire {
      let wire = try Wire { _, _ in
        do { try await Event().wait() } catch { wasCancelled.withLock { $0 = true } }
        return .text("too late")
      }
      try wire.send(Wire.get)
      wire.pass(.seconds(59))
      #expect(try wire.take() == "")
      wire.pass(.seconds(1))
      #expect(try wire.take().hasPrefix("HTTP/1.1 503 "))
      #expect(wasCancelled.withLock { $0 })
      wire.pass(.seconds(2))
      #expect(try wire.isClosed && wire.take() == "" && wire.isOver)
    }
  }

  // MARK: The client takes

  @Test("a client that does not take its answers gets no more, and is closed after a while")
  func writeTimeout() async throws {
    let count = Lock(0)
    try await onWire {
      let wire = try Wire { _, _ in
        count.withLock { $0 += 1 }
        return Response()
      }
      wire.setWritable(false)
      try wire.send(Wire.get + Wire.get)
      #expect(count.withLock { $0 } == 0)
      wire.pass(.seconds(59))
      wire.setWritable(true)
      #expect(count.withLock { $0 } == 2)
      wire.setWritable(false)
      wire.pass(.seconds(60))
      #expect(wire.isClosed)
    }
  }

  /// A handler that writes a byte at each gate, and then ends, or waits for what does not come.
  private func dripping(_ gates: [HandlerGate], ends: Bool) -> RequestHandler {
    { _, _ in
      Response(
        body: .stream { writer in
          for gate in gates {
            try await gate.pass()
            try await writer.write("x")
          }
          if !ends { try await Event().wait() }
        })
    }
  }

  @Test("a client that takes nothing of what is under way is closed, however little that is")
  func stalled() async throws {
    let gate = HandlerGate()
    try await onWire {
      let wire = try Wire(handler: dripping([gate], ends: false))
      try wire.send(Wire.get)
      // Nothing is under way: the handler takes its time.
      wire.pass(.seconds(1000))
      #expect(!wire.isClosed)
      wire.isStalled = true
      gate.event.set()
      wire.run()
      wire.pass(.seconds(59))
      #expect(!wire.isClosed)
      wire.pass(.seconds(1))
      #expect(wire.isClosed && wire.isOver)
    }
  }

  @Test("a client that takes its answer slowly, but goes on, is not closed")
  func slowButSteady() async throws {
    let gates = (0..<4).map { _ in HandlerGate() }
    try await onWire {
      let wire = try Wire(handler: dripping(gates, ends: false))
      try wire.send(Wire.get)
      wire.isStalled = true
      for gate in gates { gate.event.set() }
      wire.run()
      for _ in 0..<3 {
        wire.pass(.seconds(50))
        #expect(!wire.isClosed)
        wire.letGo(1)
      }
      wire.pass(.seconds(59))
      #expect(!wire.isClosed)
      wire.pass(.seconds(1))
      #expect(wire.isClosed)
    }
  }

  @Test("the last answer is waited for as long as the client goes on taking it, and not longer")
  func slowLastAnswer() async throws {
    let gates = (0..<3).map { _ in HandlerGate() }
    for gate in gates { gate.event.set() }
    try await onWire {
      for goesOn in [true, false] {
        let wire = try Wire(handler: dripping(gates, ends: true))
        wire.isStalled = true
        try wire.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        // The head, and a byte.
        for count in [2, 1] {
          wire.pass(.seconds(50))
          #expect(!wire.isClosed && !wire.hasServerEnded)
          wire.letGo(count)
        }
        wire.pass(.seconds(50))
        #expect(!wire.isClosed && !wire.hasServerEnded)
        if goesOn {
          wire.letGo()
          #expect(try wire.take().hasSuffix("1\r\nx\r\n1\r\nx\r\n1\r\nx\r\n0\r\n\r\n"))
        } else {
          wire.pass(.seconds(10))
        }
        #expect(wire.isClosed && wire.isOver)
      }
    }
  }

  // MARK: Stopping

  @Test(
    "when the server stops, a connection without a request is closed, and one with a request after the answer"
  )
  func stopping() async throws {
    let gate = HandlerGate()
    try await onWire {
      let idle = try Wire { _, _ in Response() }
      try idle.send(Wire.get)
      idle.connection.stopWhenIdle()
      idle.run()
      idle.pass(.zero)
      #expect(idle.isClosed)
      let busy = try Wire { _, _ in
        try await gate.pass()
        return Response()
      }
      try busy.send(Wire.get)
      busy.connection.stopWhenIdle()
      busy.pass(.seconds(5))
      #expect(!busy.isClosed)
      gate.event.set()
      busy.run()
      #expect(try busy.take().contains("Connection: close"))
      #expect(busy.isClosed && busy.isOver)
    }
  }
}

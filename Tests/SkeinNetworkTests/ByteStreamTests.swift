import NIOCore
import SkeinNetwork
import SkeinSync
import SkeinTesting
import Testing

@Suite("ByteStream", .timeLimit(.minutes(2)))
struct ByteStreamTests {
  private func bytes(_ count: Int) -> ByteBuffer {
    ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) })
  }

  @Test("what is written arrives whole and in order, both ways at once", arguments: StreamKind.allCases)
  func order(kind: StreamKind) async throws {
    let sent = bytes(kind == .delayed ? 5_000 : 300_000)
    try await kind.withPair { client, server in
      for (from, to) in [(client, server), (server, client)] {
        async let writing: Void = {
          var rest = sent
          var size = 1
          while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
            try await from.writer.write(piece)
            size = size * 3 % 20_011
          }
          try await from.writer.end()
        }()
        #expect(try await to.reader.readToEnd(limit: 1 << 20) == sent)
        try await writing
        #expect(try await to.reader.read() == nil, "the end stays")
      }
    }
  }

  @Test(
    "what was written before the end arrives, though the other side has ended first",
    arguments: StreamKind.allCases)
  func endAfterEnd(kind: StreamKind) async throws {
    let sent = bytes([.tcp, .unix].contains(kind) ? 4 << 20 : 5_000)
    try await kind.withPair { client, server in
      try await client.writer.end()
      let end = try await server.reader.read()
      #expect(end == nil)
      async let writing: Void = {
        try await server.writer.write(sent)
        try await server.writer.end()
      }()
      let received = try await client.reader.readToEnd(limit: 1 << 23)
      #expect(received.readableBytes == sent.readableBytes && received == sent)
      try await writing
    }
  }

  @Test("exact counts, separators and lines, however they are cut", arguments: StreamKind.allCases)
  func shapes(kind: StreamKind) async throws {
    try await kind.withPair { client, server in
      try await client.writer.write("abcdefgh--x--")
      #expect(try await server.reader.readExactly(3) == ByteBuffer(string: "abc"))
      #expect(try await server.reader.readExactly(0).readableBytes == 0)
      #expect(try await server.reader.read(until: "--".utf8) == ByteBuffer(string: "defgh"))
      #expect(try await server.reader.read(until: "--".utf8) == ByteBuffer(string: "x"))
      try await client.writer.write("\r\none\ntwo\r\n\nthree")
      try await client.writer.end()
      var lines: [String] = []
      for try await line in server.reader.lines { lines.append(line) }
      #expect(lines == ["", "one", "two", "", "three"])
      try await server.writer.write("--a-b---")
      #expect(try await client.reader.read(until: "--".utf8)?.readableBytes == 0)
      #expect(try await client.reader.read(until: "--".utf8) == ByteBuffer(string: "a-b"))
      #expect(try await client.reader.readExactly(1) == ByteBuffer(string: "-"))
    }
  }

  @Test("an end that comes too early says so, and loses nothing", arguments: StreamKind.allCases)
  func early(kind: StreamKind) async throws {
    try await kind.withPair { client, server in
      try await client.writer.write("abc")
      try await client.writer.end()
      await #expect(throws: StreamError.ended(received: 3, expected: 5)) {
        try await server.reader.readExactly(5)
      }
      await #expect(throws: StreamError.ended(received: 3, expected: nil)) {
        try await server.reader.read(until: "\n".utf8)
      }
      #expect(try await server.reader.readExactly(3) == ByteBuffer(string: "abc"))
      #expect(try await server.reader.readLine() == nil)
    }
  }

  @Test("what is longer than allowed, or is no text, is refused", arguments: StreamKind.allCases)
  func limits(kind: StreamKind) async throws {
    try await kind.withPair { client, server in
      try await client.writer.write("0123456789\nshort\n")
      await #expect(throws: StreamError.tooLong(limit: 9)) { try await server.reader.readLine(limit: 9) }
      #expect(try await server.reader.readLine(limit: 10) == "0123456789")
      #expect(try await server.reader.readLine(limit: 5) == "short")
      try await client.writer.write(ByteBuffer(bytes: [0xFF, 0x0A]))
      await #expect(throws: StreamError.notText) { try await server.reader.readLine() }
      try await client.writer.write("0123456789")
      try await client.writer.end()
      await #expect(throws: StreamError.tooLong(limit: 4)) { try await server.reader.readToEnd(limit: 4) }
      // Those that are here count, with nothing behind them as well.
      await #expect(throws: StreamError.tooLong(limit: 9)) { try await server.reader.readToEnd(limit: 9) }
      #expect(try await server.reader.readToEnd(limit: 10) == ByteBuffer(string: "0123456789"))
    }
  }

  @Test("a wait ends in time, or by cancellation, and loses nothing", arguments: StreamKind.allCases)
  func waits(kind: StreamKind) async throws {
    try await kind.withPair { client, server in
      try await client.writer.write("ab")
      await #expect(throws: WaitError.timedOut) {
        try await server.reader.readExactly(3, timeout: .milliseconds(20))
      }
      let reading = Task { try await server.reader.readExactly(4) }
      reading.cancel()
      await #expect(throws: WaitError.cancelled) { try await reading.value }
      try await client.writer.write("cd")
      #expect(try await server.reader.readExactly(4) == ByteBuffer(string: "abcd"))
    }
  }

  @Test("a writer waits while the other side does not read", arguments: StreamKind.allCases)
  func backPressure(kind: StreamKind) async throws {
    try await kind.withPair { client, server in
      let piece = ByteBuffer(repeating: 7, count: 100_000)
      var sent = 0
      do {
        while sent < 1000 {
          try await client.writer.write(piece, timeout: .milliseconds(kind == .delayed ? 200 : 100))
          sent += 1
        }
        Issue.record("100 MB went, and nobody read")
      } catch WaitError.timedOut {}
      // Each of them arrives: what was handed in is on its way. In memory, the last one was left in the middle.
      let least = sent * 100_000
      var received = 0
      while received < least { received += try await server.reader.read()!.readableBytes }
    }
  }

  @Test("closing ends what waits here, and is an end for the other side", arguments: StreamKind.allCases)
  func closing(kind: StreamKind) async throws {
    try await kind.withPair { client, server in
      try await client.writer.write("last")
      let reading = Task { try await client.reader.read() }
      await Task.yield()
      client.close()
      client.close()
      await #expect(throws: StreamError.closed) { try await reading.value }
      await #expect(throws: StreamError.closed) { try await client.reader.read() }
      await #expect(throws: StreamError.closed) { try await client.writer.write("x") }
      await #expect(throws: StreamError.closed) { try await client.writer.end() }
      #expect(try await server.reader.readToEnd(limit: 10) == ByteBuffer(string: "last"))
      await #expect(throws: StreamError.self) {
        for _ in 0..<1000 {
          try await server.writer.write("is anybody there?")
          try await Task.sleep(for: .milliseconds(1))
        }
      }
    }
  }

  @Test("half a connection can end: what was asked is answered after it", arguments: StreamKind.allCases)
  func halfClose(kind: StreamKind) async throws {
    try await kind.withPair { client, server in
      try await client.writer.write("question")
      try await client.writer.end()
      try await client.writer.end()
      await #expect(throws: StreamError.closed) { try await client.writer.write("more") }
      let question = try await server.reader.readToEnd(limit: 100)
      try await server.writer.write(question)
      try await server.writer.end()
      #expect(try await client.reader.readToEnd(limit: 100) == ByteBuffer(string: "question"))
    }
  }
}

@Suite("MemoryByteStream")
struct MemoryByteStreamTests {
  @Test("a reset after so many bytes meets both sides")
  func reset() async throws {
    var faults = StreamFaults()
    faults.resetsAfter = 10
    let (client, server) = MemoryByteStream.makePair(faults: faults)
    try await ByteWriter(client).write("0123456789")
    await #expect(throws: StreamError.reset) { try await ByteWriter(client).write("x") }
    await #expect(throws: StreamError.reset) { try await ByteReader(server).read() }
  }

  @Test("what is lost never arrives, and no end either")
  func stall() async throws {
    var faults = StreamFaults()
    faults.stallsAfter = 4
    let (client, server) = MemoryByteStream.makePair(faults: faults)
    let reader = ByteReader(server)
    try await ByteWriter(client).write("0123")
    try await ByteWriter(client).write("4567")
    try await ByteWriter(client).end()
    #expect(try await reader.readExactly(4) == ByteBuffer(string: "0123"))
    await #expect(throws: WaitError.timedOut) { try await reader.read(timeout: .milliseconds(20)) }
  }

  @Test("a piece arrives when its time has come, on the clock that was given")
  func delay() async throws {
    var faults = StreamFaults()
    faults.delay = .seconds(5) ... .seconds(5)
    let clock = ManualClock()
    let (client, server) = MemoryByteStream.makePair(faults: faults, clock: clock)
    try await ByteWriter(client).write("late")
    let reader = ByteReader(server)
    await #expect(throws: WaitError.timedOut) { try await reader.read(timeout: .zero) }
    clock.advance(by: .seconds(5))
    #expect(try await reader.readExactly(4) == ByteBuffer(string: "late"))
  }

  /// The greatest number, the least, and so on.
  private struct Alternating: RandomNumberGenerator {
    var isGreatest = false
    mutating func next() -> UInt64 {
      isGreatest.toggle()
      return isGreatest ? .max : 0
    }
  }

  @Test("a piece that would be quicker than one before it waits for that")
  func overtaking() async throws {
    var faults = StreamFaults()
    (faults.delay, faults.generator) = (.zero ... .seconds(5), Alternating())
    let clock = ManualClock()
    let (client, server) = MemoryByteStream.makePair(faults: faults, clock: clock)
    let reader = ByteReader(server)
    try await ByteWriter(client).write("slow")
    try await ByteWriter(client).write("quick")
    clock.advance(by: .milliseconds(4900))
    await #expect(throws: WaitError.timedOut) { try await reader.read(timeout: .zero) }
    clock.advance(by: .milliseconds(100))
    #expect(try await reader.readExactly(9) == ByteBuffer(string: "slowquick"))
  }
}

@Suite("ByteReader against a model")
struct ByteReaderModelTests {
  @Test(
    "however bytes are cut, and whichever reads follow each other, each byte is read once",
    arguments: 0..<40 as Range<UInt64>)
  func random(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let all = (0..<3000).map { _ in Array("ab\n\r-".utf8).randomElement(using: &random)! }
    var faults = StreamFaults.fragmented(1...Int.random(in: 1...200, using: &random))
    faults.generator = SeededGenerator(seed: seed &+ 1)
    let (client, server) = MemoryByteStream.makePair(capacity: 100, faults: faults)
    let writing = Task {
      let writer = ByteWriter(client)
      for start in stride(from: 0, to: all.count, by: 70) {
        try await writer.write(ByteBuffer(bytes: all[start..<min(start + 70, all.count)]))
      }
      try await writer.end()
    }
    let reader = ByteReader(server)
    var left = all[...]
    while !left.isEmpty {
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        let bytes = try #require(try await reader.read(atMost: Int.random(in: 1...50, using: &random)))
        #expect(left.starts(with: bytes.readableBytesView))
        left = left.dropFirst(bytes.readableBytes)
      case 1:
        let count = Int.random(in: 0...80, using: &random)
        guard count <= left.count else {
          await #expect(throws: StreamError.ended(received: left.count, expected: count)) {
            try await reader.readExactly(count)
          }
          continue
        }
        #expect(try await reader.readExactly(count) == ByteBuffer(bytes: left.prefix(count)))
        left = left.dropFirst(count)
      case 2:
        guard let place = left.indices.dropLast().first(where: { left[$0...].starts(with: "--".utf8) })
        else { continue }
        #expect(try await reader.read(until: "--".utf8) == ByteBuffer(bytes: left[..<place]))
        left = left[(place + 2)...]
      default:
        let line = left.prefix { $0 != UInt8(ascii: "\n") }
        let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        #expect(try await reader.readLine() == String(decoding: text, as: UTF8.self))
        left = left.dropFirst(line.count + 1)
      }
    }
    #expect(try await reader.read() == nil)
    try await writing.value
  }
}

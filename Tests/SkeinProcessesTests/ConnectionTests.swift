import FoundationEssentials
import Glibc
import SkeinProcesses
import SkeinSync
import SkeinTesting
import Testing

@Suite("Connection")
struct ConnectionTests {
  private struct Point: Codable, Equatable {
    var x: Int
    var name: String
  }

  @Test("values and bytes travel both ways, whole and in order")
  func travelling() async throws {
    let (a, b) = try Connection.makePair()
    try await a.send(Point(x: 1, name: "one"))
    try await onThread { try a.sendBytes(Data([1, 2, 3])) }
    try await a.sendBytes(Data())
    #expect(try await b.receive(Point.self) == Point(x: 1, name: "one"))
    #expect(try await onThread { try b.receiveBytes() } == Data([1, 2, 3]))
    #expect(try await b.receiveBytes() == Data())
    try await b.send("back")
    #expect(try await a.receive(String.self) == "back")
  }

  @Test(
    "messages of any length come whole", arguments: [0, 1, 15, 16, 17, 16_383, 16_384, 70_000, 5_000_000])
  func lengths(count: Int) async throws {
    let (a, b) = try Connection.makePair()
    let bytes = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    async let sent: Void = a.sendBytes(bytes)
    async let sentByThread: Void = onThread { try a.sendBytes(bytes) }
    #expect(try await b.receiveBytes() == bytes)
    #expect(try await onThread { try b.receiveBytes() } == bytes)
    _ = try await (sent, sentByThread)
  }

  @Test("several senders do not mix, and each message is received once")
  func many() async throws {
    let (a, b) = try Connection.makePair()
    let received = Lock<[Int]>([])
    try await withThrowingTaskGroup(of: Void.self) { group in
      for sender in 0..<4 {
        group.addTask {
          for number in 0..<100 {
            let message = Array(repeating: sender * 100 + number, count: 1 + number * 20)
            try await a.send(message)
          }
        }
      }
      for isThread in [false, true] {
        group.addTask {
          for _ in 0..<200 {
            let message =
              isThread ? try await onThread { try b.receive([Int].self) } : try await b.receive([Int].self)
            let isWhole = Set(message).count == 1
            #expect(isWhole)
            received.withLock { $0.append(message[0]) }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(received.withLock { $0.sorted() } == Array(0..<400))
  }

  @Test("a connection and open files go along with a message")
  func passing() async throws {
    struct Parcel: Codable {
      var line: Connection
      var file: OwnedDescriptor
    }
    let (a, b) = try Connection.makePair()
    let (c, d) = try Connection.makePair()
    let file = OwnedDescriptor(owning: open("/dev/zero", O_RDONLY | O_CLOEXEC))
    try await a.send(Parcel(line: d, file: file))
    d.close()
    let parcel = try await b.receive(Parcel.self)
    try await parcel.line.send(7)
    #expect(try await c.receive(Int.self) == 7)
    var byte: UInt8 = 1
    #expect(read(parcel.file.rawValue, &byte, 1) == 1 && byte == 0)
    #expect(parcel.file.rawValue != file.rawValue)
  }

  @Test("the end is told from the end in the middle of a message, and from what is no message")
  func ends() async throws {
    func received(after bytes: [UInt8]) async throws -> ConnectionError? {
      var ends: [Int32] = [0, 0]
      socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
      let connection = Connection(OwnedDescriptor(owning: ends[0]), messageLimit: 1000)
      _ = write(ends[1], bytes, bytes.count)
      close(ends[1])
      do {
        _ = try await connection.receiveBytes()
        return nil
      } catch let error as ConnectionError { return error }
    }
    let mark: [UInt8] = [0x53, 0x4B, 0x4E, 0x31, 0, 0, 0, 0]
    #expect(try await received(after: []) == .ended)
    #expect(try await received(after: mark) == .truncated(received: 8, expected: 16))
    let three: [UInt8] = mark + [3, 0, 0, 0, 0, 0, 0, 0]
    #expect(try await received(after: three + [1, 2]) == .truncated(received: 2, expected: 3))
    #expect(try await received(after: three + [1, 2, 3]) == nil)
    #expect(try await received(after: [UInt8]("HTTP/1.1 200 OK\r\n".utf8)) == .malformed)
    #expect(
      try await received(after: mark + [0, 0, 1, 0, 0, 0, 0, 0]) == .tooLarge(bytes: 65_536, limit: 1000))
    let filesWithout: [UInt8] = [0x53, 0x4B, 0x4E, 0x31, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(try await received(after: filesWithout) == .malformed)
  }

  @Test("who sends to nobody is told so")
  func nobody() async throws {
    let (a, b) = try Connection.makePair()
    b.close()
    await #expect(throws: ConnectionError.ended) { try await a.send(1) }
    await #expect(throws: ConnectionError.ended) { try await a.receiveBytes() }
  }

  @Test("a message over the limit, or with too many files, is refused, and the connection goes on")
  func refused() async throws {
    let (a, b) = try Connection.makePair(messageLimit: 100)
    await #expect(throws: ConnectionError.tooLarge(bytes: 101, limit: 100)) {
      try await a.sendBytes(Data(count: 101))
    }
    try await a.sendBytes(Data(count: 100))
    #expect(try await b.receiveBytes().count == 100)
  }

  @Test("closing ends all waits on this side", arguments: [false, true])
  func closing(isThread: Bool) async throws {
    let (a, b) = try Connection.makePair()
    let waiting = Task {
      if isThread { _ = try await onThread { try a.receiveBytes() } } else { _ = try await a.receiveBytes() }
    }
    try await eventually("it waits") { a.isWaitedFor }
    a.close()
    a.close()
    await #expect(throws: ConnectionError.closed) { try await waiting.value }
    #expect(a.isClosed)
    await #expect(throws: ConnectionError.closed) { try await a.send(1) }
    await #expect(throws: ConnectionError.ended) { try await b.receiveBytes() }
  }

  @Test("a receive that times out or is cancelled loses nothing")
  func losingNothing() async throws {
    let (a, b) = try Connection.makePair()
    await #expect(throws: WaitError.timedOut) { try await b.receive(Int.self, timeout: .zero) }
    await #expect(throws: WaitError.timedOut) {
      try await onThread { try b.receive(Int.self, timeout: .milliseconds(1)) }
    }
    let waiting = Task { try await b.receive(Int.self) }
    try await eventually("it waits") { b.isWaitedFor }
    waiting.cancel()
    await #expect(throws: WaitError.cancelled) { try await waiting.value }
    try await a.send(5)
    #expect(try await b.receive(Int.self, timeout: .seconds(60)) == 5)
  }

  @Test("a message that nobody takes up is not sent when its sender is cancelled, or tells that it was cut")
  func cancelledSend() async throws {
    let (a, b) = try Connection.makePair()
    let sending = Task { try await a.sendBytes(Data(count: 10_000_000)) }
    try await eventually("it waits") { a.isWaitedFor }
    sending.cancel()
    await #expect(throws: WaitError.cancelled) { try await sending.value }
    await #expect(throws: ConnectionError.interrupted) { try await a.send(1) }
    do {
      _ = try await b.receiveBytes()
      Issue.record("half a message was received")
    } catch ConnectionError.truncated(let received, let expected) {
      #expect(received < expected && expected == 10_000_000)
    }
  }

  @Test("polling tells what is there, and the end as well")
  func polling() async throws {
    let (a, b) = try Connection.makePair()
    #expect(try await b.poll() == false)
    #expect(try await onThread { try b.poll() } == false)
    try await a.send(1)
    try await a.send(2)
    #expect(try await b.poll(timeout: .seconds(60)))
    #expect(try await b.receive(Int.self) == 1)
    #expect(try await onThread { try b.poll() })
    #expect(try await b.receive(Int.self) == 2)
    a.close()
    #expect(try await b.poll(timeout: .seconds(60)))
  }

  @Test("what is something else than was asked for is lost, and the next message is not")
  func otherType() async throws {
    let (a, b) = try Connection.makePair()
    try await a.send("text")
    try await a.send(3)
    await #expect(throws: DecodingError.self) { try await b.receive(Int.self) }
    #expect(try await b.receive(Int.self) == 3)
  }
}

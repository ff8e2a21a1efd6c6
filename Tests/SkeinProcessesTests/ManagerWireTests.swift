import FoundationEssentials
import SkeinTesting
import Testing

@testable import SkeinProcesses

@Suite("ManagerWire")
struct ManagerWireTests {
  private static let (id, a, b) = (ManagedID(number: .max - 1), Data([1, 2, 3]), Data())

  private static let requests: [ManagerRequest] =
    [
      .giveUp, .makeDictionary, .makeList, .makeCounter(.min), .makeLock, .makeQueue(capacity: nil),
      .makeQueue(capacity: 7), .makeQueue(capacity: -1), .remove(id),
      .counter(id, .add(-3)), .counter(id, .exchange(.max)), .lock(id, .acquire), .lock(id, .tryAcquire),
      .lock(id, .release),
    ]
    + [
      .value(key: a), .set(key: a, value: b), .remove(key: b), .keys, .contents, .count, .removeAll,
      .exchange(key: a, expected: nil, desired: b), .exchange(key: a, expected: b, desired: nil),
      .exchange(key: a, expected: nil, desired: nil),
    ].map { ManagerRequest.dictionary(id, $0) }
    + [
      .append([]), .append([a, b, a]), .insert(a, at: 2), .value(at: -1), .set(b, at: 0), .remove(at: 1),
      .popFirst, .popLast, .contents, .count, .removeAll,
    ].map { ManagerRequest.list(id, $0) }
    + [.put(a), .tryPut(b), .get, .tryGet, .close, .count].map { ManagerRequest.queue(id, $0) }

  private static let replies: [ManagerReply] = [
    .done, .made(id), .value(nil), .value(a), .value(b), .values([]), .values([a, b]), .number(-9),
    .outcome(true), .outcome(false), .acquired(ownerDied: true), .acquired(ownerDied: false), .closed,
    .gaveUp,
    .failed(.outOfBounds(index: -1, count: 3)), .failed(.ended),
  ]

  @Test("every request and every answer arrives as it was")
  func trip() throws {
    for request in Self.requests {
      #expect(ManagerWire(request.wire.bytes).flatMap { ManagerRequest($0) } == request)
    }
    for reply in Self.replies {
      #expect(ManagerWire(reply.wire.bytes).flatMap { ManagerReply($0) } == reply)
    }
  }

  @Test("what is cut or scrambled is refused, or is another request; it never traps")
  func garbage() throws {
    var random = SeededGenerator(seed: 1)
    #expect(ManagerWire(Data()) == nil)
    for request in Self.requests {
      let bytes = request.wire.bytes
      #expect(ManagerWire(bytes.dropLast()).flatMap { ManagerRequest($0) } != request)
      for _ in 0..<200 {
        var changed = bytes
        changed[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: .min ... .max, using: &random)
        if let wire = ManagerWire(changed) {
          #expect(ManagerWire(wire.bytes) == wire)
          if let other = ManagerRequest(wire) { #expect(other.wire.kind == wire.kind) }
        }
      }
    }
  }

  @Test("an answer that is not what was asked for is an error, and no trap")
  func mismatch() {
    #expect(throws: ConnectionError.malformed) { try ManagerReply.done.number() }
    #expect(throws: ConnectionError.malformed) { try ManagerReply.number(1).outcome() }
    #expect(throws: ConnectionError.malformed) { try ManagerReply.value(nil).decodePresent(Int.self) }
    #expect(throws: ConnectionError.malformed) { try ManagerReply.closed.decodeAll(Int.self) }
  }

  @Test("garbage ends the connection that it comes over, and the manager goes on")
  func garbageToManager() async throws {
    let manager = try SharedManager(program: program())
    let counter = try manager.makeCounter()
    let line = try await onThread { try ManagerDoor(counter.reference.client.door).connect() }
    try await line.sendBytes(Data([200, 1, 2]))
    await #expect(throws: ConnectionError.ended) { try await line.receiveBytes() }
    #expect(try counter.add(1) == 1)
  }
}

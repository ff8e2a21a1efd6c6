import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinDiagnostics

@Suite("Held locks")
struct HeldLocksTests {
  private func held(_ lock: NamedLock, line: UInt) -> HeldLock {
    HeldLock(
      lock: Unmanaged.passUnretained(lock), orderClass: UInt32(line),
      place: SourcePlace("Test/Held.swift", line))
  }

  @Test("they keep their order and places, whichever is left first")
  func order() async throws {
    try await onThread {
      let locks = (0..<4).map { NamedLock("\($0)") }
      let current = HeldLocks.current
      for (index, lock) in locks.enumerated() { current.push(held(lock, line: UInt(index))) }
      current.remove(held(locks[1], line: 0).id)
      #expect((0..<current.count).map { current[$0].orderClass } == [0, 2, 3])
      #expect((0..<current.count).map { "\(current[$0].place)" }.last == "Test/Held.swift:3")
      for lock in locks { current.remove(held(lock, line: 0).id) }
      #expect(current.count == 0)
      current.remove(12345)
      #expect(current.count == 0)
    }
  }

  @Test("deeper nesting than is known is counted, and undone")
  func overflow() async throws {
    try await onThread {
      let locks = (0..<(HeldLocks.capacity + 10)).map { NamedLock("\($0)") }
      let current = HeldLocks.current
      for lock in locks { current.push(held(lock, line: 1)) }
      #expect(current.count == HeldLocks.capacity)
      for lock in locks.reversed() { current.remove(held(lock, line: 1).id) }
      #expect(current.count == 0)
    }
  }

  @Test("deep nesting that is left from the outside in leaves nothing behind")
  func overflowOutsideIn() async throws {
    try await onThread {
      let locks = (0..<(HeldLocks.capacity + 10)).map { NamedLock("\($0)") }
      let current = HeldLocks.current
      for lock in locks { current.push(held(lock, line: 1)) }
      for lock in locks {
        current.remove(held(lock, line: 1).id)
        #expect(!current.contains(held(lock, line: 1).id))
      }
      #expect(current.count == 0)
    }
  }

  @Test("another thread reads whole entries while they change")
  func readWhileChanging() async throws {
    let isEnd = Event()
    let locks = (0..<3).map { NamedLock("\($0)") }
    async let changing: Void = onThread {
      while !isEnd.isSet {
        for (index, lock) in locks.enumerated() { HeldLocks.current.push(held(lock, line: UInt(index))) }
        for lock in locks.reversed() { HeldLocks.current.remove(held(lock, line: 0).id) }
      }
    }
    try await onThread {
      let ids = locks.map { held($0, line: 0).id }
      for _ in 0..<2000 {
        for (_, entries) in HeldLocks.observe() where entries.contains(where: { ids.contains($0.id) }) {
          for (index, entry) in entries.enumerated() {
            #expect(entry.id == ids[index])
            #expect(entry.place == SourcePlace("Test/Held.swift", UInt(index)))
          }
        }
      }
    }
    isEnd.set()
    try await changing
  }

  @Test("the places complete what objects tell of their holders")
  func complete() {
    let lock = NamedLock("a")
    let entry = held(lock, line: 42)
    var scene = Scene()
    scene.wait(Scene.thread(1), for: entry.id, heldBy: [Scene.thread(7), Scene.thread(8)])
    scene.wait(Scene.thread(2), for: 99, heldBy: [Scene.thread(7)])
    let waits = HeldPlaces([(7, [entry])]).complete(scene.waits)
    guard case .all(let holders) = waits[0].object.holders else { return #expect(Bool(false)) }
    #expect(holders.map(\.place) == [SourcePlace("Test/Held.swift", 42), nil])
    #expect(waits[1].object.holders.known.first?.place == nil)
    withExtendedLifetime(lock) {}
  }
}

import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

@Suite("withLocks")
struct WithLocksTests {
  @Test("the body gets the states in the order in which the locks are named")
  func order() {
    let (numbers, words, flags, sizes) = (Lock(1), Lock("one"), Lock(false), Lock(0.5))
    withLocks(words, numbers) { word, number in
      word += "!"
      number += 1
    }
    withLocks(flags, words, numbers) { flag, word, number in
      flag = word == "one!" && number == 2
    }
    let sum = withLocks(sizes, numbers, flags, words) { size, number, flag, word in
      size += 1
      return flag ? size + Double(number) + Double(word.count) : 0
    }
    #expect(sum == 1.5 + 2 + 4)
  }

  @Test(
    "callers that name the same locks in different orders do not deadlock, and nothing is lost",
    arguments: [1, 2])
  func transfers(seed: UInt64) async throws {
    let accounts = (0..<4).map { Lock(1000, name: "account \($0)") }
    try await onThreads(6) { index in
      var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(index))
      for _ in 0..<500 {
        let chosen = accounts.shuffled(using: &generator)
        switch Int.random(in: 2...4, using: &generator) {
        case 2: withLocks(chosen[0], chosen[1]) { Self.rotate(&$0, &$1) }
        case 3:
          withLocks(chosen[0], chosen[1], chosen[2]) {
            Self.rotate(&$0, &$1)
            Self.rotate(&$1, &$2)
          }
        default:
          withLocks(chosen[0], chosen[1], chosen[2], chosen[3]) {
            precondition($0 + $1 + $2 + $3 == 4000)
            Self.rotate(&$0, &$3)
            Self.rotate(&$2, &$1)
          }
        }
      }
    }
    #expect(accounts.reduce(0) { sum, lock in sum + lock.withLock { $0 } } == 4000, "seed \(seed)")
  }

  private static func rotate(_ from: inout Int, _ to: inout Int) {
    from -= 1
    to += 1
  }

  @Test("who finds one lock taken holds none of the others while it tries, and gets all in the end")
  func contended() async throws {
    let (first, second, isHeld, mayEnd) = (Lock(1), Lock(2, name: "contended"), Event(), Event())
    async let holder: Void = onThread {
      try second.withLock { state in
        isHeld.set()
        try mayEnd.wait()
        state = 3
      }
    }
    try await isHeld.wait()
    async let sums = onThread { (withLocks(first, second) { $0 + $1 }, withLocks(second, first) { $0 + $1 }) }
    try await eventually("the wait is known") { observedWaits(of: "contended").count == 1 }
    mayEnd.set()
    #expect(try await sums == (4, 4))
    try await holder
  }

  @Test("all locks are free after an error")
  func errors() throws {
    let (first, second, third) = (Lock(1), Lock(2), Lock(3))
    #expect(throws: Refused()) { try withLocks(first, second, third) { _, _, _ in throw Refused() } }
    #expect(try first.tryLock { $0 } == 1 && second.tryLock { $0 } == 2 && third.tryLock { $0 } == 3)
  }

  @Test("states that can not be copied are changed in place")
  func noncopyable() {
    struct Handle: ~Copyable { var value: Int }
    let (first, second) = (Lock(Handle(value: 1)), Lock(Handle(value: 2)))
    let sum = withLocks(first, second) {
      $0.value += $1.value
      return $0.value
    }
    #expect(sum == 3)
  }

  @Test("a lock that is named twice traps, with its name")
  func sameLock() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lock = Lock(1, name: "ledger")
      withLocks(lock, lock) { $0 += $1 }
    }
    expectMessage(result, "Lock ledger is named twice")
    await #expect(processExitsWith: .failure) {
      let (first, second) = (Lock(1), Lock(2))
      withLocks(first, second, first) { _, _, _ in }
    }
    await #expect(processExitsWith: .failure) {
      let (first, second, third) = (Lock(1), Lock(2), Lock(3))
      withLocks(third, second, first, second) { _, _, _, _ in }
    }
  }

  @Test("a lock that the thread holds already traps, with its name")
  func heldAlready() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (first, second) = (Lock(1), Lock(2, name: "ledger"))
      second.withLock { _ in withLocks(first, second) { _, _ in } }
    }
    expectMessage(result, "Lock ledger is taken again by the thread that holds it")
  }

  @Test("observers hear of all waits before the first hold, so that no order among the locks is seen")
  func observed() async {
    await #expect(processExitsWith: .success) {
      let log = LockLog.start()
      let (first, second) = (Lock(1, name: "a"), Lock(2, name: "b"))
      withLocks(first, second) { _, _ in }
      let events = log.events
      precondition(events.count == 6, "\(events)")
      precondition(Set(events[0...1]) == ["will a", "will b"], "\(events)")
      precondition(Set(events[2...3]) == ["did a", "did b"], "\(events)")
      precondition(Set(events[4...5]) == ["left a", "left b"], "\(events)")
    }
  }
}

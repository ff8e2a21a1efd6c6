import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

/// A counter that would lose updates if two threads were inside its lock at once.
private final class Unguarded: @unchecked Sendable {
  // Sendable because the tests touch it under one lock only: that is what they test.
  var value = 0
  var isInside = false
}

@Suite("Lock")
struct LockTests {
  @Test("only one thread is inside at a time", arguments: [2, 8])
  func mutualExclusion(threads: Int) async throws {
    let (lock, unguarded) = (Lock(), Unguarded())
    try await onThreads(threads) { _ in
      for _ in 0..<5000 {
        lock.withLock { _ in
          precondition(!unguarded.isInside)
          unguarded.isInside = true
          unguarded.value += 1
          unguarded.isInside = false
        }
      }
    }
    #expect(unguarded.value == threads * 5000)
  }

  @Test("blocking, trying and timed forms exclude one another")
  func mixedForms() async throws {
    let lock = Lock(0)
    let successes = Lock(0)
    try await onThreads(6) { index in
      for round in 0..<500 {
        var isDone = true
        switch (index + round) % 3 {
        case 0: lock.withLock { $0 += 1 }
        case 1: isDone = try lock.tryLock { $0 += 1 } != nil
        default:
          do { try lock.withLock(timeout: .microseconds(round % 50)) { $0 += 1 } } catch { isDone = false }
        }
        if isDone { successes.withLock { $0 += 1 } }
      }
    }
    #expect(lock.withLock { $0 } == successes.withLock { $0 })
  }

  @Test("it gives the body's value or error, and is free after both")
  func outcome() throws {
    let lock = Lock([1, 2])
    let last = lock.withLock { $0.removeLast() }
    #expect(last == 2)
    #expect(throws: Refused()) { try lock.withLock { _ in throw Refused() } }
    #expect(try lock.tryLock { $0 } == [1])
  }

  @Test("a lock that is held elsewhere is not taken by a try, and not in time")
  func heldElsewhere() async throws {
    let (lock, isHeld, mayEnd) = (Lock(0, name: "ledger"), Event(), Event())
    async let holder: Void = onThread {
      try lock.withLock { _ in
        isHeld.set()
        try mayEnd.wait()
      }
    }
    try await isHeld.wait()
    try await onThread {
      let tried = try lock.tryLock { $0 }
      #expect(tried == nil)
      for timeout in [Duration.zero, .seconds(-1_000_000_000), .milliseconds(2)] {
        #expect(throws: LockError.timedOut("ledger")) { try lock.withLock(timeout: timeout) { $0 } }
      }
    }
    mayEnd.set()
    try await holder
    #expect(try lock.tryLock { $0 } == 0)
  }

  @Test("a timed form gets a lock that becomes free in time")
  func freeInTime() async throws {
    let (lock, isHeld) = (Lock(0), Event())
    async let holder: Void = onThread {
      lock.withLock { state in
        isHeld.set()
        state = 1
      }
    }
    try await isHeld.wait()
    #expect(try await onThread { try lock.withLock(timeout: .seconds(30)) { $0 } } == 1)
    #expect(try await onThread { try lock.withLock(timeout: .seconds(Int64.max)) { $0 } } == 1)
    try await holder
  }

  @Test("the holder is told that it would deadlock by the forms that can tell")
  func wouldDeadlock() async throws {
    let lock = Lock(0, name: "ledger")
    try await onThread {
      lock.withLock { _ in
        #expect(throws: LockError.wouldDeadlock("ledger")) { try lock.tryLock { $0 } }
        #expect(throws: LockError.wouldDeadlock("ledger")) { try lock.withLock(timeout: .seconds(1)) { $0 } }
      }
    }
  }

  @Test("the holder traps when it takes the lock again, with the lock's name")
  func reentryTraps() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let lock = Lock(0, name: "ledger")
      lock.withLock { _ in lock.withLock { _ in } }
    }
    #expect(
      String(decoding: result.standardErrorContent, as: UTF8.self).contains("Lock ledger is taken again"))
  }

  @Test("a sleeper is served though hot threads hammer the lock")
  func fairness() async throws {
    let (lock, isServed) = (Lock(0), Event())
    async let hammering: Void = onThreads(3) { _ in
      while !isServed.isSet {
        lock.withLock { state in
          for _ in 0..<200 { state &+= 1 }
        }
      }
    }
    try await onThread {
      for _ in 0..<20 { lock.withLock { $0 = 0 } }
    }
    isServed.set()
    try await hammering
  }

  @Test("a sleeper whose time is over does not take the wake of another with it", arguments: [1, 2, 3])
  func timedSleepers(seed: UInt64) async throws {
    let (lock, total) = (Lock(0), Lock(0))
    try await onThreads(6) { index in
      var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(index))
      for _ in 0..<300 {
        if index < 3 {
          let timeout = Duration.microseconds(Int.random(in: 0...80, using: &generator))
          try? lock.withLock(timeout: timeout) { $0 += 1 }
        } else {
          lock.withLock { $0 += 1 }
          total.withLock { $0 += 1 }
        }
      }
    }
    // Nobody is left asleep: had a wake been lost, the threads above would not have ended.
    #expect(total.withLock { $0 } == 900)
  }

  @Test("a sleeper that is woken as its time runs out passes the wake on", arguments: 0..<4)
  func wakeAtDeadline(quarter: Int) async throws {
    // The holder releases the lock shortly before the timed sleeper's deadline, which takes the only wake, and
    // comes back before that one is awake. The other sleeper depends on the mark that the timed one leaves.
    for microseconds in stride(from: quarter, to: 60, by: 4) {
      let (lock, deadline, isServed) = (Lock(0), Lock<MonotonicClock.Instant?>(nil), Event())
      try await onThread {
        let clock = MonotonicClock()
        var release = clock.now
        lock.withLock { _ in
          startDetachedThread(name: "timed") {
            deadline.withLock { $0 = clock.now.advanced(by: .milliseconds(1)) }
            try? lock.withLock(timeout: .milliseconds(1)) { $0 += 1 }
          }
          while deadline.withLock({ $0 }) == nil {}
          startDetachedThread(name: "patient") {
            lock.withLock { $0 += 1 }
            isServed.set()
          }
          release = deadline.withLock { $0! }.advanced(by: .microseconds(-microseconds))
          while clock.now < release {}
        }
        lock.withLock { _ in
          while clock.now < release.advanced(by: .microseconds(300)) {}
        }
        try isServed.wait(timeout: .seconds(60))
      }
    }
  }

  @Test("the state ends with its lock")
  func stateEnds() {
    final class Canary: Sendable {}
    weak var canary: Canary?
    do {
      let held = Canary()
      canary = held
      let lock = Lock(held)
      #expect(lock.withLock { $0 === held })
    }
    #expect(canary == nil)
  }
}

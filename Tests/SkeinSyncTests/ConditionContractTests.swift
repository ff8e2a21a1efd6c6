import SkeinSync
import SkeinTesting
import Testing

@Suite("Condition, misused, observed and under stress")
struct ConditionContractTests {
  @Test("notifying without the lock traps, naming both")
  func notifyWithoutLock() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let buffer = Lock([Int](), name: "buffer")
      Condition(of: buffer, name: "not empty").notify()
    }
    expectMessage(result, "Condition not empty is notified by a thread that does not hold Lock buffer")
    await #expect(processExitsWith: .failure) { Condition(of: Lock(0)).notifyAll() }
    await #expect(processExitsWith: .failure) {
      let lock = Lock(0)
      lock.withLock { _ in Condition(of: lock).notify(-1) }
    }
  }

  @Test("waiting with the lock held traps, with the lock's name")
  func waitWithLock() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await onThread {
        let buffer = Lock([Int](), name: "buffer")
        let condition = Condition(of: buffer)
        try buffer.withLock { _ in try condition.withLock(when: { _ in true }) { _ in } }
      }
    }
    expectMessage(result, "Lock buffer is taken again by the thread that holds it")
  }

  @Test("diagnosis sees who waits, and where")
  func diagnosis() async throws {
    let condition = Condition(of: Lock(false, name: "light"), name: "is green")
    let waiter = Task {
      try await onThread { try condition.withLock(when: { $0 }, timeout: .seconds(60)) { _ in } }
    }
    try await eventually("it waits") { condition.waiterCount == 1 }
    let wait = try await observedWait(of: "is green")
    #expect(wait.object.kind == "Condition" && wait.object.state == "of Lock light" && wait.isTimed)
    #expect(wait.purpose == "to be notified" && wait.party.kind == .thread)
    #expect(wait.place.file.description.hasSuffix("ConditionContractTests.swift"))
    condition.close()
    await #expect(throws: WaitError.closed) { try await waiter.value }
    #expect(observedWaits(of: "is green").isEmpty)
  }

  @Test("observers hear that a thread blocks, and of every time that the lock is taken and left")
  func observed() async {
    await #expect(processExitsWith: .success) {
      let log = LockLog.start([.locks, .blocking])
      let (lock, clock) = (Lock(false, name: "lock"), ManualClock())
      let condition = Condition(of: lock, name: "condition")
      async let waiting: Void = onThread {
        do {
          try condition.withLock(when: { $0 }, timeout: .seconds(1), clock: clock) { _ in }
          preconditionFailure("nobody set it")
        } catch WaitError.timedOut {}
      }
      try await clock.waitUntilScheduled()
      clock.advance(by: .seconds(1))
      try await waiting
      let once = ["will lock", "did lock", "left lock"]
      let told = once + ["blocks condition"] + once
      precondition(log.events == told, "\(log.events)")
    }
  }

  @Test(
    "items, deadlines and notifications race in a bounded buffer, and no item is lost", arguments: [1, 2, 3])
  func boundedBuffer(seed: UInt64) async throws {
    let buffer = Lock([Int]())
    let (notEmpty, notFull) = (Condition(of: buffer), Condition(of: buffer))
    let (producers, perProducer) = (3, 300)
    let taken = Lock((count: 0, sum: 0))
    async let producing: Void = onThreads(producers) { index in
      for round in 0..<perProducer {
        try notFull.withLock(when: { $0.count < 4 }) {
          $0.append(index * perProducer + round)
          notEmpty.notify()
        }
      }
    }
    async let consuming: Void = onThreads(4) { index in
      var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(index))
      while true {
        let timeout = Duration.microseconds(Int.random(in: 0...100, using: &generator))
        do {
          let item = try notEmpty.withLock(when: { !$0.isEmpty }, timeout: timeout) { items in
            notFull.notify()
            return items.removeFirst()
          }
          taken.withLock { $0 = ($0.count + 1, $0.sum + item) }
        } catch WaitError.timedOut {
          if taken.withLock({ $0.count }) == producers * perProducer { return }
        }
      }
    }
    try await producing
    try await consuming
    let total = producers * perProducer
    #expect(taken.withLock { $0.sum } == total * (total - 1) / 2, "seed \(seed)")
    #expect(notEmpty.waiterCount == 0 && notFull.waiterCount == 0, "seed \(seed)")
  }

  @Test("without deadlines, one notification for each item serves everybody", arguments: [1, 2])
  func noLostWakes(seed: UInt64) async throws {
    let (buffer, total) = (Lock(0), 600)
    let notEmpty = Condition(of: buffer)
    async let consuming: Void = onThreads(6) { _ in
      for _ in 0..<(total / 6) { try notEmpty.withLock(when: { $0 > 0 }) { $0 -= 1 } }
    }
    try await onThreads(2) { index in
      var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(index))
      var left = total / 2
      while left > 0 {
        let count = min(left, Int.random(in: 1...5, using: &generator))
        left -= count
        buffer.withLock {
          $0 += count
          notEmpty.notify(count)
        }
      }
    }
    // Had a notification been lost, a consumer would wait for ever.
    try await consuming
    #expect(buffer.withLock { $0 } == 0, "seed \(seed)")
  }
}

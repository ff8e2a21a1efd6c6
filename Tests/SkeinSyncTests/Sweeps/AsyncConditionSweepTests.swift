import SkeinSync
import SkeinTesting
import Testing

/// A buffer that two take from and one puts into.
private struct Scenario: Sendable {
  let lock = AsyncLock([Int]())
  let notEmpty: AsyncCondition<[Int]>
  let clock = ManualClock()
  let taken = Lock<[Int]>([])

  init() { notEmpty = AsyncCondition(of: lock) }

  func take() async throws {
    let number = try await notEmpty.withLock(when: { !$0.isEmpty }) { buffer in
      await Task.yield()
      return buffer.removeFirst()
    }
    taken.withLock { $0.append(number) }
  }

  func take(timeout: Duration) async throws {
    let number = try await notEmpty.withLock(when: { !$0.isEmpty }, timeout: timeout, clock: clock) {
      $0.removeFirst()
    }
    taken.withLock { $0.append(number) }
  }

  func put(_ number: Int) async throws {
    try await lock.withLock { buffer in
      buffer.append(number)
      notEmpty.notify()
      await Task.yield()
    }
  }
}

@Suite("AsyncCondition, cancelled at every step")
struct AsyncConditionSweepTests {
  @Test("one notification serves one who is not cancelled, and is not lost on one who is")
  func oneNotification() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.take(timeout: .seconds(1)) },
      others: [
        { try? await $0.take(timeout: .seconds(1)) },
        { scenario in
          await Task.yield()
          try await scenario.put(1)
        },
      ],
      whenIdle: { $0.clock.advanceToNext() != nil }
    ) { scenario, run in
      expectQuiet(scenario, run, orElse: .timedOut)
      #expect(scenario.taken.withLock { $0 } == [1], "\(run)")
    }
  }

  @Test("two notifications serve both, or the one that is left")
  func twoNotifications() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.take() },
      others: [
        { try await $0.take() },
        { scenario in
          await Task.yield()
          try await scenario.put(1)
          try await scenario.put(2)
        },
      ]
    ) { scenario, run in
      expectQuiet(scenario, run)
      let (left, taken) = (try await scenario.lock.withLock { $0 }, scenario.taken.withLock { $0 })
      #expect((left + taken).sorted() == [1, 2], "\(run)")
      #expect(taken.count == (run.error == nil ? 2 : 1), "\(run)")
    }
  }

  @Test("a deadline, a notification and a cancellation race for one waiter")
  func timed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.take(timeout: .seconds(1)) },
      others: [
        { scenario in
          await Task.yield()
          scenario.clock.advance(by: .seconds(1))
        },
        { try await $0.take() },
        { scenario in
          try await scenario.put(1)
          try await scenario.put(2)
        },
      ]
    ) { scenario, run in
      expectQuiet(scenario, run, orElse: .timedOut)
      #expect(scenario.clock.scheduledCount == 0, "\(run)")
    }
  }

  @Test("a close ends the wait of who is cancelled as it comes")
  func closed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.take() },
      others: [
        { try? await $0.take() },
        { scenario in
          await Task.yield()
          scenario.lock.close()
        },
      ]
    ) { expectQuiet($0, $1, orElse: .closed) }
  }

  private func expectQuiet(_ scenario: Scenario, _ run: SweepRun<Void>, orElse error: WaitError? = nil) {
    #expect(!scenario.lock.isLocked && scenario.lock.waiterCount == 0, "\(run)")
    #expect(scenario.notEmpty.waiterCount == 0, "\(run)")
    let allowed: [WaitError?] = [nil, error, run.cancelledAfter == nil ? nil : .cancelled]
    #expect(allowed.contains(run.error as? WaitError), "\(run)")
  }
}

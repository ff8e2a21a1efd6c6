import SkeinSync
import SkeinTesting
import Testing

/// A lock around the number of visits, with the clock of its timed waits.
private struct Scenario: Sendable {
  let lock = AsyncLock((isInside: false, visits: 0))
  let clock = ManualClock()

  func visit() async throws {
    try await lock.withLock { state in try await inside(&state) }
  }

  func visit(timeout: Duration) async throws {
    try await lock.withLock(timeout: timeout, clock: clock) { state in try await inside(&state) }
  }

  private func inside(_ state: inout (isInside: Bool, visits: Int)) async throws {
    #expect(!state.isInside)
    state.isInside = true
    await Task.yield()
    await Task.yield()
    state.isInside = false
    state.visits += 1
  }
}

@Suite("AsyncLock, cancelled at every step")
struct AsyncLockSweepTests {
  @Test("the lock goes on from hand to hand, whoever is cancelled")
  func handOver() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.visit() },
      others: [{ try await $0.visit() }, { try await $0.visit() }, { try await $0.visit() }]
    ) { try await expectFree($0, $1, visits: 3) }
  }

  @Test("a grant, a deadline and a cancellation race for one waiter")
  func timed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.visit(timeout: .seconds(1)) },
      others: [
        { try await $0.visit() },
        { scenario in
          await Task.yield()
          scenario.clock.advance(by: .seconds(1))
        },
        { try await $0.visit() },
      ]
    ) { scenario, run in
      try await expectFree(scenario, run, visits: 2, orElse: .timedOut)
      #expect(scenario.clock.scheduledCount == 0, "\(run)")
    }
  }

  @Test("a close ends the wait of who is cancelled as it comes")
  func closed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.visit() },
      others: [
        { try? await $0.visit() },
        { scenario in
          await Task.yield()
          scenario.lock.close()
        },
      ]
    ) { scenario, run in
      #expect(!scenario.lock.isLocked && scenario.lock.waiterCount == 0, "\(run)")
      if let error = run.error { #expect([.cancelled, .closed].contains(error as? WaitError), "\(run)") }
    }
  }

  /// Expects a free lock that `visits` others had, and the victim if it says so.
  private func expectFree(
    _ scenario: Scenario, _ run: SweepRun<Void>, visits: Int, orElse error: WaitError? = nil
  ) async throws {
    #expect(!scenario.lock.isLocked && scenario.lock.waiterCount == 0, "\(run)")
    let seen = try await scenario.lock.withLock { $0.visits }
    #expect(seen == visits + (run.error == nil ? 1 : 0), "\(run)")
    let allowed: [WaitError?] = [nil, error, run.cancelledAfter == nil ? nil : .cancelled]
    #expect(allowed.contains(run.error as? WaitError), "\(run)")
  }
}

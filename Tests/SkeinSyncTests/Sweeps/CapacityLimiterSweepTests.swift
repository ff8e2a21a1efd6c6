import SkeinSync
import SkeinTesting
import Testing

/// A limiter, and the clock of its timed waits.
private struct Scenario: Sendable {
  let limiter: CapacityLimiter
  let clock = ManualClock()

  init(total: Int) { limiter = CapacityLimiter(total: .tokens(total)) }

  func visit() async throws {
    try await limiter.withToken {
      await Task.yield()
      await Task.yield()
    }
  }
}

@Suite("CapacityLimiter, cancelled at every step")
struct CapacityLimiterSweepTests {
  @Test("tokens are conserved, while the total moves")
  func tokens() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(total: 1) },
      victim: { try await $0.visit() },
      others: [
        { try await $0.visit() }, { try await $0.visit() },
        { scenario in
          await Task.yield()
          scenario.limiter.total = 2
        },
      ]
    ) { expectConserved($0, $1) }
  }

  @Test("a grant, a deadline and a cancellation race for one waiter")
  func timed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(total: 1) },
      victim: { scenario in
        try await scenario.limiter.acquire(timeout: .seconds(1), clock: scenario.clock)
        await Task.yield()
        scenario.limiter.release()
      },
      others: [
        { try await $0.visit() },
        { scenario in
          await Task.yield()
          scenario.clock.advance(by: .seconds(1))
        },
        { try await $0.visit() },
      ]
    ) { scenario, run in
      expectConserved(scenario, run, orElse: .timedOut)
      #expect(scenario.clock.scheduledCount == 0, "\(run)")
    }
  }

  @Test("a close ends the wait of who is cancelled as it comes")
  func closed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(total: 1) },
      victim: { try await $0.visit() },
      others: [
        { try? await $0.visit() },
        { scenario in
          await Task.yield()
          scenario.limiter.close()
        },
      ]
    ) { expectConserved($0, $1, orElse: .closed) }
  }

  private func expectConserved(
    _ scenario: Scenario, _ run: SweepRun<Void>, orElse error: BorrowError? = nil
  ) {
    #expect(scenario.limiter.borrowedCount == 0 && scenario.limiter.waiterCount == 0, "\(run)")
    let allowed: [BorrowError?] = [nil, error, run.cancelledAfter == nil ? nil : .cancelled]
    #expect(allowed.contains(run.error as? BorrowError), "\(run)")
  }
}

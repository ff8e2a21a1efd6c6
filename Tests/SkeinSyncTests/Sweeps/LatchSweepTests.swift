import SkeinSync
import SkeinTesting
import Testing

/// A latch, and the clock of its timed waits.
private struct Scenario: Sendable {
  let latch = Latch(count: 2)
  let clock = ManualClock()

  func countDown() async {
    await Task.yield()
    latch.countDown()
    await Task.yield()
    latch.countDown()
  }
}

@Suite("Latch, cancelled at every step")
struct LatchSweepTests {
  @Test("it opens for everybody but who was cancelled before")
  func opens() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.latch.wait() },
      others: [{ try await $0.latch.wait() }, { await $0.countDown() }, { try await $0.latch.wait() }]
    ) { expectQuiet($0, $1, [.cancelled]) }
  }

  @Test("a deadline, the last count and a cancellation race for one waiter")
  func timed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.latch.wait(timeout: .seconds(1), clock: $0.clock) },
      others: [
        { await $0.countDown() },
        { scenario in
          await Task.yield()
          scenario.clock.advance(by: .seconds(1))
        },
      ]
    ) { expectQuiet($0, $1, [.cancelled, .timedOut]) }
  }

  @Test("a close ends the wait of who is cancelled as it comes")
  func closed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.latch.wait() },
      others: [
        { try? await $0.latch.wait() },
        { scenario in
          await Task.yield()
          scenario.latch.close()
        },
      ]
    ) { expectQuiet($0, $1, [.cancelled, .closed], count: 2) }
  }

  private func expectQuiet(
    _ scenario: Scenario, _ run: SweepRun<Void>, _ errors: Set<WaitError>, count: Int = 0
  ) {
    #expect(scenario.latch.waiterCount == 0 && scenario.latch.count == count, "\(run)")
    #expect(scenario.clock.scheduledCount == 0, "\(run)")
    if let error = run.error as? WaitError { #expect(errors.contains(error), "\(run)") }
    if run.cancelledAfter == nil { #expect(run.error as? WaitError != .cancelled, "\(run)") }
  }
}

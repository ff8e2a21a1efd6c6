import SkeinSync
import SkeinTesting
import Testing

/// An event with the clock of its timed waits.
private struct Scenario: Sendable {
  let event = Event()
  let clock = ManualClock()
}

@Suite("Event, cancelled at every step")
struct EventSweepTests {
  @Test("a set lets go everybody but who was cancelled before")
  func set() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.event.wait() },
      others: [{ try await $0.event.wait() }, { await setSoon($0) }, { try await $0.event.wait() }]
    ) { expectQuiet($0, $1, [.cancelled]) }
  }

  @Test("a deadline, a set and a cancellation race for one waiter, and leave nothing behind")
  func timed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.event.wait(timeout: .seconds(1), clock: $0.clock) },
      others: [
        { await setSoon($0) },
        { scenario in
          await Task.yield()
          scenario.clock.advance(by: .seconds(1))
        },
      ]
    ) { expectQuiet($0, $1, [.cancelled, .timedOut]) }
  }

  @Test("a close ends every wait, whoever is cancelled as it comes")
  func closed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.event.wait() },
      others: [
        { try? await $0.event.wait() },
        { scenario in
          await Task.yield()
          scenario.event.close()
        },
      ]
    ) { expectQuiet($0, $1, [.cancelled, .closed], isSet: false) }
  }

  private func expectQuiet(
    _ scenario: Scenario, _ run: SweepRun<Void>, _ errors: Set<WaitError>, isSet: Bool = true
  ) {
    #expect(scenario.event.waiterCount == 0 && scenario.event.isSet == isSet, "\(run)")
    #expect(scenario.clock.scheduledCount == 0, "\(run)")
    if let error = run.error as? WaitError { #expect(errors.contains(error), "\(run)") }
    if run.cancelledAfter == nil { #expect(run.error as? WaitError != .cancelled, "\(run)") }
  }
}

@Sendable
private func setSoon(_ scenario: Scenario) async {
  await Task.yield()
  scenario.event.set()
}

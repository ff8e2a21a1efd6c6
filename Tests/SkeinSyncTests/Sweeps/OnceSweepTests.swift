import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error {}

/// A value to be made, the clock of the timed waits, and how many initialisers began.
private struct Scenario: Sendable {
  let once = Once<Int>()
  let clock = ManualClock()
  let begun = Lock(0)

  /// Makes the value in a few steps, unless cancelled.
  func make(_ value: Int) async throws -> Int {
    begun.withLock { $0 += 1 }
    await Task.yield()
    try Task.checkCancellation()
    await Task.yield()
    return value
  }

  func get(_ value: Int) async throws -> Int { try await once.get { try await make(value) } }

  func get(_ value: Int, timeout: Duration) async throws -> Int {
    try await once.get(timeout: timeout, clock: clock) { try await make(value) }
  }
}

@Suite("Once, cancelled at every step")
struct OnceSweepTests {
  @Test("whoever is cancelled, the others have one value")
  func takeOver() async throws {
    let values = Lock<Set<Int>>([])
    @Sendable func ask(_ scenario: Scenario, _ number: Int) async throws {
      let value = try await scenario.get(number)
      values.withLock { _ = $0.insert(value) }
    }
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await ask($0, 1) },
      others: [{ try await ask($0, 2) }, { try await ask($0, 3) }]
    ) { scenario, run in
      #expect(values.withLock { $0 } == [scenario.once.value], "\(run)")
      values.withLock { $0 = [] }
      expectQuiet(scenario, run)
    }
  }

  @Test("an initialiser that fails is taken over from, by somebody who was not cancelled")
  func failure() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { _ = try await $0.get(1) },
      others: [
        { scenario in
          _ = try? await scenario.once.get {
            await Task.yield()
            throw Refused()
          }
        },
        { _ = try await $0.get(2) },
      ]
    ) { scenario, run in
      #expect(scenario.once.value != nil, "\(run)")
      expectQuiet(scenario, run)
    }
  }

  @Test("a deadline, the value and a cancellation race for one waiter")
  func timed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { _ = try await $0.get(1, timeout: .seconds(1)) },
      others: [
        { _ = try await $0.get(2) },
        { scenario in
          await Task.yield()
          scenario.clock.advance(by: .seconds(1))
        },
      ]
    ) { scenario, run in
      #expect(scenario.once.value != nil, "\(run)")
      expectQuiet(scenario, run, orElse: .timedOut)
    }
  }

  @Test("a close ends the wait of who is cancelled as it comes")
  func closed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { _ = try await $0.get(1) },
      others: [
        { _ = try? await $0.get(2) },
        { scenario in
          await Task.yield()
          scenario.once.close()
        },
      ]
    ) { expectQuiet($0, $1, orElse: .closed) }
  }

  private func expectQuiet(_ scenario: Scenario, _ run: SweepRun<Void>, orElse error: WaitError? = nil) {
    #expect(scenario.once.waiterCount == 0 && scenario.clock.scheduledCount == 0, "\(run)")
    if run.error is CancellationError { return #expect(run.cancelledAfter != nil, "\(run)") }
    let allowed: [WaitError?] = [nil, error, run.cancelledAfter == nil ? nil : .cancelled]
    #expect(allowed.contains(run.error as? WaitError), "\(run)")
  }
}

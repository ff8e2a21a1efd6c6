import SkeinSync
import SkeinTesting
import Testing

/// A barrier, the clock of its timed waits, and how the waits ended.
private struct Scenario: Sendable {
  let barrier: Barrier
  let actions: Lock<Int>
  let clock = ManualClock()
  let outcomes = Lock<[BarrierOutcome]>([])

  init(parties: Int) {
    let actions = Lock(0)
    self.actions = actions
    barrier = Barrier(parties: parties) { actions.withLock { $0 += 1 } }
  }

  func meet() async {
    note(await BarrierOutcome { () async throws(BarrierError) in try await barrier.wait() })
  }

  func meet(timeout: Duration) async {
    note(
      await BarrierOutcome { () async throws(BarrierError) in
        try await barrier.wait(timeout: timeout, clock: clock)
      })
  }

  private func note(_ outcome: BarrierOutcome) { outcomes.withLock { $0.append(outcome) } }

  func count(_ outcome: BarrierOutcome) -> Int { outcomes.withLock { $0.count { $0 == outcome } } }
}

@Suite("Barrier, cancelled at every step")
struct BarrierSweepTests {
  @Test("three of four meet, whoever is cancelled, and the one who is left is sent away")
  func meetings() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(parties: 3) },
      victim: { await $0.meet() },
      others: [{ await $0.meet() }, { await $0.meet() }, { await $0.meet() }],
      whenIdle: { scenario in
        let isOneLeft = scenario.barrier.waiterCount == 1
        scenario.barrier.reset()
        return isOneLeft
      }
    ) { scenario, run in
      #expect((0..<3).map { scenario.count(.passed($0)) } == [1, 1, 1], "\(run)")
      #expect(scenario.count(.cancelled) + scenario.count(.broken) == 1, "\(run)")
      #expect(scenario.actions.withLock { $0 } == 1, "\(run)")
      #expect(scenario.barrier.waiterCount == 0 && !scenario.barrier.isBroken, "\(run)")
    }
  }

  @Test("a deadline breaks the barrier for those who wait, a cancellation does not")
  func timed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(parties: 3) },
      victim: { await $0.meet(timeout: .seconds(1)) },
      others: [
        { await $0.meet(timeout: .seconds(2)) },
        { scenario in
          await Task.yield()
          scenario.clock.advance(by: .seconds(1))
        },
      ],
      whenIdle: { $0.clock.advanceToNext() != nil }
    ) { scenario, run in
      let ended = [.timedOut, .cancelled, .broken].map { scenario.count($0) }
      // Somebody's time was over, and the one who waited on at that moment was told.
      #expect(ended == [1, 0, 1] || ended == [1, 1, 0] || ended == [2, 0, 0], "\(run) \(ended)")
      #expect(scenario.barrier.isBroken && scenario.barrier.waiterCount == 0, "\(run)")
      #expect(scenario.clock.scheduledCount == 0, "\(run)")
    }
  }

  @Test("an abort and a reset let everybody go")
  func abortAndReset() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(parties: 4) },
      victim: { await $0.meet() },
      others: [
        { await $0.meet() },
        { scenario in
          await Task.yield()
          scenario.barrier.abort()
        },
      ]
    ) { scenario, run in
      #expect(scenario.count(.broken) + scenario.count(.cancelled) == 2, "\(run)")
      #expect(scenario.barrier.isBroken && scenario.barrier.waiterCount == 0, "\(run)")
      scenario.barrier.reset()
      #expect(!scenario.barrier.isBroken, "\(run)")
    }
  }

  @Test("a close ends the wait of who is cancelled as it comes")
  func closed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(parties: 3) },
      victim: { await $0.meet() },
      others: [
        { await $0.meet() },
        { scenario in
          await Task.yield()
          scenario.barrier.close()
        },
      ]
    ) { scenario, run in
      #expect(scenario.count(.closed) + scenario.count(.cancelled) == 2, "\(run)")
      #expect(scenario.barrier.waiterCount == 0 && !scenario.barrier.isBroken, "\(run)")
    }
  }
}

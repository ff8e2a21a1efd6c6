import SkeinSync
import SkeinTesting
import Testing

/// What a select waits for, and what became of it.
private struct Scenario: Sendable {
  let incoming = makeChannel(of: Int.self, capacity: 0)
  let outgoing = makeChannel(of: Int.self, capacity: 0)
  let event = Event()
  let clock = ManualClock()
  let chosen = Lock<[String]>([])

  func selectOnce() async throws {
    let text = try await select(.biased) {
      incoming.receiver.receiving { "received \($0)" }
      outgoing.sender.sending(1) { "sent" }
      event.waiting { "event" }
      after(.seconds(1), clock: clock) { "time" }
    }
    chosen.withLock { $0.append(text) }
  }

  var isQuiet: Bool {
    incoming.receiver.waiterCount == 0 && outgoing.sender.waiterCount == 0 && event.waiterCount == 0
      && clock.scheduledCount == 0
  }
}

@Suite("Select, cancelled at every step")
struct SelectSweepTests {
  @Test("one case happens, or none: a sender, a receiver, an event and a deadline race for it")
  func everything() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.selectOnce() },
      others: [
        { scenario in
          await Task.yield()
          try? await scenario.incoming.sender.send(7, timeout: .seconds(5), clock: scenario.clock)
        },
        { scenario in
          await Task.yield()
          _ = try? await scenario.outgoing.receiver.receive(timeout: .seconds(5), clock: scenario.clock)
        },
        { scenario in
          await Task.yield()
          scenario.event.set()
        },
      ],
      whenIdle: { $0.clock.advanceToNext() != nil }
    ) { scenario, run in
      #expect(scenario.chosen.withLock { $0.count } == (run.error == nil ? 1 : 0), "\(run)")
      #expect(scenario.isQuiet, "\(run)")
      if let error = run.error { #expect(error as? WaitError == .cancelled, "\(run)") }
    }
  }

  @Test("an element is taken by the select or stays with its sender")
  func conserved() async throws {
    try await sweepCancellations(
      makeScenario: { (scenario: Scenario(), delivered: Lock(0)) },
      victim: { try await $0.scenario.selectOnce() },
      others: [
        { state in
          let sender = state.scenario.incoming.sender
          do { try await sender.send(7, timeout: .milliseconds(500), clock: state.scenario.clock) } catch {
            return
          }
          state.delivered.withLock { $0 += 1 }
        },
        { state in
          let receiver = state.scenario.outgoing.receiver
          let clock = state.scenario.clock
          if (try? await receiver.receive(timeout: .milliseconds(500), clock: clock)) != nil {
            state.delivered.withLock { $0 += 1 }
          }
        },
      ],
      whenIdle: { $0.scenario.clock.advanceToNext() != nil }
    ) { state, run in
      let chosen = state.scenario.chosen.withLock { $0.first }
      #expect(state.delivered.withLock { $0 } == (chosen == nil || chosen == "time" ? 0 : 1), "\(run)")
      #expect(state.scenario.isQuiet, "\(run)")
    }
  }

  @Test("two selects that face each other meet, or neither does anything")
  func facing() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.selectOnce() },
      others: [
        { scenario in
          _ = try? await select {
            scenario.incoming.sender.sending(3) {}
            scenario.outgoing.receiver.receiving { _ in }
            after(.milliseconds(500), clock: scenario.clock) {}
          }
        }
      ],
      whenIdle: { $0.clock.advanceToNext() != nil }
    ) { scenario, run in
      #expect(scenario.chosen.withLock { $0.count } == (run.error == nil ? 1 : 0), "\(run)")
      #expect(scenario.isQuiet, "\(run)")
    }
  }
}

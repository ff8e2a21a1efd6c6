import SkeinSync
import SkeinTesting
import Testing

/// A channel, the clock of its timed waits, and who had which element.
private struct Scenario: Sendable {
  let sender: Sender<Int>
  let receiver: Receiver<Int>
  let clock = ManualClock()
  let received = Lock<[Int]>([])
  let handedBack = Lock<[Int]>([])

  init(capacity: Int) { (sender, receiver) = makeChannel(of: Int.self, capacity: capacity) }

  func send(_ element: Int) async throws {
    do { try await sender.send(element) } catch {
      handedBack.withLock { $0.append(error.element) }
      throw error
    }
  }

  func receive() async throws {
    let element = try await receiver.receive()
    received.withLock { $0.append(element) }
  }

  func receiveInTime() async throws {
    let element = try await receiver.receive(timeout: .seconds(1), clock: clock)
    received.withLock { $0.append(element) }
  }

  /// Everything that was sent, wherever it is.
  func all() -> [Int] {
    var rest: [Int] = []
    while let element = try? receiver.tryReceive() { rest.append(element) }
    return (received.withLock { $0 } + handedBack.withLock { $0 } + rest).sorted()
  }
}

@Suite("Channel, cancelled at every step")
struct ChannelSweepTests {
  @Test("a receiver that is cancelled takes nothing with it", arguments: [0, 1])
  func receiver(capacity: Int) async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(capacity: capacity) },
      victim: { try await $0.receive() },
      others: [
        { try await $0.receive() },
        { scenario in
          for element in 0..<2 {
            await Task.yield()
            try? await scenario.sender.send(element, timeout: .seconds(1), clock: scenario.clock)
          }
        },
      ],
      whenIdle: { $0.clock.advanceToNext() != nil }
    ) { scenario, run in
      let taken = scenario.received.withLock { $0.count }
      #expect(taken == (run.error == nil ? 2 : 1), "\(run)")
      #expect(scenario.receiver.waiterCount == 0 && scenario.clock.scheduledCount == 0, "\(run)")
      if let error = run.error { #expect(error as? ReceiveError == .cancelled, "\(run)") }
    }
  }

  @Test("a sender that is cancelled has its element back, or it is received", arguments: [0, 1])
  func sender(capacity: Int) async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(capacity: capacity) },
      victim: { try await $0.send(0) },
      others: [
        { try await $0.send(1) }, { try? await $0.receiveInTime() },
        { scenario in
          await Task.yield()
          try? await scenario.receiveInTime()
        },
      ],
      whenIdle: { $0.clock.advanceToNext() != nil }
    ) { scenario, run in
      #expect(scenario.all() == [0, 1], "\(run)")
      #expect(scenario.receiver.waiterCount == 0, "\(run)")
    }
  }

  @Test("an element, a deadline and a cancellation race for one receiver")
  func timed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(capacity: 1) },
      victim: { try await $0.receiveInTime() },
      others: [
        { try await $0.send(7) },
        { scenario in
          await Task.yield()
          scenario.clock.advance(by: .seconds(1))
        },
      ]
    ) { scenario, run in
      #expect(scenario.all() == [7], "\(run)")
      #expect(scenario.receiver.waiterCount == 0 && scenario.clock.scheduledCount == 0, "\(run)")
    }
  }

  @Test("an iteration that is cancelled leaves the elements in the channel")
  func iteration() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(capacity: 2) },
      victim: { scenario in
        for await element in scenario.receiver { scenario.received.withLock { $0.append(element) } }
      },
      others: [
        { scenario in
          for element in 0..<3 {
            try? await scenario.sender.send(element, timeout: .seconds(1), clock: scenario.clock)
          }
          scenario.sender.close()
        }
      ],
      whenIdle: { $0.clock.advanceToNext() != nil }
    ) { scenario, run in
      let all = scenario.all()
      #expect(all == Array(0..<all.count) && all.count >= 2, "\(run)")
      #expect(scenario.receiver.waiterCount == 0, "\(run)")
    }
  }

  @Test("a close ends the wait of who is cancelled as it comes")
  func closed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(capacity: 0) },
      victim: { try await $0.receive() },
      others: [
        { try? await $0.receive() },
        { scenario in
          await Task.yield()
          scenario.sender.close()
        },
      ]
    ) { scenario, run in
      let error = run.error as? ReceiveError
      #expect(error == .cancelled || error == .disconnected, "\(run)")
      #expect(scenario.receiver.waiterCount == 0, "\(run)")
    }
  }
}

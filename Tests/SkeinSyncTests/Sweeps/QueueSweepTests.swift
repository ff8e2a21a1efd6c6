import SkeinSync
import SkeinTesting
import Testing

/// A queue with the clock of its timed waits, and what came out of it.
private struct Scenario: Sendable {
  let queue: Queue<Int>
  let clock = ManualClock()
  let got = Lock<[Int]>([])

  init(capacity: Int? = nil) { queue = Queue(capacity: capacity) }

  func take() async throws {
    let element = try await queue.get()
    got.withLock { $0.append(element) }
  }
}

@Suite("Queue, cancelled at every step")
struct QueueSweepTests {
  @Test("a get that is cancelled takes no element with it")
  func get() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { try await $0.take() },
      others: [
        { try await $0.take() },
        { scenario in
          await Task.yield()
          for element in 1...2 { try await scenario.queue.put(element) }
        },
      ]
    ) { scenario, run in
      // What the victim did not take is left for somebody else.
      let left = scenario.queue.tryGet()
      let all = scenario.got.withLock { $0 } + (left.map { [$0] } ?? [])
      #expect(all.sorted() == [1, 2] && scenario.queue.waiterCount == 0, "\(run)")
      #expect((run.error as? WaitError == .cancelled) == (left != nil), "\(run)")
    }
  }

  @Test("a put that is cancelled puts nothing, and lets the next one in")
  func put() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(capacity: 2) },
      victim: { scenario in
        for element in 1...2 { try await scenario.queue.put(element) }
      },
      others: [{ try await $0.queue.put(10) }, { try await $0.take() }]
    ) { scenario, run in
      var all = scenario.got.withLock { $0 }
      while let left = scenario.queue.tryGet() { all.append(left) }
      // The victim ends with the put that was refused: what it put before is there.
      let outcomes = run.error == nil ? [[1, 2, 10]] : [[10], [1, 10]]
      #expect(outcomes.contains(all.sorted()) && scenario.queue.waiterCount == 0, "\(run)")
    }
  }

  @Test("a join that is cancelled disturbs nobody")
  func join() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario() },
      victim: { scenario in
        _ = scenario.queue.tryPut(1)
        try await scenario.queue.join()
      },
      others: [
        { scenario in
          try await scenario.take()
          scenario.queue.taskDone()
        },
        { try await $0.queue.join() },
      ]
    ) { scenario, run in
      #expect(scenario.queue.unfinishedCount == 0 && scenario.queue.waiterCount == 0, "\(run)")
    }
  }
}

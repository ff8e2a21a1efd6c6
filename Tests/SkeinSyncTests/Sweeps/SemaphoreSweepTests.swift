import SkeinSync
import SkeinTesting
import Testing

/// A semaphore, the clock of its timed waits, and how many permits are in use.
private struct Scenario: Sendable {
  let semaphore: Semaphore
  let clock = ManualClock()

  init(permits: Int) { semaphore = Semaphore(permits: permits, isBounded: true) }

  /// Holds permits for a few steps.
  func visit(_ count: Int) async throws {
    try await semaphore.withPermit(count: count) {
      await Task.yield()
      await Task.yield()
    }
  }

  /// Holds permits for a few steps, if they can be had in time.
  func visit(_ count: Int, timeout: Duration) async throws {
    try await semaphore.acquire(count, timeout: timeout, clock: clock)
    await Task.yield()
    semaphore.release(count)
  }
}

/// One of two permits is held until a small request has been served, which stands behind a large one: only the
/// end of the large request, or a test that lets the holder go, gets this on.
private struct FrontScenario: Sendable {
  let semaphore = Semaphore(permits: 2, isBounded: true)
  private let mayRelease = Event()

  func holdUntilServed() async throws {
    try await semaphore.withPermit { try await mayRelease.wait() }
  }

  func serveSmall() async throws {
    while semaphore.freePermits == 2 && !mayRelease.isSet { await Task.yield() }
    // The victim most often comes before this.
    for _ in 0..<4 { await Task.yield() }
    try await semaphore.withPermit { mayRelease.set() }
  }

  /// Lets the holder go, if both requests wait. When the small one waits alone, the semaphore forgot it.
  func letGo() -> Bool {
    guard semaphore.waiterCount == 2 else { return false }
    mayRelease.set()
    return true
  }
}

@Suite("Semaphore, cancelled at every step")
struct SemaphoreSweepTests {
  @Test("one permit is conserved among three tasks")
  func onePermit() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(permits: 1) },
      victim: { try await $0.visit(1) },
      others: [{ try await $0.visit(1) }, { try await $0.visit(1) }]
    ) { expectConserved($0, permits: 1, $1) }
  }

  @Test("permits are conserved among requests of several sizes")
  func manyPermits() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(permits: 3) },
      victim: { try await $0.visit(3) },
      others: [{ try await $0.visit(2) }, { try await $0.visit(1) }, { try await $0.visit(2) }]
    ) { expectConserved($0, permits: 3, $1) }
  }

  @Test("a large request at the front that is cancelled lets the small one behind it go on")
  func cancelledFront() async throws {
    try await sweepCancellations(
      makeScenario: { FrontScenario() },
      victim: { try await $0.semaphore.withPermit(count: 2) {} },
      others: [{ try await $0.holdUntilServed() }, { try await $0.serveSmall() }],
      whenIdle: { $0.letGo() }
    ) { scenario, run in
      #expect(scenario.semaphore.freePermits == 2 && scenario.semaphore.waiterCount == 0, "\(run)")
    }
  }

  @Test("a grant, a deadline and a cancellation race for one waiter, and permits are conserved")
  func timed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(permits: 2) },
      victim: { try await $0.visit(2, timeout: .seconds(1)) },
      others: [
        { try await $0.visit(1) },
        { scenario in
          await Task.yield()
          scenario.clock.advance(by: .seconds(1))
        },
        { try? await $0.visit(2, timeout: .seconds(2)) },
      ],
      whenIdle: { $0.clock.advanceToNext() != nil }
    ) { scenario, run in
      expectConserved(scenario, permits: 2, run, orElse: .timedOut)
      #expect(scenario.clock.scheduledCount == 0, "\(run)")
    }
  }

  @Test("a close ends the wait of who is cancelled as it comes")
  func closed() async throws {
    try await sweepCancellations(
      makeScenario: { Scenario(permits: 1) },
      victim: { try await $0.visit(1) },
      others: [
        { try? await $0.visit(1) },
        { scenario in
          await Task.yield()
          scenario.semaphore.close()
        },
      ]
    ) { expectConserved($0, permits: 1, $1, orElse: .closed) }
  }

  /// Expects every permit to be free, nobody to wait, and the victim to have ended in a way that may be.
  private func expectConserved(
    _ scenario: Scenario, permits: Int, _ run: SweepRun<Void>, orElse error: WaitError? = nil
  ) {
    #expect(scenario.semaphore.freePermits == permits, "\(run)")
    #expect(scenario.semaphore.waiterCount == 0, "\(run)")
    let allowed: [WaitError?] = [nil, error, run.cancelledAfter == nil ? nil : .cancelled]
    #expect(allowed.contains(run.error as? WaitError), "\(run)")
  }
}

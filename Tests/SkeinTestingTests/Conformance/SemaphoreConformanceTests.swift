import SkeinSync
import SkeinTesting
import Testing

private struct SemaphoreUnderTest: ExercisableSemaphore {
  let base: Semaphore

  var freePermits: Int { base.freePermits }
  var waiterCount: Int { base.waiterCount }
  func tryAcquire(_ count: Int) -> Bool { base.tryAcquire(count) }
  func release(_ count: Int) { base.release(count) }
  func close() { base.close() }
  func acquire(_ count: Int) async throws { try await base.acquire(count) }
  func acquire(_ count: Int) throws { try base.acquire(count) }

  func acquire<C: DeadlineClock>(_ count: Int, timeout: Duration, clock: C) async throws {
    try await base.acquire(count, timeout: timeout, clock: clock)
  }

  func acquire<C: DeadlineClock>(_ count: Int, timeout: Duration, clock: C) throws {
    try base.acquire(count, timeout: timeout, clock: clock)
  }
}

@Suite("exerciseSemaphore")
struct SemaphoreConformanceTests {
  @Test(
    "Semaphore keeps the rules, for tasks and threads together, and for each alone",
    arguments: [WaitingForm.allCases, [.task], [.thread]])
  func semaphore(forms: [WaitingForm]) async throws {
    try await exerciseSemaphore(forms: forms) { SemaphoreUnderTest(base: Semaphore(permits: $0)) }
  }

  @Test("a semaphore that is made in another way keeps them too")
  func polling() async throws {
    try await exerciseSemaphore { PollingSemaphore(permits: $0) }
  }

  @Test("each fault is found by its rule", arguments: faults)
  func fault(_ fault: PollingSemaphore.Fault, rule: String) async throws {
    try await expectFailure(of: rule, isHang: fault.makesWait) { limit in
      try await exerciseSemaphore(limit: limit, only: rule) { PollingSemaphore(permits: $0, fault: fault) }
    }
  }

  @Test("a semaphore that is not said to be fair need not be")
  func unfair() async throws {
    try await exerciseSemaphore(isFair: false) { PollingSemaphore(permits: $0, fault: .isUnfair) }
  }
}

private let faults: [(PollingSemaphore.Fault, String)] = [
  (.losesPermits, "permits are taken while there are any, and come back"),
  (.inventsPermits, "permits are taken while there are any, and come back"),
  (.inventsPermits, "whoever waits is served by a release"),
  (.grantsAtTimeout, "a timed wait ends without permits, and lets others move up"),
  (.takesAtTimeout, "a timed wait ends without permits, and lets others move up"),
  (.takesAtCancellation, "a cancelled wait ends without permits"),
  (.ignoresCancellation, "a cancelled wait ends without permits"),
  (.isUnfair, "waiters are served first in, first out"),
  (.letsTriesOvertake, "a small request does not overtake a large one"),
  (.ignoresClose, "a close ends every wait, now and later"),
  (.giftAfterClose, "a close ends every wait, now and later"),
  (.inventsPermits, "permits are conserved, and never more are in use"),
]

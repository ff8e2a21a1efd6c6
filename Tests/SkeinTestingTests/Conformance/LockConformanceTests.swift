import SkeinSync
import SkeinTesting
import Testing

@Suite("exerciseLock")
struct LockConformanceTests {
  @Test("Lock keeps the rules")
  func lock() async throws {
    try await exerciseLock(reentry: .traps) {
      let lock = Lock()
      return LockAdaptor(
        withLock: { body in try lock.withLock { _ in try body() } },
        tryLock: { body in try lock.tryLock { _ in try body() } },
        withLockInTime: { timeout, body in try lock.withLock(timeout: timeout) { _ in try body() } })
    }
  }

  @Test(
    "a lock that is made in another way keeps them too", arguments: [LockReentry.wouldDeadlock, .recursive])
  func polling(reentry: LockReentry) async throws {
    try await exerciseLock(reentry: reentry) { PollingLock(reentry: reentry).adaptor }
  }

  @Test("each fault is found by its rule", arguments: faults)
  func fault(_ fault: PollingLock.Fault, rule: String) async throws {
    try await expectFailure(of: rule, isHang: fault.makesWait) { limit in
      try await exerciseLock(reentry: .wouldDeadlock, limit: limit, only: rule) {
        PollingLock(fault: fault).adaptor
      }
    }
  }

  @Test("a failure says what was exercised, which rule was broken, and what was seen")
  func description() async {
    let failure = await #expect(throws: ConformanceFailure.self) {
      try await exerciseLock(reentry: .wouldDeadlock) { PollingLock(fault: .losesValue).adaptor }
    }
    #expect(
      failure?.description == """
        the lock breaks the rule that it gives the body's value or error, and is free after both: \
        the blocking form did not return the body's value
        """)
  }

  @Test("another way to take a lock again than was said is found")
  func reentry() async {
    for (said, done) in [(LockReentry.recursive, LockReentry.wouldDeadlock), (.wouldDeadlock, .recursive)] {
      let failure = await #expect(throws: ConformanceFailure.self) {
        try await exerciseLock(reentry: said) { PollingLock(reentry: done).adaptor }
      }
      #expect(failure?.rule.hasPrefix("a second take by the holder") == true)
    }
    let failure = await #expect(throws: ConformanceFailure.self) {
      try await exerciseLock(reentry: .recursive) {
        PollingLock(reentry: .recursive, freesTooEarly: true).adaptor
      }
    }
    #expect(failure?.message == "it was freed too early")
  }
}

private let faults: [(PollingLock.Fault, String)] = [
  (.staysTakenAfterError, "it gives the body's value or error, and is free after both"),
  (.losesValue, "it gives the body's value or error, and is free after both"),
  (.triesAlwaysFail, "it gives the body's value or error, and is free after both"),
  (.excludesNobody, "a try fails while another thread holds the lock"),
  (.triesWait, "a try fails while another thread holds the lock"),
  (.timedFormEnters, "a timed wait ends without the lock when that is not freed"),
  (.timedFormWaits, "a timed wait ends without the lock when that is not freed"),
  (.freesNobody, "whoever waits gets the lock once it is freed"),
  (.excludesNobody, "only one thread is inside at a time"),
  (.starvesSleepers, "a sleeper is served while others take the lock over and over"),
]

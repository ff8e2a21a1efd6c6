import SkeinResilience
import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {
  var attempt: Int
}

@Suite("retry")
struct RetryTests {
  let clock = ManualClock()

  @Test("it returns the first success, after the policy's pauses")
  func success() async throws {
    let policy = RetryPolicy(jitter: .none)
    var notices: [Duration] = []
    let clock = clock
    let answer = try await clock.run {
      try await retry(policy, clock: clock, onRetry: { notices.append($0.delay) }) { attempt in
        if attempt < 4 { throw Refused(attempt: attempt) }
        return "attempt \(attempt)"
      }
    }
    #expect(answer == "attempt 4")
    #expect(notices == [.seconds(1), .seconds(2), .seconds(4)])
    #expect(clock.now.offset == .seconds(7))
  }

  @Test("a body that succeeds at once is called once and waits for nothing")
  func firstSuccess() async throws {
    var calls = 0
    try await retry(.standard, clock: clock) { _ in calls += 1 }
    #expect(calls == 1)
    #expect(clock.scheduledCount == 0)
  }

  @Test("the last error is thrown as it was when the attempts are used")
  func exhaustion() async {
    let policy = RetryPolicy(maximumAttempts: 3)
    let clock = clock
    await #expect(throws: Refused(attempt: 3)) {
      try await clock.run { try await retry(policy, clock: clock) { throw Refused(attempt: $0) } }
    }
  }

  @Test("the overall deadline counts the time that attempts take")
  func deadline() async {
    let policy = RetryPolicy(backoff: .fixed(.seconds(1)), jitter: .none, overallDeadline: .seconds(10))
    let clock = clock
    await #expect(throws: Refused(attempt: 3)) {
      try await clock.run {
        try await retry(policy, clock: clock) { attempt in
          clock.advance(by: .seconds(4))
          throw Refused(attempt: attempt)
        }
      }
    }
  }

  @Test("an error of cancellation ends it at once")
  func cancellationError() async {
    var calls = 0
    await #expect(throws: CancellationError.self) {
      try await retry(.standard, clock: clock) { _ in
        calls += 1
        throw CancellationError()
      }
    }
    #expect(calls == 1)
  }

  @Test("a cancelled task ends its pause, with nothing left scheduled")
  func cancelledPause() async throws {
    let work = Task { [clock] in
      try await retry(RetryPolicy(jitter: .none), clock: clock) { throw Refused(attempt: $0) }
    }
    try await clock.waitUntilScheduled()
    work.cancel()
    await #expect(throws: CancellationError.self) { try await work.value }
    #expect(clock.scheduledCount == 0)
  }

  @Test("an attempt that fails in a cancelled task is the last, whatever it throws")
  func cancelledAttempt() async {
    let work = Task { [clock] in
      try await retry(.standard, clock: clock) { attempt in
        withUnsafeCurrentTask { $0?.cancel() }
        throw Refused(attempt: attempt)
      }
    }
    await #expect(throws: Refused(attempt: 1)) { try await work.value }
  }

  @Test("a seed repeats the pauses")
  func seeded() async throws {
    func pauses() async throws -> [Duration] {
      let clock = ManualClock()
      var pauses: [Duration] = []
      try await clock.run {
        try await retry(
          .standard, clock: clock, using: SeededGenerator(seed: 5), onRetry: { pauses.append($0.delay) }
        ) { if $0 < 5 { throw Refused(attempt: $0) } }
      }
      return pauses
    }
    #expect(try await pauses() == pauses())
  }
}

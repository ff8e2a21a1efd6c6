import SkeinResilience
import SkeinTesting
import Testing

private struct Refused: Error {}
private struct Malformed: PermanentError {}
private struct Status: PermanentError {
  var code: Int
  var isPermanent: Bool { code < 500 }
}

@Suite("RetryPolicy")
struct RetryPolicyTests {
  private func decide(
    _ policy: RetryPolicy, after attempt: Int = 1, _ error: any Error = Refused(), elapsed: Duration = .zero
  ) -> RetryPolicy.Decision {
    var generator = SeededGenerator(seed: 1)
    return policy.decision(
      afterAttempt: attempt, error: error, elapsed: elapsed, previousDelay: nil, using: &generator)
  }

  private let exact = RetryPolicy(jitter: .none)

  @Test("it retries until the attempts are used")
  func attempts() {
    let policy = RetryPolicy(backoff: .fixed(.seconds(1)), jitter: .none, maximumAttempts: 3)
    #expect(decide(policy, after: 2) == .retry(after: .seconds(1)))
    #expect(decide(policy, after: 3) == .giveUp(.exhausted))
    #expect(decide(.none) == .giveUp(.exhausted))
  }

  @Test("a policy without a limit goes on for ever, and its delay ends at the cap")
  func unlimited() {
    let policy = RetryPolicy(jitter: .none, maximumAttempts: nil)
    #expect(decide(policy, after: 10_000) == .retry(after: .seconds(300)))
    #expect(decide(policy, after: .max) == .retry(after: .seconds(300)))
  }

  @Test("cancellation is never retried, whatever the filter says")
  func cancellation() {
    let policy = RetryPolicy(retries: .only(["CancellationError"]))
    #expect(decide(policy, CancellationError()) == .giveUp(.cancelled))
  }

  @Test("a permanent error is not retried; one that says it is not, is")
  func permanent() {
    #expect(decide(exact, Malformed()) == .giveUp(.permanent))
    #expect(decide(exact, Status(code: 404)) == .giveUp(.permanent))
    #expect(decide(exact, Status(code: 503)) == .retry(after: .seconds(1)))
  }

  @Test("an error that the filter leaves out counts as permanent")
  func filtered() {
    #expect(decide(RetryPolicy(retries: .only(["Other"]))) == .giveUp(.permanent))
    #expect(decide(RetryPolicy(retries: .except(["Refused"]))) == .giveUp(.permanent))
    #expect(decide(RetryPolicy(jitter: .none, retries: .only(["Refused"]))) == .retry(after: .seconds(1)))
  }

  @Test("a retry that would start after the overall deadline is not made")
  func deadline() {
    let policy = RetryPolicy(backoff: .fixed(.seconds(2)), jitter: .none, overallDeadline: .seconds(10))
    #expect(decide(policy, elapsed: .seconds(8)) == .retry(after: .seconds(2)))
    #expect(decide(policy, elapsed: .seconds(8) + .nanoseconds(1)) == .giveUp(.deadline))
  }

  @Test("a stored failure is decided by its name and mark")
  func storedFailure() {
    var generator = SeededGenerator(seed: 1)
    func decide(_ name: String, isPermanent: Bool = false) -> RetryPolicy.Decision {
      exact.decision(
        afterAttempt: 1, errorName: name, isPermanent: isPermanent, elapsed: .zero, previousDelay: nil,
        using: &generator)
    }
    #expect(decide("Shop.OutOfStock") == .retry(after: .seconds(1)))
    #expect(decide("Shop.OutOfStock", isPermanent: true) == .giveUp(.permanent))
    #expect(decide("Swift.CancellationError") == .giveUp(.cancelled))
  }

  @Test(
    "without jitter the delay grows by the multiplier, up to the cap",
    arguments: [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (64, 10), (10_000, 10)])
  func exponential(attempt: Int, seconds: Int) {
    let policy = RetryPolicy(jitter: .none, cap: .seconds(10))
    var generator = SeededGenerator(seed: 1)
    #expect(policy.delay(afterAttempt: attempt, using: &generator) == .seconds(seconds))
  }

  @Test("an initial delay of zero stays zero")
  func zero() {
    var generator = SeededGenerator(seed: 1)
    for jitter in RetryPolicy.Jitter.allCases {
      let policy = RetryPolicy(backoff: .exponential(initial: .zero), jitter: jitter)
      #expect(policy.delay(afterAttempt: 10_000, using: &generator) == .zero)
    }
  }

  @Test("full jitter draws evenly below the cap, not on it")
  func fullJitter() {
    let policy = RetryPolicy(cap: .seconds(8))
    var generator = SeededGenerator(seed: 7)
    let delays = (0..<4000).map { _ in policy.delay(afterAttempt: 20, using: &generator) }
    #expect(delays.allSatisfy { (.zero ... .seconds(8)).contains($0) })
    for quarter in 0..<4 {
      let range = Duration.seconds(2 * quarter) ..< .seconds(2 * quarter + 2)
      let share = delays.count { range.contains($0) }
      #expect((850...1150).contains(share))
    }
  }

  @Test("decorrelated jitter stays between the first delay and three times the last one")
  func decorrelatedJitter() {
    let policy = RetryPolicy(jitter: .decorrelated, cap: .seconds(60))
    var generator = SeededGenerator(seed: 7)
    var previous: Duration?
    for attempt in 1...1000 {
      let delay = policy.delay(afterAttempt: attempt, previousDelay: previous, using: &generator)
      let highest = min(.seconds(60), (previous ?? .seconds(1)) * 3)
      #expect((.seconds(1)...(highest + .nanoseconds(1))).contains(delay))
      previous = delay
    }
  }

  @Test("one seed gives one row of delays")
  func repeatable() {
    var (first, second) = (SeededGenerator(seed: 3), SeededGenerator(seed: 3))
    for attempt in 1...20 {
      let delay = RetryPolicy.standard.delay(afterAttempt: attempt, using: &first)
      #expect(delay == RetryPolicy.standard.delay(afterAttempt: attempt, using: &second))
    }
  }

  @Test("an attempt numbered zero traps")
  func attemptZero() async {
    await #expect(processExitsWith: .failure) {
      var generator = SystemRandomNumberGenerator()
      _ = RetryPolicy.standard.delay(afterAttempt: 0, using: &generator)
    }
  }

  @Test("wrong values are named by the validating initializer")
  func validation() {
    #expect(throws: InvalidRetryPolicy.self) { try RetryPolicy(validating: .fixed(.seconds(-1))) }
    #expect(throws: InvalidRetryPolicy.self) { try RetryPolicy(validating: .fixed(.seconds(2_000_000_000))) }
    for multiplier in [0.5, -1, .nan, .infinity] {
      #expect(throws: InvalidRetryPolicy.self) {
        try RetryPolicy(validating: .exponential(initial: .seconds(1), multiplier: multiplier))
      }
    }
    let error = #expect(throws: InvalidRetryPolicy.self) {
      try RetryPolicy(validating: .fixed(.seconds(1)), maximumAttempts: 0)
    }
    #expect(
      error?.description == "a retry policy's maximumAttempts must be 1 or more, or null for no limit, not 0")
  }

  @Test("wrong values trap in the plain initializer")
  func precondition() async {
    await #expect(processExitsWith: .failure) { _ = RetryPolicy(maximumAttempts: 0) }
    await #expect(processExitsWith: .failure) { _ = RetryPolicy(cap: .seconds(-1)) }
  }
}

extension RetryPolicy {
  /// What to do after an attempt that failed.
  public enum Decision: Hashable, Sendable {
    /// Try again when this much time has passed.
    case retry(after: Duration)
    /// Do not try again.
    case giveUp(Reason)
  }

  /// Why there is no further attempt.
  public enum Reason: String, Hashable, Sendable, Codable {
    /// All attempts were used.
    case exhausted
    /// The error says that trying again is pointless, or the filter leaves it out.
    case permanent
    /// The next attempt would start after the overall deadline.
    case deadline
    /// The attempt was cancelled, which nobody wants undone.
    case cancelled
  }

  /// Decides what follows an attempt that ended with `error`.
  ///
  /// - Parameters:
  ///   - attempt: the number of the attempt that failed, counted from 1.
  ///   - error: what it threw.
  ///   - elapsed: the time since the first attempt started.
  ///   - previousDelay: the delay before that attempt; `nil` after the first one.
  ///   - generator: where jitter draws from.
  /// - Precondition: `attempt` is positive.
  public func decision(
    afterAttempt attempt: Int, error: any Error, elapsed: Duration, previousDelay: Duration?,
    using generator: inout some RandomNumberGenerator
  ) -> Decision {
    decision(
      afterAttempt: attempt, errorName: ErrorName.of(error), isPermanent: ErrorName.isPermanent(error),
      elapsed: elapsed, previousDelay: previousDelay, using: &generator)
  }

  /// Decides what follows an attempt whose error is known by its name only, as a stored failure is.
  ///
  /// - Parameters:
  ///   - attempt: the number of the attempt that failed, counted from 1.
  ///   - errorName: the name of the error's type, as ``ErrorName/of(_:)`` gives it.
  ///   - isPermanent: whether the error was a ``PermanentError``.
  ///   - elapsed: the time since the first attempt started.
  ///   - previousDelay: the delay before that attempt; `nil` after the first one.
  ///   - generator: where jitter draws from.
  /// - Precondition: `attempt` is positive.
  public func decision(
    afterAttempt attempt: Int, errorName: String, isPermanent: Bool, elapsed: Duration,
    previousDelay: Duration?,
    using generator: inout some RandomNumberGenerator
  ) -> Decision {
    if ErrorName.isCancellation(errorName) { return .giveUp(.cancelled) }
    if isPermanent || !retries.includes(errorName) { return .giveUp(.permanent) }
    if let maximumAttempts, attempt >= maximumAttempts { return .giveUp(.exhausted) }
    let delay = delay(afterAttempt: attempt, previousDelay: previousDelay, using: &generator)
    if let overallDeadline, elapsed + delay > overallDeadline { return .giveUp(.deadline) }
    return .retry(after: delay)
  }

  /// Draws the delay that follows an attempt.
  ///
  /// - Parameters:
  ///   - attempt: the number of the attempt that failed, counted from 1.
  ///   - previousDelay: the delay before that attempt; only ``Jitter/decorrelated`` looks at it.
  ///   - generator: where jitter draws from.
  /// - Returns: between zero and ``cap``.
  /// - Precondition: `attempt` is positive.
  /// - Complexity: O(log attempt).
  public func delay(
    afterAttempt attempt: Int, previousDelay: Duration? = nil,
    using generator: inout some RandomNumberGenerator
  ) -> Duration {
    precondition(attempt >= 1, "attempts are counted from 1, there is no attempt \(attempt)")
    let cap = cap.inSeconds
    switch jitter {
    case .none:
      return .ofSeconds(min(cap, backoff.seconds(afterAttempt: attempt)))
    case .full:
      return .ofSeconds(.random(in: 0...min(cap, backoff.seconds(afterAttempt: attempt)), using: &generator))
    case .decorrelated:
      let lowest = min(cap, backoff.seconds(afterAttempt: 1))
      let highest = min(cap, 3 * max(lowest, previousDelay?.inSeconds ?? lowest))
      return .ofSeconds(.random(in: lowest...highest, using: &generator))
    }
  }
}

extension RetryPolicy.Backoff {
  /// The delay in seconds, before cap and jitter; infinite where a `Double` ends.
  fileprivate func seconds(afterAttempt attempt: Int) -> Double {
    switch self {
    case .fixed(let delay):
      return delay.inSeconds
    case .exponential(let initial, let multiplier):
      // Zero times infinity is no number.
      return initial == .zero ? 0 : initial.inSeconds * power(multiplier, attempt - 1)
    }
  }
}

/// Raises to a power by repeated squaring: `pow` would need the C library.
private func power(_ base: Double, _ exponent: Int) -> Double {
  var (result, square, rest) = (1.0, base, exponent)
  while rest > 0 {
    if rest & 1 == 1 { result *= square }
    square *= square
    rest >>= 1
  }
  return result
}

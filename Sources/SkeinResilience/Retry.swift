/// What is reported before an attempt is repeated.
public struct RetryNotice: Sendable {
  /// The number of the attempt that failed, counted from 1.
  public let attempt: Int
  /// What it threw.
  public let error: any Error
  /// How long the pause is that follows.
  public let delay: Duration
}

/// Runs `body` until it succeeds or the policy gives up.
///
/// The pauses are slept on `clock`, in the caller's isolation and with its task-locals: no task is created.
///
/// ```swift
/// let page = try await retry(.standard) { attempt in
///   try await fetch(url)
/// }
/// ```
///
/// - Parameters:
///   - policy: which errors are retried, how often, and after what delay.
///   - clock: what measures delays and the overall deadline.
///   - generator: where jitter draws from; a seeded one makes a test repeatable.
///   - onRetry: called before each pause, for logs and metrics.
///   - body: gets the number of its attempt, counted from 1.
/// - Returns: what the first successful attempt returns.
/// - Throws: the error of the last attempt, as it was; `CancellationError` when the task is cancelled in a
///   pause.
/// - Cancellation: ends a pause at once. An attempt that fails in a cancelled task is the last one, and so is
///   one that throws an error named `CancellationError`.
public func retry<Result, C: Clock<Duration>>(
  _ policy: RetryPolicy, clock: C = ContinuousClock(),
  using generator: some RandomNumberGenerator = SystemRandomNumberGenerator(),
  onRetry: (RetryNotice) -> Void = { _ in },
  _ body: (_ attempt: Int) async throws -> Result
) async throws -> Result {
  var generator = generator
  let start = clock.now
  var previousDelay: Duration?
  var attempt = 1
  while true {
    do {
      return try await body(attempt)
    } catch {
      let decision = policy.decision(
        afterAttempt: attempt, error: error, elapsed: start.duration(to: clock.now),
        previousDelay: previousDelay,
        using: &generator)
      guard case .retry(let delay) = decision, !Task.isCancelled else { throw error }
      onRetry(RetryNotice(attempt: attempt, error: error, delay: delay))
      try await clock.sleep(until: clock.now.advanced(by: delay), tolerance: nil)
      previousDelay = delay
      attempt += 1
    }
  }
}

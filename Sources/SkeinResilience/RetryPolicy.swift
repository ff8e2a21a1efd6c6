/// Whether, and after what delay, something that failed is tried again: a value that can be stored.
///
/// The policy only decides; ``retry(_:clock:using:onRetry:_:)`` performs it, and so can anything else that
/// keeps attempts as data, such as a job queue:
/// ``decision(afterAttempt:error:elapsed:previousDelay:using:)``.
///
/// ```swift
/// let policy = RetryPolicy(backoff: .exponential(initial: .milliseconds(100)), maximumAttempts: 4)
/// let page = try await retry(policy) { _ in try await fetch(url) }
/// ```
///
/// - Invariant: every duration lies between zero and ``longest``, attempts are positive, a multiplier is 1 or
///   more.
/// - Source: M. Brooker, *Exponential Backoff and Jitter* (AWS Architecture Blog, 2015), for the two kinds of
///   jitter.
public struct RetryPolicy: Hashable, Sendable {
  /// How the delay grows from one attempt to the next, before jitter.
  public enum Backoff: Hashable, Sendable {
    /// The same delay each time.
    case fixed(Duration)
    /// `initial` after the first attempt, and `multiplier` times as much after each further one.
    case exponential(initial: Duration, multiplier: Double = 2)
  }

  /// How chance spreads those who failed together, so that they do not come back together.
  public enum Jitter: String, Hashable, Sendable, Codable, CaseIterable {
    /// The delay is the backoff's.
    case none
    /// The delay is drawn between zero and the backoff's. Loads the callee least.
    case full
    /// The delay is drawn between the first backoff and three times the delay before; it follows the delays
    /// that were drawn, not the number of attempts.
    case decorrelated
  }

  /// The longest duration that a policy may hold: 1,000,000,000 seconds, about 32 years.
  public static let longest = Duration.seconds(1_000_000_000)

  /// How the delay grows.
  public let backoff: Backoff
  /// How chance spreads the delays.
  public let jitter: Jitter
  /// What no delay exceeds. It bounds the span that jitter draws from, so that the draws are not heaped on
  /// the cap.
  public let cap: Duration
  /// How many attempts are made at most, the first included; `nil` for no limit.
  public let maximumAttempts: Int?
  /// How long after the start of the first attempt the last one may start; `nil` for no limit.
  public let overallDeadline: Duration?
  /// Which errors are worth another attempt.
  public let retries: ErrorFilter

  /// Creates a policy from values that the program knows to be right.
  ///
  /// - Parameters:
  ///   - backoff: how the delay grows; by default from one second, twice as long each time.
  ///   - jitter: how chance spreads the delays.
  ///   - cap: what no delay exceeds.
  ///   - maximumAttempts: how many attempts are made at most, the first included; `nil` for no limit.
  ///   - overallDeadline: how long after the start of the first attempt the last one may start; `nil` for no
  ///     limit.
  ///   - retries: which errors are worth another attempt.
  /// - Precondition: the values are in the ranges of the type's invariant. Input of other origin goes through
  ///   ``init(validating:jitter:cap:maximumAttempts:overallDeadline:retries:)`` or decoding.
  public init(
    backoff: Backoff = .exponential(initial: .seconds(1), multiplier: 2), jitter: Jitter = .full,
    cap: Duration = .seconds(300), maximumAttempts: Int? = 5, overallDeadline: Duration? = nil,
    retries: ErrorFilter = .all
  ) {
    do {
      try self.init(
        validating: backoff, jitter: jitter, cap: cap, maximumAttempts: maximumAttempts,
        overallDeadline: overallDeadline, retries: retries)
    } catch {
      preconditionFailure(error.description)
    }
  }

  /// Creates a policy from values that may be wrong. Durations are kept to the nanosecond.
  ///
  /// - Throws: ``InvalidRetryPolicy``, which names the field, its value and its range.
  public init(
    validating backoff: Backoff, jitter: Jitter = .full, cap: Duration = .seconds(300),
    maximumAttempts: Int? = 5,
    overallDeadline: Duration? = nil, retries: ErrorFilter = .all
  ) throws(InvalidRetryPolicy) {
    self.backoff = try backoff.validated()
    self.jitter = jitter
    self.cap = try cap.validated(as: "cap")
    if let maximumAttempts, maximumAttempts < 1 {
      throw InvalidRetryPolicy(
        field: "maximumAttempts", value: "\(maximumAttempts)", range: "1 or more, or null for no limit")
    }
    self.maximumAttempts = maximumAttempts
    self.overallDeadline = try overallDeadline?.validated(as: "overallDeadline")
    self.retries = retries
  }

  /// One attempt, no retry.
  public static let none = RetryPolicy(maximumAttempts: 1)

  /// Five attempts with exponential backoff from one second, full jitter, and five minutes at most between
  /// two.
  public static let standard = RetryPolicy()
}

extension RetryPolicy.Backoff {
  fileprivate func validated() throws(InvalidRetryPolicy) -> Self {
    switch self {
    case .fixed(let delay):
      return .fixed(try delay.validated(as: "backoff.delay"))
    case .exponential(let initial, let multiplier):
      guard multiplier.isFinite, multiplier >= 1 else {
        throw InvalidRetryPolicy(
          field: "backoff.multiplier", value: "\(multiplier)", range: "a finite 1 or more")
      }
      return .exponential(initial: try initial.validated(as: "backoff.initial"), multiplier: multiplier)
    }
  }
}

/// Why values make no retry policy.
public struct InvalidRetryPolicy: Error, Hashable, Sendable, CustomStringConvertible {
  /// The field that is wrong, named as in JSON.
  public let field: String
  /// Its value.
  public let value: String
  /// What the value should be.
  public let range: String

  /// A sentence for people.
  public var description: String { "a retry policy's \(field) must be \(range), not \(value)" }
}

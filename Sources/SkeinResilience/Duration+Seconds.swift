extension Duration {
  /// The duration as a number of seconds, to the precision of a `Double`.
  var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) / 1e18
  }

  /// The duration of a number of seconds between zero and ``RetryPolicy/longest``, to the nanosecond.
  static func ofSeconds(_ seconds: Double) -> Duration {
    .nanoseconds(Int64((seconds * 1e9).rounded()))
  }

  /// Reads a number of seconds from a source that may be wrong.
  init(validatingSeconds seconds: Double, as field: String) throws(InvalidRetryPolicy) {
    guard (0...RetryPolicy.longest.inSeconds).contains(seconds) else {
      throw .duration(field, "\(seconds)")
    }
    self = .ofSeconds(seconds)
  }

  /// The duration to the nanosecond, if it may stand in a policy.
  func validated(as field: String) throws(InvalidRetryPolicy) -> Duration {
    guard (.zero...RetryPolicy.longest).contains(self) else { throw .duration(field, "\(self)") }
    let (seconds, attoseconds) = components
    return .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
  }
}

extension InvalidRetryPolicy {
  fileprivate static func duration(_ field: String, _ value: String) -> InvalidRetryPolicy {
    InvalidRetryPolicy(field: field, value: value, range: "a duration from 0 to 1,000,000,000 seconds")
  }
}

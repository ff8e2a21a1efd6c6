internal import SkeinJobs
package import SkeinResilience

/// How the delay between attempts grows, as people type it: `1s`, `exponential:1s`, `exponential:1s*3`,
/// `fixed:2s`.
package enum BackoffText {
  /// Reads a backoff; a span alone is the first of an exponential one that doubles.
  ///
  /// - Throws: ``JobQueueError`` that says what is wrong and what is accepted.
  package static func parse(_ text: String) throws -> RetryPolicy.Backoff {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (parts.count, parts[0]) {
    case (1, _): return .exponential(initial: try DurationText.parse(text))
    case (2, "fixed"): return .fixed(try DurationText.parse(parts[1]))
    case (2, "exponential"): return try exponential(parts[1])
    default:
      throw JobQueueError.invalidInput(
        "'\(text)' is no backoff: write 1s (doubles each time), exponential:1s*3 or fixed:2s")
    }
  }

  private static func exponential(_ text: String) throws -> RetryPolicy.Backoff {
    let parts = text.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else { return .exponential(initial: try DurationText.parse(text)) }
    guard let multiplier = Double(parts[1]), multiplier.isFinite, multiplier >= 1 else {
      throw JobQueueError.invalidInput(
        "'\(parts[1])' is no multiplier: write a number of 1 or more, as in exponential:1s*3")
    }
    return .exponential(initial: try DurationText.parse(parts[0]), multiplier: multiplier)
  }
}

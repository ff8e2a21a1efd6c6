internal import SkeinJobForms
internal import SkeinJobs

/// Rates as people type them: `10/s`, `100/1m`, `1/30s`.
enum RateText {
  /// Reads a rate.
  ///
  /// - Throws: ``CommandFailure`` that says what is wrong and what is accepted.
  static func parse(_ text: String) throws -> JobLimit.Rate {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let count = Int(parts[0]), !parts[1].isEmpty else {
      throw CommandFailure.usage("'\(text)' is no rate: write a number and a span, as 10/s, 100/1m or 1/30s")
    }
    let span = parts[1].first!.isLetter ? "1" + parts[1] : parts[1]
    return JobLimit.Rate(count, per: try DurationText.parse(span))
  }

  /// Writes a rate as it can be typed.
  static func text(_ rate: JobLimit.Rate) -> String {
    let burst = rate.burst > 1 ? ", burst \(rate.burst)" : ""
    return "\(rate.count)/\(TimeText.span(rate.period / .seconds(1)))\(burst)"
  }
}

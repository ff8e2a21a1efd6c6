internal import SkeinJobs

/// Spans of time as people type them: `500ms`, `2s`, `5m`, `1h`, `1d`, `1h30m`, `1.5s`.
package enum DurationText {
  private static let units: [String: Double] = ["ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400]

  /// A hundred years: no more than the queue takes.
  private static let mostSeconds = 100.0 * 366 * 86_400

  /// Reads a span.
  ///
  /// - Throws: ``JobQueueError`` that says what is wrong and what is accepted.
  package static func parse(_ text: String) throws -> Duration {
    guard !text.isEmpty else { throw wrong(text, "it is empty") }
    var seconds = 0.0
    var rest = text[...]
    while !rest.isEmpty { seconds += try takePart(&rest, of: text) }
    return try duration(seconds: seconds, text)
  }

  /// Checks a number of seconds from JSON.
  package static func duration(seconds: Double, _ text: String) throws -> Duration {
    guard seconds >= 0, seconds <= mostSeconds else {
      throw wrong(text, "it must be from 0 to a hundred years")
    }
    return .nanoseconds(Int64((seconds * 1e9).rounded()))
  }

  /// Takes a number and its unit off the front.
  private static func takePart(_ rest: inout Substring, of text: String) throws -> Double {
    let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    rest = rest.dropFirst(digits.count)
    let unit = rest.prefix { $0.isLetter }
    rest = rest.dropFirst(unit.count)
    guard let number = Double(digits), !digits.hasPrefix("."), !digits.hasSuffix(".") else {
      throw wrong(text, "a number was expected")
    }
    guard !unit.isEmpty else { throw wrong(text, "the unit is missing") }
    guard let factor = units[String(unit)] else { throw wrong(text, "'\(unit)' is no unit") }
    return number * factor
  }

  private static func wrong(_ text: String, _ why: String) -> JobQueueError {
    .invalidInput("'\(text)' is no duration: \(why); write 500ms, 2s, 5m, 1h, 1d or 1h30m")
  }
}

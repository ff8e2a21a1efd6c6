package import FoundationEssentials

/// Times and spans as text.
package enum TimeText {
  /// ISO 8601 in UTC, to the millisecond.
  package static func exact(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }

  /// A span for people, with about three digits.
  package static func span(_ seconds: Double) -> String {
    switch seconds {
    case ..<0: "0ms"
    case ..<0.9995: "\(Int((seconds * 1000).rounded()))ms"
    case ..<59.95: decimal(seconds, digits: seconds < 9.995 ? 2 : 1) + "s"
    case ..<3600: pair(seconds, (60, "m"), (1, "s"))
    case ..<86_400: pair(seconds, (3600, "h"), (60, "m"))
    default: pair(seconds, (86_400, "d"), (3600, "h"))
    }
  }

  /// A span for people; empty when one of its ends is missing.
  package static func span(from start: Date?, to end: Date?) -> String {
    guard let start, let end else { return "" }
    return span(end.timeIntervalSince(start))
  }

  /// How long ago something was, or in how much time it will be.
  package static func distance(to date: Date, from now: Date = Date()) -> String {
    let seconds = now.timeIntervalSince(date)
    return seconds >= 0 ? whole(seconds.rounded(.down)) + " ago" : "in " + whole((-seconds).rounded(.up))
  }

  private static func whole(_ seconds: Double) -> String { seconds < 60 ? "\(Int(seconds))s" : span(seconds) }

  private static func decimal(_ value: Double, digits: Int) -> String {
    let scale = digits == 2 ? 100 : 10
    let units = Int((value * Double(scale)).rounded())
    let fraction = "\(units % scale)"
    return "\(units / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  private static func pair(_ seconds: Double, _ large: (Int, String), _ small: (Int, String)) -> String {
    let units = Int(seconds.rounded()) / small.0
    let ratio = large.0 / small.0
    return units % ratio == 0
      ? "\(units / ratio)\(large.1)" : "\(units / ratio)\(large.1)\(units % ratio)\(small.1)"
  }
}

internal import Glibc

/// How often spans of time were how long, to a fifth of their length: from a tenth of a millisecond to months.
struct LatencyHistogram: Hashable, Sendable {
  /// Four steps for each doubling.
  private static let steps = 4.0
  private static let shortest = 0.0001
  private static let last = 140

  /// How many spans there are of each step; steps without any are left out.
  private(set) var counts: [Int: Int] = [:]

  /// One of no spans.
  init() {}

  /// How many spans there are.
  var count: Int { counts.values.reduce(0, +) }

  /// Adds a span.
  mutating func note(_ seconds: Double) {
    counts[Self.step(of: seconds), default: 0] += 1
  }

  /// Adds all spans of another one.
  mutating func add(_ other: LatencyHistogram) { counts.merge(other.counts, uniquingKeysWith: +) }

  /// The span that a part of all are not longer than, in seconds; `nil` without spans.
  ///
  /// - Parameter part: from 0 to 1.
  func percentile(_ part: Double) -> Double? {
    let wanted = max(1, (Double(count) * part).rounded(.up))
    var seen = 0
    for step in counts.keys.sorted() {
      seen += counts[step]!
      if Double(seen) >= wanted { return Self.end(of: step) }
    }
    return nil
  }

  /// How many spans were not longer than so many seconds, as far as the steps tell.
  func count(upTo seconds: Double) -> Int {
    counts.reduce(0) { Self.end(of: $1.key) <= seconds * 1.000_001 ? $0 + $1.value : $0 }
  }

  private static func step(of seconds: Double) -> Int {
    guard seconds > shortest else { return 0 }
    return min(last, Int((log2(seconds / shortest) * steps).rounded(.up)))
  }

  /// The longest span of a step.
  private static func end(of step: Int) -> Double { shortest * exp2(Double(step) / steps) }
}

extension LatencyHistogram: Codable {
  /// Reads pairs of a step and its count.
  init(from decoder: any Decoder) throws {
    var pairs = try decoder.unkeyedContainer()
    while !pairs.isAtEnd {
      let step = try pairs.decode(Int.self)
      counts[min(max(step, 0), Self.last)] = try pairs.decode(Int.self)
    }
  }

  /// Writes pairs of a step and its count.
  func encode(to encoder: any Encoder) throws {
    var pairs = encoder.unkeyedContainer()
    for (step, count) in counts.sorted(by: { $0.key < $1.key }) {
      try pairs.encode(step)
      try pairs.encode(count)
    }
  }
}

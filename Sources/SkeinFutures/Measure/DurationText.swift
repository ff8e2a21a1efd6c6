/// Spans of time for people, with four digits that count.
enum DurationText {
  /// A unit of time.
  struct Unit: Sendable {
    var name: String
    var span: Duration

    static let all = [
      Unit(name: "s", span: .seconds(1)), Unit(name: "ms", span: .milliseconds(1)),
      Unit(name: "µs", span: .microseconds(1)), Unit(name: "ns", span: .nanoseconds(1)),
    ]

    /// The one in which a span has up to three digits before the point.
    init(for span: Duration) {
      self = Self.all.first { span.magnitude >= $0.span } ?? Self.all[span == .zero ? 0 : 3]
    }

    init(name: String, span: Duration) {
      self.name = name
      self.span = span
    }
  }

  /// A span in the unit that suits it.
  static func text(_ span: Duration) -> String { text(span, in: Unit(for: span)) }

  /// A span in a unit.
  static func text(_ span: Duration, in unit: Unit) -> String { "\(number(span, in: unit)) \(unit.name)" }

  /// The number alone.
  static func number(_ span: Duration, in unit: Unit) -> String {
    let value = span / unit.span
    return decimal(value, digits: value.magnitude < 9.9995 ? 3 : value.magnitude < 99.995 ? 2 : 1)
  }

  /// A number with so many digits behind its point.
  static func decimal(_ value: Double, digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let units = (value.magnitude * scale).rounded()
    // More than a thousand years, in nanoseconds.
    guard units < 1e18 else { return "\(value)" }
    let (whole, rest) = Int64(units).quotientAndRemainder(dividingBy: Int64(scale))
    let sign = value < 0 && units > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    return "\(sign)\(whole)." + String(repeating: "0", count: digits - "\(rest)".count) + "\(rest)"
  }
}

extension Duration {
  fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}

internal import struct FoundationEssentials.Date

extension Date {
  /// Milliseconds since 1970, rounded down; `nil` for what is no number. What lies outside the years from 1
  /// to 9999 is a millisecond outside.
  ///
  /// A date is a `Double`, which may give back a whole millisecond a trace too small: up to the year 9999 by
  /// less than the twentieth of a millisecond that is added before rounding.
  var wholeMilliseconds: Int? {
    let milliseconds = timeIntervalSince1970 * 1000
    guard !milliseconds.isNaN else { return nil }
    let (first, last) = (CivilDay.milliseconds.lowerBound, CivilDay.milliseconds.upperBound)
    if milliseconds < Double(first) { return first - 1 }
    if milliseconds > Double(last) { return last + 1 }
    return Int((milliseconds + 0.05).rounded(.down))
  }

  /// Creates the instant so many milliseconds after 1970.
  init(wholeMilliseconds: Int) {
    self.init(timeIntervalSince1970: Double(wholeMilliseconds) / 1000)
  }
}

extension CivilDay {
  /// The days that schedules know: the years from 1 to 9999.
  static let numbers =
    CivilDay(year: 1, month: 1, day: 1).number...CivilDay(year: 9999, month: 12, day: 31).number

  /// Their milliseconds since 1970.
  static let milliseconds = numbers.lowerBound * 86_400_000...(numbers.upperBound + 1) * 86_400_000 - 1
}

extension Duration {
  /// The span in milliseconds, rounded to the nearest; `nil` when it is more than a hundred years either way.
  var wholeMilliseconds: Int? {
    let (seconds, attoseconds) = components
    let longest: Int64 = 100 * 366 * 86_400
    guard (-longest...longest).contains(seconds) else { return nil }
    let fraction = (Double(attoseconds) / 1e15).rounded()
    return Int(seconds) * 1000 + Int(fraction)
  }
}

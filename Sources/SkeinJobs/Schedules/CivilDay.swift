/// A date of the Gregorian calendar, extended to years before its introduction.
///
/// - Source: H. Hinnant, *chrono-Compatible Low-Level Date Algorithms*, 2013: `days_from_civil` and
///   `civil_from_days`. Its years begin in March, so that the leap day is the last one.
struct CivilDay: Hashable, Sendable {
  var year: Int
  /// From 1 to 12.
  var month: Int
  /// From 1 to 31.
  var day: Int

  /// After so many years dates and weekdays repeat exactly: they have 146,097 days, which are 20,871 weeks.
  static let yearsOfCycle = 400
  private static let daysOfCycle = 146_097
  /// From 0000-03-01 to 1970-01-01.
  private static let daysToEpoch = 719_468

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// Creates the day that comes so many days after 1970-01-01.
  init(number: Int) {
    let (cycle, ofCycle) = (number + Self.daysToEpoch).dividedDown(by: Self.daysOfCycle)
    let ofYear = (ofCycle - ofCycle / 1460 + ofCycle / 36_524 - ofCycle / 146_096) / 365
    let dayOfYear = ofCycle - (365 * ofYear + ofYear / 4 - ofYear / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    year = cycle * Self.yearsOfCycle + ofYear + (month <= 2 ? 1 : 0)
  }

  /// How many days after 1970-01-01 it is.
  var number: Int {
    let marchYear = month <= 2 ? year - 1 : year
    let (cycle, ofYear) = marchYear.dividedDown(by: Self.yearsOfCycle)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let ofCycle = ofYear * 365 + ofYear / 4 - ofYear / 100 + dayOfYear
    return cycle * Self.daysOfCycle + ofCycle - Self.daysToEpoch
  }

  /// From 0, Sunday, to 6. The first day of 1970 was a Thursday.
  var weekday: Int { (number + 4).dividedDown(by: 7).remainder }

  /// How many days its month has.
  var daysOfMonth: Int {
    let isLeapYear = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    if month == 2 { return isLeapYear ? 29 : 28 }
    return [4, 6, 9, 11].contains(month) ? 30 : 31
  }
}

extension Int {
  /// The quotient rounded down, and the remainder, which is never negative.
  func dividedDown(by divisor: Int) -> (quotient: Int, remainder: Int) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

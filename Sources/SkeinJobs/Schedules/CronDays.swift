/// On which days a cron expression fires: its months, days of the month and days of the week.
struct CronDays: Hashable, Sendable {
  private(set) var months = CronNumbers()
  private var daysOfMonth = CronNumbers()
  private var includesLastDay = false
  private var weekdays = CronWeekdays()
  /// Whether either day field is enough; otherwise a day must match both.
  private let eitherIsEnough: Bool

  /// Creates the days of three fields.
  ///
  /// - Parameter eitherIsEnough: whether both day fields are restricted, which means that neither begins with
  ///   `*`.
  init(daysOfMonth: [CronElement], months: [CronElement], weekdays: [CronElement], eitherIsEnough: Bool) {
    self.eitherIsEnough = eitherIsEnough
    self.months = CronNumbers(months)
    self.daysOfMonth = CronNumbers(daysOfMonth)
    includesLastDay = daysOfMonth.contains(.lastDay)
    self.weekdays = CronWeekdays(weekdays)
  }

  /// The first day that matches and is `start` or later, both counted from 1970-01-01.
  ///
  /// - Returns: `nil` when no day ever matches: after a cycle of 400 years the calendar repeats.
  /// - Complexity: a few steps for each month of the fields up to that day. The longest gap is forty years,
  ///   for a 29th of February on a given weekday around a century without a leap day.
  func first(onOrAfter start: Int) -> Int? {
    var date = CivilDay(number: start)
    let lastYear = date.year + CivilDay.yearsOfCycle
    while date.year <= lastYear {
      guard let month = months.first(from: date.month) else {
        date = CivilDay(year: date.year + 1, month: 1, day: 1)
        continue
      }
      if month > date.month { date = CivilDay(year: date.year, month: month, day: 1) }
      if let day = days(ofMonthOf: date).first(from: date.day) {
        return CivilDay(year: date.year, month: month, day: day).number
      }
      date = CivilDay(year: date.year, month: month + 1, day: 1)
    }
    return nil
  }

  /// The days that match in the month of a date.
  private func days(ofMonthOf date: CivilDay) -> CronNumbers {
    let length = date.daysOfMonth
    var byNumber = daysOfMonth
    if includesLastDay { byNumber.insert(length) }
    let firstWeekday = CivilDay(year: date.year, month: date.month, day: 1).weekday
    let byWeekday = weekdays.days(firstWeekday: firstWeekday, length: length)
    let both = eitherIsEnough ? byNumber.bits | byWeekday : byNumber.bits & byWeekday
    return CronNumbers(bits: both & (2 << UInt64(length) - 1))
  }
}

/// Which weekdays of a month match: for each week, counted from the first of the month, a set of weekdays.
private struct CronWeekdays: Hashable, Sendable {
  /// Six rows of eight bits, in which bit 0 is Sunday: the first to fifth of a weekday, and its last one.
  private var rows: UInt64 = 0
  private static let lastRow = 5

  init() {}

  init(_ elements: [CronElement]) {
    for element in elements {
      switch element {
      case .span(let range, let step):
        for day in stride(from: range.lowerBound, through: range.upperBound, by: step) {
          for row in 0..<Self.lastRow { insert(day % 7, row: row) }
        }
      case .nth(let weekday, let place): insert(weekday, row: place - 1)
      case .last(let weekday): insert(weekday, row: Self.lastRow)
      case .lastDay: break
      }
    }
  }

  private mutating func insert(_ weekday: Int, row: Int) { rows |= 1 << (8 * row + weekday) }

  /// The days that match, as bits from 1 on, in a month that begins with a weekday; some may lie beyond its
  /// end.
  func days(firstWeekday: Int, length: Int) -> UInt64 {
    let last = week(Self.lastRow, from: (firstWeekday + length) % 7) << (length - 6)
    return (0..<Self.lastRow).reduce(last) { days, row in
      days | week(row, from: firstWeekday) << (7 * row + 1)
    }
  }

  /// A row as seven bits of which the first is for the given weekday.
  private func week(_ row: Int, from weekday: Int) -> UInt64 {
    let week = rows >> (8 * row) & 0x7f
    return ((week | week << 7) >> weekday) & 0x7f
  }
}

extension CronNumbers {
  /// The numbers of all spans.
  init(_ elements: [CronElement]) {
    for case .span(let range, let step) in elements {
      insert(stride(from: range.lowerBound, through: range.upperBound, by: step))
    }
  }
}

public import struct FoundationEssentials.Date

extension JobSchedule {
  /// The first tick after a moment.
  ///
  /// - Parameter date: a tick gives the one after it. Moments count to the millisecond, rounded down.
  /// - Returns: `nil` only when there is none up to the year 9999.
  /// - Complexity: about a microsecond by a cron expression, see ``CronExpression/next(after:in:)``; O(1) at
  ///   a fixed rate.
  public func next(after date: Date) -> Date? {
    date.wholeMilliseconds.flatMap { firstTick(after: $0) }.map(Date.init(wholeMilliseconds:))
  }

  /// The last tick before a moment.
  ///
  /// - Parameter date: a tick gives the one before it. Moments count to the millisecond, rounded down.
  /// - Returns: `nil` when there is none since the year 1.
  /// - Complexity: as ``next(after:)``, times twice the binary logarithm of the seconds since that tick; O(1)
  ///   at a fixed rate.
  public func previous(before date: Date) -> Date? {
    date.wholeMilliseconds.flatMap { lastTick(before: $0) }.map(Date.init(wholeMilliseconds:))
  }

  /// The next ticks after a moment, in order, to show what a schedule means.
  ///
  /// - Parameters:
  ///   - count: how many; none when it is negative.
  ///   - date: a tick is not among its own next ones.
  public func next(_ count: Int, after date: Date) -> [Date] {
    guard let start = date.wholeMilliseconds else { return [] }
    return Self.dates(ticks(after: start, through: .max, limit: count))
  }

  /// The first ticks that are later than `start` and not later than `end`, in order.
  ///
  /// - Parameter limit: how many at most; none when it is negative.
  /// - Complexity: that of ``next(after:)`` for each of the ticks.
  public func ticks(after start: Date, through end: Date, limit: Int) -> [Date] {
    guard let first = start.wholeMilliseconds, end > start else { return [] }
    return Self.dates(ticks(after: first, through: end.wholeMilliseconds ?? .min, limit: limit))
  }
}

/// The same in milliseconds since 1970.
extension JobSchedule {
  static func dates(_ ticks: [Int]) -> [Date] { ticks.map(Date.init(wholeMilliseconds:)) }

  func ticks(after start: Int, through end: Int, limit: Int) -> [Int] {
    var ticks: [Int] = []
    while ticks.count < limit, let tick = firstTick(after: ticks.last ?? start), tick <= end {
      ticks.append(tick)
    }
    return ticks
  }

  func firstTick(after moment: Int) -> Int? {
    switch rhythm {
    case .cron(let expression, let timeZone):
      let second = moment.dividedDown(by: 1000).quotient + 1
      return expression.firstTick(from: second, in: timeZone).map { $0 * 1000 }
    case .every(let interval, let anchor):
      return Self.tick(every: interval, from: anchor, upTo: moment, later: 1)
    }
  }

  func lastTick(before moment: Int) -> Int? {
    switch rhythm {
    case .cron: lastCronTick(before: moment)
    case .every(let interval, let anchor): Self.tick(every: interval, from: anchor, upTo: moment - 1)
    }
  }

  /// The last tick at a fixed rate that is not after a moment, or one that comes so many intervals later.
  private static func tick(
    every interval: Duration, from anchor: Date, upTo moment: Int, later: Int = 0
  ) -> Int? {
    guard let interval = interval.wholeMilliseconds, let anchor = anchor.wholeMilliseconds else { return nil }
    let tick = anchor + ((moment - anchor).dividedDown(by: interval).quotient + later) * interval
    return CivilDay.milliseconds.contains(tick) ? tick : nil
  }

  /// Finds the last tick by asking for next ones only, so that there is one definition of what a tick is.
  ///
  /// The next tick after a moment never comes earlier for a later moment. So one goes back in steps that
  /// double, until the next tick from there comes before `moment`, and then halves what lies between that
  /// tick and `moment`.
  private func lastCronTick(before moment: Int) -> Int? {
    func tick(after start: Int) -> Int? { firstTick(after: start).flatMap { $0 < moment ? $0 : nil } }
    var step = 1000
    var found: Int?
    while found == nil, moment - step > CivilDay.milliseconds.lowerBound {
      step *= 2
      found = tick(after: max(moment - step, CivilDay.milliseconds.lowerBound - 1))
    }
    guard var last = found else { return nil }
    var end = moment
    while last + 1000 <= end {
      let middle = last + (end - last) / 2
      if let later = tick(after: middle) { last = later } else { end = middle }
    }
    return last
  }
}

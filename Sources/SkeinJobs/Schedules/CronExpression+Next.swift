public import struct FoundationEssentials.Date

extension CronExpression {
  /// The first time after `date` at which it fires.
  ///
  /// - Parameters:
  ///   - date: a time at which it fires gives the one after that.
  ///   - timeZone: whose clocks the fields mean.
  /// - Returns: a whole second; `nil` only when there is none up to the year 9999.
  /// - Complexity: a few steps for each field, and for each month up to the next day that matches; about a
  ///   microsecond.
  public func next(after date: Date, in timeZone: JobTimeZone = .utc) -> Date? {
    guard let milliseconds = date.wholeMilliseconds else { return nil }
    let second = milliseconds.dividedDown(by: 1000).quotient
    return firstTick(from: second + 1, in: timeZone).map { Date(wholeMilliseconds: $0 * 1000) }
  }

  /// The first second since 1970 at which it fires, `start` or later.
  ///
  /// It looks for the first matching local time, one stretch of unchanged clocks after the other. Where a
  /// whole stretch had none, those up to that local time have none either, and the search goes on shortly
  /// before it: by more than the clocks of then and of now can differ.
  func firstTick(from start: Int, in timeZone: JobTimeZone) -> Int? {
    var instant = start
    while true {
      let stretch = timeZone.stretch(at: instant)
      guard let local = firstLocalTime(from: lowestLocalTime(at: instant, in: stretch)) else { return nil }
      // A local time that the clocks skipped counts as their first moment after the gap.
      let tick = max(local - stretch.offset, instant)
      if tick < stretch.end { return CivilDay.milliseconds.contains(tick * 1000) ? tick : nil }
      let isWhole = instant == stretch.start
      instant = isWhole ? max(stretch.end, tick - 2 * JobTimeZone.longestJump) : stretch.end
    }
  }

  /// From which local time on one has to look at an instant.
  ///
  /// Fixed times fire once: at the beginning of a stretch the search goes on where the clocks stood before,
  /// so that those that a gap skipped are found, and within it, those that have been shown before are left
  /// out.
  private func lowestLocalTime(at instant: Int, in stretch: ClockStretch) -> Int {
    let local = instant + stretch.offset
    guard !followsElapsedTime, let start = stretch.start else { return local }
    let shownBefore = start + stretch.offsetBefore
    return instant == start ? shownBefore : max(local, shownBefore)
  }

  /// The first local time that matches, `start` or later, both in seconds since 1970 on the local clock.
  private func firstLocalTime(from start: Int) -> Int? {
    let (day, second) = start.dividedDown(by: 86_400)
    guard let match = days.first(onOrAfter: day), match <= CivilDay.numbers.upperBound else { return nil }
    if match > day { return match * 86_400 + firstSecond }
    if let time = firstTimeOfDay(from: second) { return match * 86_400 + time }
    return firstLocalTime(from: (day + 1) * 86_400)
  }

  /// The first second of a day that matches, `start` or later.
  private func firstTimeOfDay(from start: Int) -> Int? {
    let (hour, minute, second) = (start / 3600, start / 60 % 60, start % 60)
    if hours.contains(hour) {
      if minutes.contains(minute), let second = seconds.first(from: second) {
        return hour * 3600 + minute * 60 + second
      }
      if let minute = minutes.first(from: minute + 1) {
        return hour * 3600 + minute * 60 + firstSecond % 60
      }
    }
    return hours.first(from: hour + 1).map { $0 * 3600 + firstSecond % 3600 }
  }

  /// The first second of a day that matches.
  private var firstSecond: Int {
    hours.bits.trailingZeroBitCount * 3600 + minutes.bits.trailingZeroBitCount * 60
      + seconds.bits.trailingZeroBitCount
  }
}

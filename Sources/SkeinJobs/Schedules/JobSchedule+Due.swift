public import struct FoundationEssentials.Date

extension JobSchedule {
  /// How late a tick may be noticed and still be on time, by default: a minute.
  public static let grace = Duration.seconds(60)

  /// The ticks for which runs are to be enqueued now, in order.
  ///
  /// | ticks after `lastTick` and up to `now` | `.skip` | `.once` | `.all(limit: n)` |
  /// |---|---|---|---|
  /// | none | none | none | none |
  /// | one, on time | it | it | it |
  /// | one, late | none | it | it |
  /// | several, the last of them on time | the last | the last | the last n |
  /// | several, all late | none | the last | the last n |
  /// | `lastTick` is `nil`, the last tick is on time | the last | the last | the last |
  /// | `lastTick` is `nil`, the last tick is late | none | none | none |
  ///
  /// A tick is on time up to `grace` after it. A clock that is set back gives the first row: no tick is due
  /// twice.
  ///
  /// - Parameters:
  ///   - lastTick: the last tick that was enqueued; while there is none, the time at which the schedule was
  ///     made, so that nothing from before is made up for. `nil` when neither is known. Keep the last element
  ///     of each result for the next call.
  ///   - now: the time.
  ///   - policy: what becomes of ticks that were missed.
  ///   - grace: how late a tick is on time; rounded to the millisecond.
  /// - Returns: at most one tick, or with `.all` at most its limit.
  /// - Complexity: that of ``previous(before:)`` for each tick of the result.
  public func due(
    lastTick: Date?, now: Date, policy: CatchUpPolicy, grace: Duration = JobSchedule.grace
  ) -> [Date] {
    guard let now = now.wholeMilliseconds else { return [] }
    guard let lastTick else {
      let latest = self.lastTick(before: now + 1)
      return Self.dates(latest.flatMap { isOnTime($0, at: now, grace) ? [$0] : nil } ?? [])
    }
    guard let done = lastTick.wholeMilliseconds, let latest = latestTick(after: done, through: now) else {
      return []
    }
    switch policy {
    case .skip: return Self.dates(isOnTime(latest, at: now, grace) ? [latest] : [])
    case .once: return Self.dates([latest])
    case .all(let limit):
      return Self.dates(lastTicks(min(max(limit, 1), CatchUpPolicy.most), after: done, upTo: latest))
    }
  }

  private func isOnTime(_ tick: Int, at now: Int, _ grace: Duration) -> Bool {
    now - tick <= grace.wholeMilliseconds ?? (grace > .zero ? .max : .min)
  }

  private func latestTick(after start: Int, through end: Int) -> Int? {
    let ticks = ticks(after: start, through: end, limit: 2)
    // One tick is what a scheduler that keeps up finds; looking back costs more.
    return ticks.count < 2 ? ticks.last : lastTick(before: end + 1)
  }

  private func lastTicks(_ count: Int, after start: Int, upTo latest: Int) -> [Int] {
    let first = ticks(after: start, through: latest, limit: count)
    guard first.last != latest else { return first }
    var backwards = [latest]
    while backwards.count < count, let tick = lastTick(before: backwards[backwards.count - 1]) {
      backwards.append(tick)
    }
    return backwards.reversed()
  }
}

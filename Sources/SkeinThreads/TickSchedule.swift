/// When a repeating timer fires next: the deciding half of ``RepeatingTimer``.
///
/// | pace | next tick |
/// |---|---|
/// | fixed rate | the first multiple of the interval after the first tick that is still to come |
/// | fixed delay | one interval after the action ended |
struct TickSchedule<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
  let interval: Duration
  let pace: RepeatingTimer.Pace
  /// How many ticks there are yet to be; `nil` without an end.
  private(set) var left: Int?
  /// The tick that comes next.
  private(set) var next: Instant
  /// How many ticks passed while an action ran.
  private(set) var missed = 0

  init(interval: Duration, pace: RepeatingTimer.Pace, limit: Int?, first: Instant) {
    self.interval = interval
    self.pace = pace
    left = limit
    next = first
  }

  var isOver: Bool { left == 0 }

  /// Moves on: the action of this tick has ended.
  mutating func advance(now: Instant) {
    left = left.map { $0 - 1 }
    switch pace {
    case .fixedDelay: next = now.advanced(by: interval)
    case .fixedRate:
      next = next.advanced(by: interval)
      guard next < now else { return }
      // A tick that is due at this very instant is on time.
      let (behind, step) = (next.duration(to: now).attoseconds, interval.attoseconds)
      let (whole, part) = behind.quotientAndRemainder(dividingBy: step)
      missed += Int(clamping: part == 0 ? whole : whole + 1)
      next = part == 0 ? now : now.advanced(by: Duration(attoseconds: step - part))
    }
  }
}

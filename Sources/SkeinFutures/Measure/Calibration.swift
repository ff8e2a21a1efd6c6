/// Finds how many calls a sample takes, so that the clock can tell it from another.
///
/// ```text
///  calls of the last batch took…     next
///  the target or longer              settled
///  less                              so many more that they reach it, ten times as many at the most
///  nothing, with a thousand calls    settled at one: the clock stands still
/// ```
struct Calibration {
  /// How long a sample has to take.
  let target: Duration
  /// How many calls the next batch takes, or each sample once it is settled.
  private(set) var repetitions = 1
  private(set) var isSettled = false

  /// The clock's step is less than a thousandth of a sample.
  static let stepsPerSample = 1000
  /// Past this, a clock that has not moved does not.
  static let mostCallsInNoTime = 1000

  /// - Parameter quickest: the shortest of some calls that were timed one by one; `nil` without any.
  init(target: Duration, quickest: Duration?) {
    self.target = target
    if let quickest { record(quickest) }
  }

  /// Takes what a batch of ``repetitions`` calls took.
  mutating func record(_ elapsed: Duration) {
    if elapsed >= target { return isSettled = true }
    guard elapsed > .zero else { return recordNothing() }
    // Somewhat more, for batches differ.
    let factor = min(10, 1.2 * (target / elapsed))
    repetitions = max(repetitions + 1, Int((Double(repetitions) * factor).rounded(.up)))
  }

  private mutating func recordNothing() {
    isSettled = repetitions >= Self.mostCallsInNoTime
    repetitions = isSettled ? 1 : repetitions * 10
  }

  /// How long a sample has to take with a clock.
  static func target<C: Clock>(of clock: C) -> Duration where C.Duration == Duration {
    max(clock.minimumResolution, step(of: clock)) * stepsPerSample
  }

  /// The smallest distance of two readings, which is what a reading costs or what the clock can tell apart, whichever is
  /// more; zero for a clock that stands still.
  private static func step<C: Clock>(of clock: C) -> Duration where C.Duration == Duration {
    var smallest: Duration?
    var last = clock.now
    for _ in 0..<64 {
      let now = clock.now
      let step = last.duration(to: now)
      if step > .zero { smallest = min(step, smallest ?? step) }
      last = now
    }
    return smallest ?? .zero
  }
}

/// How many jobs a worker takes ahead: none when jobs are long, so that priority and other workers are not cheated of
/// them; some when jobs are so short that fetching one at a time would be the work.
///
/// - Invariant: what is taken ahead is expected to be started within ``window``.
struct ClaimPlan {
  /// The time that jobs taken ahead may wait in the worker.
  static let window = Duration.milliseconds(10)
  /// The most jobs taken ahead.
  static let mostAhead = 256

  let concurrency: Int
  /// The running mean of how long an attempt holds its place; `nil` before the first.
  private var mean: Duration?

  init(concurrency: Int) {
    self.concurrency = concurrency
  }

  /// Learns how long an attempt held its place.
  mutating func note(_ duration: Duration) {
    guard let mean else {
      self.mean = duration
      return
    }
    // Long jobs are believed at once, short ones after a while: taking too many is worse than taking too few.
    let weight = duration > mean ? 0.5 : 0.1
    self.mean = mean + (duration - mean) * weight
  }

  /// How many jobs may wait in the worker besides those that run.
  var ahead: Int {
    guard let mean else { return 0 }
    let perPlace = min(Self.window / max(mean, .microseconds(1)), Double(Self.mostAhead))
    return min(Int(perPlace) * concurrency, Self.mostAhead)
  }

  /// How many jobs to ask for.
  ///
  /// - Parameters:
  ///   - waiting: jobs that are claimed and have no place yet.
  ///   - running: places that are taken.
  func wanted(waiting: Int, running: Int) -> Int {
    let missing = concurrency - running + ahead - waiting
    // Small orders are not worth a transaction while there is enough to do.
    let isWorthwhile = waiting == 0 || missing > ahead / 2
    return isWorthwhile ? max(0, missing) : 0
  }
}

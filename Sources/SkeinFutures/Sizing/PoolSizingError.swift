/// What is wrong with what a pool was to be sized by.
public enum PoolSizingError: Error, Hashable, Sendable {
  /// A span of time, with its name, is negative.
  case negativeTime(String, Duration)
  /// The job took no time at all.
  case noTime
  /// One thread can not compute for longer than time passes.
  case moreThanWall(compute: Duration, wall: Duration)
  /// A sample is of one run at least, after no less than zero for warming up.
  case invalidRuns(Int)
  /// Processors are to be used for a part of their time that is more than 0 and at most 1.
  case invalidUtilisation(Double)
  /// There is one processor at least.
  case invalidProcessors(Int)
  /// A pool has one thread at least.
  case invalidBounds(ClosedRange<Int>)
}

extension PoolSizingError: CustomStringConvertible {
  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch self {
    case .negativeTime(let name, let span): "the time “\(name)” is \(span): give one from zero on"
    case .noTime: "the job took no time: sample more runs of it"
    case .moreThanWall(let compute, let wall):
      "\(compute) of processor time in \(wall) is more than one thread can use: sample a job that runs on one"
    case .invalidRuns(let count):
      "a sample of \(count) runs: give one or more, and zero or more for warming up"
    case .invalidUtilisation(let share):
      "a utilisation of \(share): give more than 0, and at most 1 for processors that always work"
    case .invalidProcessors(let count): "\(count) processors: give one or more"
    case .invalidBounds(let bounds): "a pool of \(bounds) threads: give one or more"
    }
  }
}

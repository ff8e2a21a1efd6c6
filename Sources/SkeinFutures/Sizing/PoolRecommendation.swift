/// How many threads a pool should have for a job that was measured, and why.
public struct PoolRecommendation: Hashable, Sendable {
  /// How many.
  public let threads: Int
  /// What the formula gives, before it is rounded and bounded; infinite for a job that does not compute.
  public let unbounded: Double
  /// What the job does with its time.
  public let times: JobTimes
  /// How many processors there are.
  public let processors: Int
  /// The part of their time that they shall work.
  public let utilisation: Double
  /// The fewest and the most threads that were allowed.
  public let bounds: ClosedRange<Int>

  /// Whether the bounds, and not the formula, gave the number.
  public var isBounded: Bool { !(unbounded.rounded() == Double(threads)) }
}

extension PoolRecommendation: CustomStringConvertible {
  /// A sentence for people: the number, and how it comes about.
  public var description: String {
    "\(threads) thread\(threads == 1 ? "" : "s"): \(reason)\(isBounded ? "; \(bound)" : "")"
  }

  private var reason: String {
    let use = utilisation < 1 ? " for \(PoolSizing.text(utilisation * 100)) % of their time" : ""
    let goal = "to keep \(processors) processor\(processors == 1 ? "" : "s") at work\(use)"
    guard times.compute > .zero else {
      return "the job waits and does not compute, so that none suffices \(goal)"
    }
    let wait = PoolSizing.text(times.waitPerCompute)
    return "for each second that it computes, the job waits \(wait) s, so that it takes "
      + "\(PoolSizing.text(unbounded)) \(goal)"
  }

  private var bound: String {
    unbounded > Double(threads)
      ? "bounded by \(bounds.upperBound): where many jobs wait at once, tasks cost less than threads"
      : "no less than \(bounds.lowerBound) were asked for"
  }
}

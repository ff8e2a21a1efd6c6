/// How many threads a pool should have.
///
/// ```swift
/// let threads = try PoolSizing.ruleOfThumb(for: .ioBound)
/// let measured = try PoolSizing.recommendation(for: JobTimes.sample { try fetchAndParse(page) })
/// print(measured.threads, measured)
/// ```
///
/// The rule of thumb needs to know no more than what kind of work it is. The recommendation needs a job that can be run,
/// or its figures.
public enum PoolSizing {
  /// The usual size for a kind of work.
  ///
  /// | work | threads on n processors |
  /// |---|---|
  /// | ``Workload/cpuBound`` | n: more would only take turns |
  /// | ``Workload/ioBound`` | 5n, at most 32 |
  /// | ``Workload/mixed`` | 2n, at most 16 |
  ///
  /// - Parameters:
  ///   - workload: what the jobs are like.
  ///   - processors: how many there are; by default those that the process can use.
  /// - Throws: ``PoolSizingError/invalidProcessors(_:)``.
  public static func ruleOfThumb(
    for workload: Workload, processors: Int = AvailableProcessors.current.count
  ) throws(PoolSizingError) -> Int {
    guard processors > 0 else { throw .invalidProcessors(processors) }
    return switch workload {
    case .cpuBound: processors
    // Compared before they are multiplied, which might overflow.
    case .ioBound: min(processors, 32) * 5 < 32 ? processors * 5 : 32
    case .mixed: min(processors, 16) * 2 < 16 ? processors * 2 : 16
    }
  }

  /// As many threads as keep the processors busy, by what a job computes and waits.
  ///
  /// While one job waits, another can compute: threads = processors × utilisation × (1 + wait / compute).
  ///
  /// - Parameters:
  ///   - times: those of a representative job.
  ///   - processors: how many there are; by default those that the process can use.
  ///   - utilisation: the part of their time that they shall work for the pool, more than 0 and at most 1.
  ///   - bounds: the fewest and the most threads. Each takes memory and the kernel's time, and what the jobs wait for
  ///     has limits of its own; where more would be needed, tasks do better.
  /// - Throws: ``PoolSizingError`` for a number that is out of its range.
  /// - Source: B. Goetz, Java Concurrency in Practice, 2006, section 8.2.
  public static func recommendation(
    for times: JobTimes, processors: Int = AvailableProcessors.current.count, utilisation: Double = 1,
    within bounds: ClosedRange<Int> = 1...256
  ) throws(PoolSizingError) -> PoolRecommendation {
    guard processors > 0 else { throw .invalidProcessors(processors) }
    // What is no number is in no range either.
    guard utilisation > 0, utilisation <= 1 else { throw .invalidUtilisation(utilisation) }
    guard bounds.lowerBound > 0 else { throw .invalidBounds(bounds) }
    let exact = Double(processors) * utilisation * (1 + times.waitPerCompute)
    return PoolRecommendation(
      threads: max(bounds.lowerBound, Int(min(exact.rounded(), Double(bounds.upperBound)))),
      unbounded: exact, times: times, processors: processors, utilisation: utilisation, bounds: bounds)
  }

  /// A number with one digit behind its point at the most.
  static func text(_ number: Double) -> String {
    let text = DurationText.decimal(number, digits: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

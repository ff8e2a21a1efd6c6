/// How long something took, measured again and again.
///
/// ```swift
/// let timing = try measure(iterations: 50) { try parse(text) }
/// print(timing.median, timing.percentile(99))
/// print(timing.table)
/// ```
///
/// The median and the ``minimum`` of a measurement say most about the code, the mean and the high percentiles about
/// what its caller lives with.
///
/// - Invariant: there is one sample at least, and none is negative.
public struct Timing: Hashable, Sendable {
  /// What one call took, from the shortest to the longest: each is the mean of ``repetitions`` calls.
  public let samples: [Duration]
  /// How many calls each sample is of: more than one where a single call is too short for the clock.
  public let repetitions: Int
  /// The samples as numbers of nanoseconds.
  public let statistics: SampleStatistics

  /// Takes samples from elsewhere, in any order.
  ///
  /// - Parameters:
  ///   - samples: what one call took, each.
  ///   - repetitions: of how many calls each is the mean.
  /// - Throws: ``MeasureError/noSamples``, ``MeasureError/invalidSample(_:)`` for a negative one,
  ///   ``MeasureError/invalidRepetitions(_:)``.
  /// - Complexity: O(n log n).
  public init(samples: some Sequence<Duration>, repetitions: Int = 1) throws(MeasureError) {
    guard repetitions > 0 else { throw .invalidRepetitions(repetitions) }
    self.samples = samples.sorted()
    self.repetitions = repetitions
    if let first = self.samples.first, first < .zero { throw .invalidSample("\(first)") }
    statistics = try SampleStatistics(self.samples.map { $0 / .nanoseconds(1) })
  }

  /// How many samples there are.
  public var iterations: Int { samples.count }

  /// The shortest sample.
  public var minimum: Duration { samples[0] }

  /// The longest sample.
  public var maximum: Duration { samples[samples.count - 1] }

  /// The arithmetic mean.
  public var mean: Duration { .nanoseconds(statistics.mean) }

  /// The sample in the middle.
  public var median: Duration { .nanoseconds(statistics.median) }

  /// The standard deviation of the whole from which the samples are; zero for one sample.
  public var standardDeviation: Duration { .nanoseconds(statistics.standardDeviation) }

  /// The median of the distances to the median, which a few outliers do not move.
  public var medianAbsoluteDeviation: Duration { .nanoseconds(statistics.medianAbsoluteDeviation) }

  /// The time within which so many per cent of the samples lie, interpolated between two of them.
  ///
  /// - Parameter percent: from 0, the minimum, to 100, the maximum.
  /// - Precondition: `percent` is in that range.
  public func percentile(_ percent: Double) -> Duration {
    precondition(0...100 ~= percent, "a percentile of \(percent): it goes from 0 to 100")
    return .nanoseconds(statistics.percentile(percent))
  }

  /// The time within which 90 % of the samples lie.
  public var p90: Duration { percentile(90) }

  /// The time within which 95 % of the samples lie.
  public var p95: Duration { percentile(95) }

  /// The time within which 99 % of the samples lie.
  public var p99: Duration { percentile(99) }

  /// The time within which 99.9 % of the samples lie.
  public var p999: Duration { percentile(99.9) }

  /// How many samples lie far from the others, by Tukey's rule: disturbances, most of the time.
  public var outlierCount: Int { statistics.outlierCount }

  /// Where the true mean lies with a probability, by Student's distribution.
  ///
  /// - Parameter level: the probability.
  /// - Returns: `nil` for one sample.
  /// - Precondition: `level` lies between 0 and 1.
  public func meanInterval(level: Double = 0.95) -> ClosedRange<Duration>? {
    statistics.meanInterval(level: level).map(Self.durations)
  }

  /// Where the true median lies with a probability, whatever the distribution.
  ///
  /// - Parameter level: the probability.
  /// - Returns: `nil` when there are too few samples: for 95 %, it takes 6.
  /// - Precondition: `level` lies between 0 and 1.
  public func medianInterval(level: Double = 0.95) -> ClosedRange<Duration>? {
    statistics.medianInterval(level: level).map(Self.durations)
  }

  private static func durations(_ range: ClosedRange<Double>) -> ClosedRange<Duration> {
    .nanoseconds(range.lowerBound) ... .nanoseconds(range.upperBound)
  }
}

/// What a list of numbers says about where they lie and how far apart.
///
/// ```swift
/// let sample = try SampleStatistics([4, 1, 3, 2])
/// print(sample.median, sample.quantile(0.9))  // 2.5 3.7
/// ```
///
/// - Invariant: there is one number at least, and all are finite; ``sorted`` is in order.
public struct SampleStatistics: Hashable, Sendable {
  /// The numbers, from the smallest to the largest.
  public let sorted: [Double]
  /// The arithmetic mean.
  public let mean: Double
  /// The standard deviation of the whole from which the sample is (divided by the count less one); 0 for one number.
  public let standardDeviation: Double

  /// Takes numbers, in any order.
  ///
  /// - Throws: ``MeasureError/noSamples``, ``MeasureError/invalidSample(_:)`` for what is not finite.
  /// - Complexity: O(n log n).
  public init(_ values: some Sequence<Double>) throws(MeasureError) {
    sorted = values.sorted()
    guard !sorted.isEmpty else { throw .noSamples }
    // A number that is none has no place in an order, and may stand anywhere.
    if let wrong = sorted.first(where: { !$0.isFinite }) { throw .invalidSample("\(wrong)") }
    let mean = Self.sum(sorted) / Double(sorted.count)
    self.mean = mean
    guard sorted.count > 1 else {
      standardDeviation = 0
      return
    }
    let squares = Self.sum(sorted.lazy.map { ($0 - mean) * ($0 - mean) })
    standardDeviation = (squares / Double(sorted.count - 1)).squareRoot()
  }

  /// A sum with what rounding lost.
  ///
  /// - Source: A. Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen, 1974.
  private static func sum(_ values: some Sequence<Double>) -> Double {
    var (sum, lost) = (0.0, 0.0)
    for value in values {
      let next = sum + value
      lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
      sum = next
    }
    return sum + lost
  }

  /// How many numbers there are.
  public var count: Int { sorted.count }

  /// The smallest one.
  public var minimum: Double { sorted[0] }

  /// The largest one.
  public var maximum: Double { sorted[sorted.count - 1] }

  /// The one in the middle; between the two that are, for an even count.
  public var median: Double { quantile(0.5) }

  /// The median of the distances to the median: half of the numbers are no further away. A few that are far out
  /// do not move it.
  ///
  /// - Complexity: O(n log n).
  public var medianAbsoluteDeviation: Double {
    let median = median
    return Self.quantile(0.5, per: 1, of: sorted.map { abs($0 - median) }.sorted())
  }

  /// The number under which a share of the sample lies, interpolated between its neighbours.
  ///
  /// - Parameter share: from 0, the minimum, to 1, the maximum.
  /// - Precondition: `share` is in that range.
  /// - Complexity: O(1).
  /// - Source: definition 7 of Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996; NumPy's usual one, and
  ///   Python's `statistics.quantiles(method="inclusive")`.
  public func quantile(_ share: Double) -> Double {
    precondition(0...1 ~= share, "a share of \(share) of a sample: it goes from 0 to 1")
    return Self.quantile(share, per: 1, of: sorted)
  }

  /// The same for a share in per cent, without the rounding of a division by a hundred.
  func percentile(_ percent: Double) -> Double { Self.quantile(percent, per: 100, of: sorted) }

  private static func quantile(_ share: Double, per whole: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1) / whole
    let index = Int(place)
    guard index + 1 < sorted.count else { return sorted[sorted.count - 1] }
    return sorted[index] + (place - Double(index)) * (sorted[index + 1] - sorted[index])
  }

  /// How many numbers lie further out than one and a half times the distance of the quartiles, counted from these.
  ///
  /// - Complexity: O(n).
  /// - Source: J. Tukey, Exploratory Data Analysis, 1977.
  public var outlierCount: Int {
    let (first, third) = (quantile(0.25), quantile(0.75))
    let reach = 1.5 * (third - first)
    return sorted.count { $0 < first - reach || $0 > third + reach }
  }
}

import Testing

@testable import SkeinFutures

/// Whether two numbers agree to so many parts.
func isNear(_ value: Double, _ expected: Double, to part: Double = 1e-12) -> Bool {
  abs(value - expected) <= part * max(1, abs(expected))
}

@Suite("Sample statistics")
struct SampleStatisticsTests {
  @Test("mean, median, deviation and extremes of numbers in any order")
  func figures() throws {
    let sample = try SampleStatistics([4, 1, 3, 2, 100])
    #expect(sample.sorted == [1, 2, 3, 4, 100] && sample.count == 5)
    #expect(sample.mean == 22 && sample.median == 3 && sample.minimum == 1 && sample.maximum == 100)
    #expect(isNear(sample.standardDeviation, 43.617656975128774))
    #expect(sample.medianAbsoluteDeviation == 1 && sample.outlierCount == 1)
    #expect(try SampleStatistics([1, 2, 3, 4]).median == 2.5)
  }

  @Test("one number is all of its figures, and says nothing about the spread")
  func single() throws {
    let sample = try SampleStatistics([7])
    #expect(sample.mean == 7 && sample.median == 7 && sample.quantile(0.9) == 7)
    #expect(sample.standardDeviation == 0 && sample.medianAbsoluteDeviation == 0 && sample.outlierCount == 0)
    #expect(sample.meanInterval() == nil && sample.medianInterval() == nil)
  }

  @Test("what has no order or no end is refused, and so is nothing")
  func wrongNumbers() {
    #expect(throws: MeasureError.noSamples) { try SampleStatistics([]) }
    #expect(throws: MeasureError.invalidSample("nan")) { try SampleStatistics([1, .nan, 2]) }
    #expect(throws: MeasureError.invalidSample("inf")) { try SampleStatistics([.infinity, 1]) }
  }

  @Test("small differences of large numbers are not lost in rounding")
  func stability() throws {
    let sample = try SampleStatistics((0..<1000).map { 1e15 + Double($0 % 2) })
    #expect(sample.mean == 1e15 + 0.5)
    #expect(isNear(sample.standardDeviation, 0.5002501876563868))
  }

  @Test("quantiles lie between their neighbours, from the minimum to the maximum")
  func quantiles() throws {
    let sample = try SampleStatistics((1...11).map(Double.init))
    #expect([0, 0.25, 0.5, 0.95, 1].map(sample.quantile) == [1, 3.5, 6, 10.5, 11])
  }

  /// From SciPy's `stats.t.ppf`.
  private static let factors: [(level: Double, degrees: Int, factor: Double)] = [
    (0.5, 1, 1.0000000000000002), (0.5, 30, 0.6827556933212927), (0.9, 2, 2.9199855803537242),
    (0.95, 1, 12.706204736174694), (0.95, 2, 4.302652729749462), (0.95, 5, 2.5705818356363146),
    (0.95, 10, 2.228138851986274), (0.95, 30, 2.0422724563012378), (0.95, 1000, 1.9623390808264083),
    (0.99, 100, 2.6258905214380173), (0.999, 1, 636.6192487687897), (0.999, 10, 4.586893858702708),
    (0.95, 100_000, 1.9599877075346095),
  ]

  @Test("Student's factors are the known ones", arguments: factors)
  func student(_ known: (level: Double, degrees: Int, factor: Double)) {
    let factor = StudentT.factor(level: known.level, degrees: known.degrees)
    #expect(isNear(factor, known.factor, to: 1e-9))
  }

  @Test("the mean's interval reaches so many standard errors to both sides")
  func meanInterval() throws {
    let sample = try SampleStatistics([1, 2, 3])
    let interval = try #require(sample.meanInterval(level: 0.95))
    #expect(isNear(interval.upperBound - 2, 4.302652729749462 / 3.0.squareRoot()))
    #expect(isNear(2 - interval.lowerBound, interval.upperBound - 2))
  }

  /// The rank of the lower end, from SciPy's `stats.binom.cdf`.
  @Test(
    "the median's interval lies between two of the numbers",
    arguments: [(5, nil), (6, 1), (10, 2), (20, 6), (30, 10), (100, 40), (1000, 469)] as [(Int, Int?)])
  func medianInterval(_ count: Int, _ rank: Int?) throws {
    let interval = try SampleStatistics((1...count).map(Double.init)).medianInterval(level: 0.95)
    #expect(interval == rank.map { Double($0)...Double(count + 1 - $0) })
  }

  @Test("many numbers are no trouble for the median's interval")
  func largeMedianInterval() throws {
    let sample = try SampleStatistics((1...100_001).map(Double.init))
    let interval = try #require(sample.medianInterval())
    #expect(isNear(50_001 - interval.lowerBound, 310, to: 0.01) && interval.contains(50_001))
  }

  @Test("a share or a confidence outside of its range is a broken contract")
  func contracts() async {
    await #expect(processExitsWith: .failure) { _ = try SampleStatistics([1]).quantile(1.1) }
    await #expect(processExitsWith: .failure) { _ = try SampleStatistics([1]).quantile(.nan) }
    await #expect(processExitsWith: .failure) { _ = try SampleStatistics([1, 2]).meanInterval(level: 1) }
    await #expect(processExitsWith: .failure) { _ = try SampleStatistics([1, 2]).medianInterval(level: 0) }
  }
}

import Testing

@testable import SkeinFutures

@Suite("Timing")
struct TimingTests {
  private static func timing(_ milliseconds: [Double], repetitions: Int = 1) throws -> Timing {
    try Timing(samples: milliseconds.map { .nanoseconds($0 * 1e6) }, repetitions: repetitions)
  }

  @Test("figures of the samples, as durations")
  func figures() throws {
    let timing = try Self.timing([40, 10, 20, 30])
    #expect(timing.samples == [10, 20, 30, 40].map { .milliseconds($0) } && timing.iterations == 4)
    #expect(timing.mean == .milliseconds(25) && timing.median == .milliseconds(25))
    #expect(timing.minimum == .milliseconds(10) && timing.maximum == .milliseconds(40))
    #expect(isNear(timing.standardDeviation / .milliseconds(1), 12.909944487358056, to: 1e-9))
    #expect(timing.medianAbsoluteDeviation == .milliseconds(10) && timing.outlierCount == 0)
    #expect(timing.meanInterval()?.contains(.milliseconds(25)) == true && timing.medianInterval() == nil)
  }

  @Test("percentiles go from the minimum to the maximum")
  func percentiles() async throws {
    let timing = try Self.timing((0...1000).map(Double.init))
    #expect(timing.p90 == .milliseconds(900) && timing.p95 == .milliseconds(950))
    #expect(timing.p99 == .milliseconds(990) && timing.p999 == .milliseconds(999))
    #expect(timing.percentile(0) == timing.minimum && timing.percentile(100) == timing.maximum)
    #expect(timing.percentile(50) == timing.median)
    await #expect(processExitsWith: .failure) { _ = try Timing(samples: [.zero]).percentile(101) }
  }

  @Test("no samples, negative ones and samples of no calls are refused")
  func wrongSamples() {
    #expect(throws: MeasureError.noSamples) { try Timing(samples: []) }
    #expect(throws: MeasureError.invalidSample("-1.0 seconds")) {
      try Timing(samples: [.seconds(1), .seconds(-1)])
    }
    #expect(throws: MeasureError.invalidRepetitions(0)) { try Timing(samples: [.zero], repetitions: 0) }
  }

  @Test("a line says what matters, in one unit")
  func line() throws {
    #expect(
      "\(try Self.timing([10, 20, 30, 40]))"
        == "mean 25.00 ± 20.54 ms, median 25.00 ms, 10.00 to 40.00 ms; 4 samples")
    #expect("\(try Self.timing([0.5]))" == "mean 500.0 µs, median 500.0 µs, 500.0 to 500.0 µs; 1 sample")
    #expect(
      "\(try Self.timing([1, 1, 1, 1, 9], repetitions: 3))".hasSuffix(
        "; 5 samples of 3 calls each, 1 of them an outlier"))
  }

  @Test("a table has a line for each figure")
  func table() throws {
    #expect(
      try Self.timing([10, 20, 30, 40, 50, 60, 70]).table == """
        minimum   10.00 ms
        median    40.00 ms  95 %: 10.00 to 70.00 ms
        mean      40.00 ms  95 %: 20.02 to 59.98 ms
        deviation 21.60 ms  median distance to the median: 20.00 ms
        p90       64.00 ms
        p95       67.00 ms
        p99       69.40 ms
        p99.9     69.94 ms
        maximum   70.00 ms  7 samples

        """)
  }

  @Test(
    "spans have four digits that count and a unit that suits them",
    arguments: [
      (Duration.zero, "0.000 s"), (.nanoseconds(0.3125), "0.313 ns"), (.nanoseconds(999), "999.0 ns"),
      (.nanoseconds(1234), "1.234 µs"), (.microseconds(12345), "12.35 ms"),
      (.milliseconds(999.95), "1000.0 ms"),
      (.seconds(75.2), "75.20 s"), (.seconds(-2), "-2.000 s"), (.nanoseconds(9.99996), "10.00 ns"),
    ] as [(Duration, String)])
  func spans(_ span: Duration, _ text: String) {
    #expect(DurationText.text(span) == text)
  }
}

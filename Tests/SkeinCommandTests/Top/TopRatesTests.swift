import SkeinSync
import Testing

@testable import SkeinCommand

@Suite struct TopRatesTests {
  private let start = MonotonicClock.Instant(nanoseconds: 0)

  private func meter(_ marks: [(Double, enqueued: Int, succeeded: Int, failed: Int)]) -> TopRateMeter {
    var meter = TopRateMeter()
    for mark in marks {
      meter.totals["mail"] = .init(
        enqueued: mark.enqueued, succeeded: mark.succeeded, failed: mark.failed,
        ended: mark.succeeded + mark.failed)
      meter.mark(at: start.advanced(by: .seconds(mark.0)))
    }
    return meter
  }

  @Test("one look gives no rates")
  func one() {
    #expect(meter([]).rates() == nil)
    #expect(meter([(1, 5, 5, 5)]).rates() == nil)
  }

  @Test("rates are differences over the time between, by queue and in all")
  func rates() {
    var meter = meter([(0, 0, 0, 0), (2, 10, 6, 2)])
    #expect(meter.rates() == TopRates(seconds: 2, enqueued: 5, succeeded: 3, failed: 1, ended: 4))
    #expect(meter.rates(of: "other") == TopRates(seconds: 2, enqueued: 0, succeeded: 0, failed: 0, ended: 0))
    meter.totals["other"] = .init(enqueued: 0, succeeded: 2, failed: 0, ended: 2)
    meter.mark(at: start.advanced(by: .seconds(4)))
    #expect(meter.rates()?.succeeded == 2 && meter.rates(of: "other")?.succeeded == 0.5)
  }

  @Test("what is older than the window is forgotten, but for what the window begins with")
  func window() {
    let steady = (0...60).map { (Double($0), enqueued: 0, succeeded: $0 < 40 ? 0 : ($0 - 39) * 7, failed: 0) }
    #expect(meter(steady).rates() == TopRates(seconds: 10, enqueued: 0, succeeded: 7, failed: 0, ended: 7))
    // Looks that are far apart are still compared.
    #expect(meter([(0, 0, 0, 0), (60, 0, 0, 60), (120, 0, 0, 120)]).rates()?.failed == 1)
  }

  @Test(
    "a rate has about three digits",
    arguments: [
      (0.0, "0.0"), (0.01, "<0.1"), (0.26, "0.3"), (12.34, "12.3"), (99.96, "100"), (1234.5, "1235"),
    ])
  func text(_ rate: Double, _ text: String) {
    #expect(TopTables.rate(rate) == text)
  }
}

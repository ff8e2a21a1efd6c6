import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinFutures

@Suite("Calls that a sample takes")
struct CalibrationTests {
  /// The sizes of the batches until it is settled, when each call takes so long.
  private static func batches(target: Duration, call: Duration, quickest: Duration? = nil) -> [Int] {
    var calibration = Calibration(target: target, quickest: quickest)
    var batches: [Int] = []
    while !calibration.isSettled {
      batches.append(calibration.repetitions)
      calibration.record(call * calibration.repetitions)
    }
    return batches + [calibration.repetitions]
  }

  @Test("a call that is long enough is a sample, and costs no further call when it was timed already")
  func longCall() {
    #expect(Self.batches(target: .microseconds(30), call: .milliseconds(1)) == [1, 1])
    #expect(
      Self.batches(target: .microseconds(30), call: .milliseconds(1), quickest: .milliseconds(1)) == [1])
  }

  @Test("a short call is repeated until the target is reached, ten times as often at the most")
  func shortCall() {
    #expect(Self.batches(target: .microseconds(30), call: .microseconds(20)) == [1, 2, 2])
    #expect(Self.batches(target: .microseconds(30), call: .nanoseconds(100)) == [1, 10, 100, 360, 360])
    for nanoseconds in 1...200 {
      let last = Self.batches(target: .microseconds(30), call: .nanoseconds(nanoseconds)).last!
      #expect((30_000...60_000) ~= last * nanoseconds, "\(nanoseconds) ns")
    }
  }

  @Test("a clock that stands still has no samples of many calls")
  func standstill() {
    #expect(Self.batches(target: .microseconds(30), call: .zero) == [1, 10, 100, 1000, 1])
  }

  @Test("the target is a thousand steps of the clock")
  func target() {
    #expect(Calibration.target(of: ManualClock()) == .microseconds(1))
    #expect(Calibration.target(of: MonotonicClock()) >= .microseconds(1))
  }
}

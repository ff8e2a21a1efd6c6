internal import Foundation
internal import Glibc

/// Nanoseconds on the clock that all processes of the machine share (CLOCK_MONOTONIC).
package func monotonicNanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

extension Duration {
  package var seconds: Double { self / .seconds(1) }
}

extension [Double] {
  /// The value of an ascending array below which so many percent of it lie; `nil` when it is empty.
  package func percentile(_ percent: Double) -> Double? {
    guard !isEmpty else { return nil }
    return self[Swift.min(count - 1, Int((percent / 100 * Double(count - 1)).rounded()))]
  }
}

extension Double {
  /// The number with about three digits.
  package var shortened: String {
    let digits = self >= 100 ? 0 : self >= 10 ? 1 : 2
    return formatted(.number.precision(.fractionLength(digits)))
  }
}

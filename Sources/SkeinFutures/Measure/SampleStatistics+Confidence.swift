internal import Glibc

extension SampleStatistics {
  /// Where the true mean lies with a probability, by Student's distribution.
  ///
  /// That supposes numbers that are independent and, when they are few, normally distributed. Times are neither
  /// quite: where they scatter widely to one side, trust ``medianInterval(level:)`` more.
  ///
  /// - Parameter level: the probability, between 0 and 1.
  /// - Returns: `nil` for one number alone, which says nothing about the spread.
  /// - Precondition: `level` lies between 0 and 1.
  public func meanInterval(level: Double = 0.95) -> ClosedRange<Double>? {
    Self.check(level)
    guard count > 1 else { return nil }
    let error = standardDeviation / Double(count).squareRoot()
    let reach = StudentT.factor(level: level, degrees: count - 1) * error
    return (mean - reach)...(mean + reach)
  }

  /// Where the true median lies with a probability: between two of the numbers.
  ///
  /// This supposes nothing about how they are distributed. The probability is `level` at least; it can not be met
  /// more exactly, for the ends are numbers of the sample.
  ///
  /// - Parameter level: the probability, between 0 and 1.
  /// - Returns: `nil` when even the smallest and the largest number do not have that probability: for 95 %, it takes 6.
  /// - Precondition: `level` lies between 0 and 1.
  /// - Complexity: O(n).
  /// - Source: W. J. Conover, Practical Nonparametric Statistics, 1999, section 3.2.
  public func medianInterval(level: Double = 0.95) -> ClosedRange<Double>? {
    Self.check(level)
    // Of n fair coins, at most `index` fall on one side: then the median lies outside of the numbers behind those.
    var (outside, left) = (0.0, 0)
    for index in 0..<(count + 1) / 2 {
      outside += 2 * probability(ofHeads: index)
      guard outside <= 1 - level else { break }
      left = index + 1
    }
    guard left > 0 else { return nil }
    return sorted[left - 1]...sorted[count - left]
  }

  /// That so many of `count` fair coins show heads.
  private func probability(ofHeads heads: Int) -> Double {
    let (n, k) = (Double(count), Double(heads))
    return exp(lgamma(n + 1).0 - lgamma(k + 1).0 - lgamma(n - k + 1).0 - n * log(2))
  }

  private static func check(_ level: Double) {
    precondition(level > 0 && level < 1, "a confidence of \(level): it lies between 0 and 1")
  }
}

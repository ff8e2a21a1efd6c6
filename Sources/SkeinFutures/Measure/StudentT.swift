internal import Glibc

/// Student's distribution, of the distance between the mean of a few samples and the true one.
enum StudentT {
  /// How many standard errors around the mean hold the true mean with a probability.
  ///
  /// - Parameters:
  ///   - level: the probability, between 0 and 1.
  ///   - degrees: the number of samples less one, from 1 on.
  /// - Complexity: O(√degrees), some microseconds.
  static func factor(level: Double, degrees: Int) -> Double {
    var (low, high) = (0.0, 1.0)
    while coverage(high, degrees) < level, high < 1e300 { high *= 2 }
    while true {
      let middle = low + (high - low) / 2
      guard low < middle, middle < high else { return middle }
      if coverage(middle, degrees) < level { low = middle } else { high = middle }
    }
  }

  /// The probability of −t…t.
  private static func coverage(_ t: Double, _ degrees: Int) -> Double {
    let (n, square) = (Double(degrees), t * t)
    // Either way round it is the same; the smaller argument keeps its digits.
    return square < n
      ? incompleteBeta(square / (n + square), 0.5, n / 2)
      : 1 - incompleteBeta(n / (n + square), n / 2, 0.5)
  }

  /// The regularised incomplete beta function.
  ///
  /// - Source: the continued fraction of DLMF 8.17.22, evaluated after Lentz as modified by Thompson and Barnett
  ///   (J. Comput. Phys. 64, 1986).
  private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    // Where the fraction converges fast, which is always on one of the two sides.
    return x < (a + 1) / (a + b + 2) ? lowerTail(x, a, b) : 1 - lowerTail(1 - x, b, a)
  }

  private static func lowerTail(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let scale = lgamma(a + b).0 - lgamma(a).0 - lgamma(b).0
    return exp(scale + a * log(x) + b * log1p(-x)) / a * fraction(x, a, b)
  }

  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let least = 1e-300
    var (c, d) = (1.0, 1 - (a + b) * x / (a + 1))
    d = 1 / (abs(d) < least ? least : d)
    var result = d
    for m in 1...100_000 {
      let m = Double(m)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      var change = 1.0
      for term in [even, odd] {
        d = 1 + term * d
        d = 1 / (abs(d) < least ? least : d)
        c = 1 + term / c
        if abs(c) < least { c = least }
        change = c * d
        result *= change
      }
      if abs(change - 1) < 1e-15 { break }
    }
    return result
  }
}

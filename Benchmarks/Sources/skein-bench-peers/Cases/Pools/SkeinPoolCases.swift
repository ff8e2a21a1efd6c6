import SkeinFutures

struct SkeinThreadPool: PoolUnderTest {
  static let name = "ThreadPool"
  private let pool: ThreadPool

  init(threads: Int) { pool = must { try ThreadPool(threads: threads) } }

  @inline(__always)
  func submit(_ body: @escaping @Sendable () -> Int) -> Future<Int> { must { try pool.submit(body) } }
  @inline(__always)
  func result(of handle: Future<Int>) -> Int { must { try handle.result() } }
  func shutdown() { pool.shutdown() }
}

let skeinSubmitCases =
  submitCases(SkeinThreadPool.self) + [
    MeasuredCase("as-completed", by: "asCompleted", fixed: 100_000, prepare: { SkeinThreadPool(threads: 2) })
    {
      pool in
      let futures = (0..<100_000).map { index in pool.submit { index } }
      var sum = 0
      for done in asCompleted(futures).results { sum &+= must { try done.get().result() } }
      precondition(sum == 100_000 * 99_999 / 2)
      pool.shutdown()
    }
  ]

let skeinScalingCases = growthCases(SkeinThreadPool.self) + [idleCase(SkeinThreadPool.self)]

/// Four jobs at once on a pool of four.
@Sendable func skeinFour(_ body: @escaping @Sendable (Int) -> Void) {
  must { try withThreadPool(threads: 4) { pool in _ = try pool.map(0..<4) { body($0) } } }
}

// MARK: Work that computes

/// Started by the go that warms up, as the other systems' are.
private let twoWorkers = must { try ParallelPool(threads: 2) }

let skeinComputeCases = [
  MeasuredCase("fork-join", by: "ParallelPool.join", fixed: Fibonacci.joins) {
    let pool = twoWorkers
    @Sendable func fibonacci(_ number: Int) -> Int {
      guard number > 1 else { return number }
      let (a, b) = pool.join({ fibonacci(number - 1) }, { fibonacci(number - 2) })
      return a &+ b
    }
    precondition(must { try pool.run { fibonacci(Fibonacci.number) } } == Fibonacci.expected)
  },
  MeasuredCase("map", by: "parallelMap", fixed: Elements.count, prepare: { Elements.doubles }) { doubles in
    let roots = twoWorkers.parallelMap(doubles) { $0.squareRoot() * 1.5 + 1 }
    precondition(roots[4] == 4)
  },
  MeasuredCase("reduce", by: "reduce", fixed: Elements.count, prepare: { Elements.integers }) { integers in
    let sum = twoWorkers.reduce(
      integers, identity: Int64(0), accumulate: { $0 &+= ($1 &* $1) & 1023 }, combine: { $0 &+ $1 })
    precondition(sum == Elements.expectedSum)
  },
  MeasuredCase("sort", by: "sort", fixed: Elements.count, prepare: Elements.makeRandom) { numbers in
    twoWorkers.sort(&numbers)
    precondition(Elements.areSorted(numbers))
  },
]

enum Fibonacci {
  static let number = 27
  static let expected = 196_418
  /// One for each call above 1.
  static let joins = 317_810
}

enum Elements {
  static let count = 10_000_000
  static let doubles = (0..<count).map(Double.init)
  static let integers = (0..<count).map(Int64.init)
  static let expectedSum = integers.reduce(Int64(0)) { $0 &+ ($1 &* $1) & 1023 }

  /// The numbers of G. Marsaglia's xorshift64, the same in every language: made anew, because sorting an array that is
  /// kept as well would begin with a copy, inside the time.
  @Sendable static func makeRandom() -> [UInt64] {
    var state: UInt64 = 88_172_645_463_325_252
    return (0..<count).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  static func areSorted(_ numbers: [UInt64]) -> Bool {
    for index in 1..<numbers.count where numbers[index - 1] > numbers[index] { return false }
    return true
  }
}

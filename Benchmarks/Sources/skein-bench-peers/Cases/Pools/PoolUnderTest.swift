/// A pool of two workers, as the cases of submitting use it.
protocol PoolUnderTest: Sendable {
  associatedtype Handle: Sendable
  static var name: String { get }
  /// How many jobs the large cases have: a million, or fewer where that takes long.
  static var bulk: Int { get }

  init(threads: Int)
  func submit(_ body: @escaping @Sendable () -> Int) -> Handle
  /// Blocks until the job is done.
  func result(of handle: Handle) -> Int
  /// Blocks until all of the jobs are done, and adds their results up.
  func sum(of handles: [Handle]) -> Int
  func shutdown()
}

extension PoolUnderTest {
  static var bulk: Int { 1_000_000 }

  func sum(of handles: [Handle]) -> Int { handles.reduce(0) { $0 &+ result(of: $1) } }
}

/// The cases of submitting that every pool has.
func submitCases<Pool: PoolUnderTest>(_: Pool.Type) -> [MeasuredCase] {
  let by = Pool.name
  return [
    poolCase("latency", Pool.self) { pool, operations in
      for _ in 0..<operations { _ = pool.result(of: pool.submit { 1 }) }
    },
    poolCase("throughput", Pool.self) { pool, operations in
      for start in stride(from: 0, to: operations, by: 1000) {
        sum(of: min(1000, operations - start), on: pool)
      }
    },
    MeasuredCase("million", by: by, fixed: Pool.bulk, prepare: { Pool(threads: 2) }) { pool in
      sum(of: Pool.bulk, on: pool)
      pool.shutdown()
    },
    MeasuredCase("producers", by: by, fixed: Pool.bulk, prepare: { Pool(threads: 2) }) { pool in
      onThreads(4) { [pool] _ in sum(of: Pool.bulk / 4, on: pool) }
      pool.shutdown()
    },
    poolCase("fan-out", Pool.self) { pool, operations in
      for start in stride(from: 0, to: operations, by: 100) {
        fanOut(min(100, operations - start), on: pool)
      }
    },
  ]
}

/// A case of as many jobs as are asked for, which a plain thread submits.
private func poolCase<Pool: PoolUnderTest>(
  _ name: String, _: Pool.Type, _ body: @escaping @Sendable (_ pool: Pool, _ operations: Int) -> Void
) -> MeasuredCase {
  MeasuredCase(name, by: Pool.name) { operations in
    await onPlainThread {
      let pool = Pool(threads: 2)
      body(pool, operations)
      pool.shutdown()
    }
  }
}

/// Submits so many jobs of about a microsecond, and waits for all of them.
private func fanOut<Pool: PoolUnderTest>(_ count: Int, on pool: Pool) {
  let handles = (0..<count).map { index in
    pool.submit {
      var value = UInt64(index)
      workAboutAMicrosecond(&value)
      return Int(truncatingIfNeeded: value)
    }
  }
  _ = pool.sum(of: handles)
}

/// Submits so many jobs, then adds their results up.
private func sum<Pool: PoolUnderTest>(of count: Int, on pool: Pool) {
  var handles: [Pool.Handle] = []
  handles.reserveCapacity(count)
  for index in 0..<count { handles.append(pool.submit { index }) }
  precondition(pool.sum(of: handles) == count * (count - 1) / 2)
}

// MARK: Growth, and what idle workers cost

/// The primes below 400,000, counted in 64 chunks on one worker and on two.
func growthCases<Pool: PoolUnderTest>(_: Pool.Type) -> [MeasuredCase] {
  [1, 2].map { threads in
    MeasuredCase(
      "growth.\(threads)", by: Pool.name, fixed: Primes.limit, prepare: { Pool(threads: threads) }
    ) { pool in
      let handles = (0..<Primes.chunks).map { chunk in pool.submit { Primes.count(in: chunk) } }
      precondition(pool.sum(of: handles) == Primes.expected)
      pool.shutdown()
    }
  }
}

/// Eight workers without work: the processor time that they take a second, and the memory of each.
func idleCase<Pool: PoolUnderTest>(_: Pool.Type) -> MeasuredCase {
  MeasuredCase("idle", by: Pool.name) { name, by, _ in
    let before = try residentBytes()
    let pool = Pool(threads: 8)
    let handles = (0..<64).map { index in
      pool.submit {
        sleepForMilliseconds(5)
        return index
      }
    }
    _ = pool.sum(of: handles)
    sleepForMilliseconds(200)
    let bytes = Double(max(0, try residentBytes() - before)) / 8
    let (processor, started) = (processorNanoseconds(), monotonicNanosecondsNow())
    sleepForMilliseconds(1000)
    let used = Double(processorNanoseconds() - processor)
    let elapsed = Double(monotonicNanosecondsNow() - started) / 1e9
    pool.shutdown()
    return Answer(case: name, by: by, ns: used / elapsed, operations: 8, bytes: bytes)
  }
}

enum Primes {
  static let limit = 400_000
  static let chunks = 64
  static let expected = 33_860

  static func count(in chunk: Int) -> Int {
    let size = limit / chunks
    return (chunk * size..<(chunk + 1) * size).count(where: isPrime)
  }

  private static func isPrime(_ number: Int) -> Bool {
    guard number > 1 else { return false }
    var divisor = 2
    while divisor * divisor <= number {
      if number % divisor == 0 { return false }
      divisor += 1
    }
    return true
  }
}

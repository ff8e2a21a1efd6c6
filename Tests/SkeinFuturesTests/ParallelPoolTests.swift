import SkeinFutures
import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

private struct Failed: Error, Equatable {
  var number = 0
}

/// An object that is counted while it lives.
private final class Counted: Sendable {
  let number: Int
  private let alive: Lock<Int>
  init(_ number: Int, in alive: Lock<Int>) {
    self.number = number
    self.alive = alive
    alive.withLock { $0 += 1 }
  }
  deinit { alive.withLock { $0 -= 1 } }
}

/// Runs `body` with a pool of so many workers, on a thread.
private func withPool<Result: Sendable>(
  _ threads: Int = 3, stackSize: Int? = nil, _ body: @escaping @Sendable (ParallelPool) throws -> Result
) async throws -> Result {
  let pool = try ParallelPool(threads: threads, stackSize: stackSize)
  let result = try await onThread { try body(pool) }
  await pool.shutdown()
  return result
}

@Suite("ParallelPool", .leavesNoThreads)
struct ParallelPoolTests {
  @Test("a join does both, wherever it is called", arguments: [1, 2, 4])
  func join(threads: Int) async throws {
    let result = try await withPool(threads) { pool in
      @Sendable func fibonacci(_ number: Int) -> Int {
        guard number > 1 else { return number }
        let (a, b) = pool.join({ fibonacci(number - 1) }, { fibonacci(number - 2) })
        return a + b
      }
      return (fibonacci(15), try pool.run { fibonacci(16) })
    }
    #expect(result == (610, 987))
  }

  @Test("of two errors of a join, the left one is thrown, once both have ended")
  func joinErrors() async throws {
    try await withPool { pool in
      let ended = Lock(0)
      #expect(throws: Failed(number: 1)) {
        _ = try pool.join(
          { () throws(Failed) -> Int in throw Failed(number: 1) },
          { () throws(Failed) -> Int in
            ended.withLock { $0 += 1 }
            throw Failed(number: 2)
          })
      }
      #expect(ended.withLock { $0 } == 1)
    }
  }

  @Test("more jobs than there is room for are done all the same")
  func deepJoin() async throws {
    let count = try await withPool(2, stackSize: 256 << 20) { pool in
      // A chain: each join forks a leaf that nobody takes before the chain has ended.
      @Sendable func chain(_ depth: Int) -> Int {
        guard depth > 0 else { return 0 }
        let (rest, one) = pool.join({ chain(depth - 1) }, { 1 })
        return rest + one
      }
      return try pool.run { chain(5000) }
    }
    #expect(count == 5000)
  }

  @Test("map keeps the order, for all sizes and grains")
  func map() async throws {
    try await withPool { pool in
      for count in [0, 1, 2, 7, 100, 1001] {
        for grain in [nil, 1, 3, 5000] {
          #expect(pool.parallelMap(0..<count, grain: grain) { $0 * 2 } == (0..<count).map { $0 * 2 })
        }
      }
      #expect(pool.parallelMap(Array("abc")) { "\($0)\($0)" } == ["aa", "bb", "cc"])
      #expect(pool.parallelMap([1, 2, 3, 4].reversed(), grain: 1) { $0 } == [4, 3, 2, 1])
    }
  }

  @Test("an error of a map is that of the first chunk that has one, and nothing is left of the others")
  func mapErrors() async throws {
    let alive = Lock(0)
    try await withPool { pool in
      for _ in 0..<50 {
        #expect(throws: Failed(number: 3)) {
          _ = try pool.parallelMap(0..<100, grain: 1) { number throws(Failed) -> Counted in
            if number == 3 { throw Failed(number: number) }
            return Counted(number, in: alive)
          }
        }
      }
      #expect(alive.withLock { $0 } == 0)
      let all = pool.parallelMap(0..<100, grain: 7) { Counted($0, in: alive) }
      #expect(all.map(\.number) == Array(0..<100))
    }
    #expect(alive.withLock { $0 } == 0)
  }

  @Test("reduce combines in the order of the chunks")
  func reduce() async throws {
    try await withPool { pool in
      for count in [0, 1, 10, 1000] {
        let text = pool.reduce(
          0..<count, identity: "", grain: 3, accumulate: { $0 += "\($1)," }, combine: { $0 + $1 })
        #expect(text == (0..<count).map { "\($0)," }.joined())
      }
      #expect(throws: Failed.self) {
        _ = try pool.reduce(
          0..<100, identity: 0, grain: 10,
          accumulate: { (sum: inout Int, number: Int) throws(Failed) in
            if number == 50 { throw Failed() }
            sum += number
          }, combine: { (left, right) throws(Failed) in left + right })
      }
      let seen = Lock(Set<Int>())
      pool.forEach(0..<500) { number in seen.withLock { _ = $0.insert(number) } }
      #expect(seen.withLock { $0.count } == 500)
    }
  }

  @Test("sort sorts numbers in every pattern", arguments: [0, 1, 2, 3, 20, 21, 130, 9000])
  func sort(count: Int) async throws {
    try await withPool { pool in
      var generator = SeededGenerator(seed: UInt64(count))
      let patterns: [[Int]] = [
        (0..<count).map { _ in Int.random(in: .min ... .max, using: &generator) },
        Array(0..<count), Array((0..<count).reversed()), Array(repeating: 7, count: count),
        (0..<count).map { _ in Int.random(in: 0...2, using: &generator) },
        (0..<count).map { min($0, count - $0) }, (0..<count).map { $0 ^ 1 },
        (0..<count).map { $0 % 100 == 0 ? Int.random(in: 0...count, using: &generator) : $0 },
      ]
      for (number, pattern) in patterns.enumerated() {
        var sorted = pattern
        pool.sort(&sorted)
        #expect(sorted == pattern.sorted(), "pattern \(number)")
        pool.sort(&sorted, by: >)
        #expect(sorted == pattern.sorted(by: >), "pattern \(number), descending")
      }
    }
  }

  @Test("sort moves objects and strings without losing or doubling one")
  func sortObjects() async throws {
    let alive = Lock(0)
    try await withPool { pool in
      var generator = SeededGenerator(seed: 5)
      var objects = (0..<9000).map { _ in Counted(Int.random(in: 0...500, using: &generator), in: alive) }
      pool.sort(&objects) { $0.number < $1.number }
      #expect(zip(objects, objects.dropFirst()).allSatisfy { $0.number <= $1.number })
      #expect(Set(objects.map(ObjectIdentifier.init)).count == 9000)
      var words = (0..<5000).map { "word \(($0 * 7919) % 5000) of some length" }
      let expected = words.sorted()
      pool.sort(&words)
      #expect(words == expected)
    }
    #expect(alive.withLock { $0 } == 0)
  }

  @Test("an order that makes no sense does no harm")
  func badOrder() async throws {
    try await withPool { pool in
      let generator = Lock(SeededGenerator(seed: 9))
      var numbers = Array(0..<6000)
      pool.sort(&numbers) { _, _ in generator.withLock { Bool.random(using: &$0) } }
      #expect(Set(numbers).count == 6000)
    }
  }

  @Test("a scope ends when all that was spawned has, at any depth")
  func scope() async throws {
    let count = Lock(0)
    try await withPool { pool in
      @Sendable func spawn(_ scope: ParallelScope, _ depth: Int) {
        count.withLock { $0 += 1 }
        if depth > 0 { for _ in 0..<3 { scope.spawn { spawn(scope, depth - 1) } } }
      }
      let result = try pool.scope { scope in
        spawn(scope, 5)
        return "ended"
      }
      #expect(result == "ended" && count.withLock { $0 } == 364)
    }
  }

  @Test("the first error of a scope is thrown, and what has not begun is left out")
  func scopeErrors() async throws {
    try await withPool(1) { pool in
      let begun = Lock(0)
      #expect(throws: Failed.self) {
        try pool.scope { scope in
          for number in 0..<10 {
            scope.spawn {
              begun.withLock { $0 += 1 }
              if number == 2 { throw Failed() }
            }
          }
        }
      }
      #expect(begun.withLock { $0 } == 3)
      #expect(throws: Failed.self) { try pool.scope { _ in throw Failed() } }
    }
  }

  @Test("stress: outsiders and workers join, map and sort at the same time", arguments: [1, 2] as [UInt64])
  func stress(seed: UInt64) async throws {
    let pool = try ParallelPool(threads: 3)
    try await withThreads { scope in
      for index in 0..<3 {
        try scope.start {
          var generator = SeededGenerator(seed: seed &* 10 &+ UInt64(index))
          for _ in 0..<15 {
            let count = Int.random(in: 1...3000, using: &generator)
            var numbers = (0..<count).map { _ in Int.random(in: 0...count, using: &generator) }
            let expected = numbers.sorted()
            let doubled = pool.parallelMap(numbers, grain: 1 + count / 20) { $0 * 2 }
            #expect(doubled == numbers.map { $0 * 2 }, "seed \(seed)")
            pool.sort(&numbers)
            #expect(numbers == expected, "seed \(seed)")
            let futures = try (0..<20).map { number in try pool.submit { number } }
            #expect(try futures.map { try $0.result() } == Array(0..<20))
          }
        }
      }
    }
    await pool.shutdown()
  }
}

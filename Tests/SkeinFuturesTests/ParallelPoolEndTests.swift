import SkeinFutures
import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

private struct Failed: Error {}

@Suite("The end of a ParallelPool", .leavesNoThreads)
struct ParallelPoolEndTests {
  @Test("once it was shut down, who calls does the work")
  func afterShutdown() async throws {
    let pool = try ParallelPool(threads: 2)
    await pool.shutdown()
    try await onThread {
      let (a, b) = pool.join({ 1 }, { 2 })
      #expect(a + b == 3)
      #expect(pool.parallelMap(0..<1000, grain: 10) { $0 } == Array(0..<1000))
      var numbers = Array((0..<10_000).map { ($0 * 7919) % 10_007 })
      pool.sort(&numbers)
      #expect(numbers == numbers.sorted())
      #expect(throws: PoolError.self) { try pool.run { 1 } }
      #expect(throws: PoolError.self) { try pool.scope { _ in } }
    }
  }

  @Test("a shutdown that cancels what has not begun leaves no loop and no scope behind")
  func shutdownMeanwhile() async throws {
    let pool = try ParallelPool(threads: 1)
    let (begun, gate) = (Event(), Event())
    let scope = Task {
      try await pool.scope { scope in
        for _ in 0..<3 { scope.spawn {} }
        begun.set()
        try gate.wait()
      }
    }
    try await begun.wait()
    let isLooping = Event()
    let loop = Task {
      try await onThread {
        isLooping.set()
        return pool.parallelMap(0..<100, grain: 10) { $0 + 1 }
      }
    }
    try await isLooping.wait()
    await pool.shutdown(wait: false, cancelPending: true)
    gate.set()
    await #expect(throws: FutureError.cancelled) { try await scope.value }
    // Done by a worker, or by who called.
    #expect(try await loop.value == Array(1...100))
    await pool.shutdown()
  }

  @Test("stress: an outsider's loop is done though the pool is shut down", arguments: [false, true])
  func shutdownRaces(cancelPending: Bool) async throws {
    for _ in 0..<100 {
      let pool = try ParallelPool(threads: 2)
      try await withThreads { scope in
        for _ in 0..<3 {
          try scope.start {
            for length in 90..<100 {
              let numbers = pool.parallelMap(0..<length, grain: 10) { $0 + 1 }
              if numbers != Array(1...length) { throw Failed() }
            }
          }
        }
        try scope.start { pool.shutdown(wait: true, cancelPending: cancelPending) }
      }
    }
  }

  @Test("stress: a pool that is shut down while it is at work ends")
  func endings() async throws {
    for round in 0..<300 {
      let pool = try ParallelPool(threads: 3)
      for number in 0..<round % 7 { _ = try await pool.submit { number } }
      await pool.shutdown()
    }
  }
}

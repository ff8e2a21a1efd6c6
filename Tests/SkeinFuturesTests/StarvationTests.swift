import SkeinFutures
import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

@Suite("Work that waits for work of its own pool", .leavesNoThreads)
struct StarvationTests {
  @Test("one worker that waits for its own pool is told that it would starve")
  func one() async throws {
    try await withThreadPool(threads: 1, name: "single") { pool in
      let outer = try await pool.submit { try pool.submit { 1 }.result() }
      await #expect(throws: FutureError.wouldStarve(pool: "single", workers: 1)) { try await outer.value }
    }
  }

  @Test("of several workers that all wait, the last one is told, and the others get their results")
  func several() async throws {
    try await withThreadPool(threads: 3) { pool in
      let meeting = Barrier(parties: 3)
      var outer: [Future<Int>] = []
      for number in 0..<3 {
        outer.append(
          try await pool.submit {
            try meeting.wait()
            return try pool.submit { number }.result()
          })
      }
      var told = 0
      for (number, future) in outer.enumerated() {
        do {
          let value = try await future.value
          #expect(value == number)
        } catch FutureError.wouldStarve {
          told += 1
        }
      }
      #expect(told == 1)
    }
  }

  @Test("it is found through composed futures, through wait and through asCompleted")
  func throughOthers() async throws {
    try await withThreadPool(threads: 1) { pool in
      let waits: [@Sendable () throws -> Void] = [
        { _ = try pool.submit { 1 }.map { $0 + 1 }.result() },
        { _ = try wait(for: [pool.submit { 1 }, pool.submit { 2 }]) },
        { for done in asCompleted([try pool.submit { 1 }]).results { _ = try done.get() } },
        { _ = try pool.map(0..<3) { $0 } },
      ]
      for body in waits {
        let outer = try await pool.submit(body)
        await #expect(throws: FutureError.self) { try await outer.value }
      }
    }
  }

  @Test("a wait with a deadline, and one for other pools, is no reason")
  func noReason() async throws {
    try await withThreadPool(threads: 1) { pool in
      try await withThreadPool(threads: 1) { other in
        let timed = try await pool.submit { try pool.submit { 1 }.result(timeout: .milliseconds(1)) }
        await #expect(throws: WaitError.timedOut) { try await timed.value }
        let foreign = try await pool.submit { try other.submit { 2 }.result() }.value
        #expect(foreign == 2)
        let chained = try await pool.submit {
          try Future(.success(1)).flatMap { _ in try other.submit { 3 } }.result()
        }
        let value = try await chained.value
        #expect(value == 3)
      }
    }
  }

  @Test("what was work of this pool and goes on in another one is no reason, however it is waited for")
  func goesOnElsewhere() async throws {
    try await withThreadPool(threads: 1) { pool in
      try await withThreadPool(threads: 1) { other in
        let outer = try await pool.submit {
          let stage = try pool.submit { 1 }
          let later = stage.recover { _ in 0 }.flatMap { _ in try other.submit { 2 } }
          let completions = asCompleted([later])
          // The only worker is this one: the stage can not run. Cancelled, it lets the chain go on.
          stage.cancel()
          return try completions.results.map { try $0.get().result() }
        }
        let values = try await outer.value
        #expect(values == [2])
      }
    }
  }

  @Test("a pool that may grow does, for a worker that waits")
  func growth() async throws {
    let pool = try ThreadPool(threads: 1, maximum: 3)
    let outer = try await pool.submit {
      try pool.submit { try pool.submit { 5 }.result() }.result()
    }
    #expect(try await outer.value == 5)
    #expect(pool.statistics.mostWorkers == 3)
    await pool.shutdown()
  }

  @Test("a worker of a full pool that blocks runs the work itself")
  func fullPool() async throws {
    let pool = try ThreadPool(threads: 1, queueCapacity: 1)
    let outer = try await pool.submit {
      let first = try pool.submit { ThreadInfo.current.name }
      let second = try pool.submit { ThreadInfo.current.name }
      return (first.isDone, try second.result())
    }
    let (isDone, name) = try await outer.value
    #expect(!isDone && name == "pool-1")
    await pool.shutdown()
  }

  @Test("nested work of a work-stealing pool is done by the worker that waits for it")
  func stealing() async throws {
    let pool = try ParallelPool(threads: 1)
    let value = try await pool.submit {
      try pool.submit { try pool.submit { 8 }.map { $0 + 1 }.result() }.result()
    }.value
    #expect(value == 9)
    await pool.shutdown()
  }

  @Test("stress: nested waits either end or are told", arguments: [1, 2, 3] as [UInt64])
  func stress(seed: UInt64) async throws {
    let generator = Lock(SeededGenerator(seed: seed))
    try await withThreadPool(threads: 3) { pool in
      @Sendable func nest(_ depth: Int) throws -> Int {
        guard depth > 0 else { return 1 }
        let width = generator.withLock { Int.random(in: 1...2, using: &$0) }
        let children = try (0..<width).map { _ in try pool.submit { try nest(depth - 1) } }
        return try children.map { try $0.result() }.reduce(1, +)
      }
      for _ in 0..<40 {
        do {
          let count = try await pool.submit { try nest(3) }.value
          #expect(count > 1)
        } catch FutureError.wouldStarve {}
      }
    }
  }
}

import SkeinFutures
import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

private struct Failed: Error {}

@Suite("ParallelPool and tasks", .leavesNoThreads)
struct ParallelPoolTaskTests {
  @Test("loops can be awaited")
  func awaited() async throws {
    let pool = try ParallelPool(threads: 2)
    #expect(try await pool.parallelMap(0..<100) { $0 + 1 } == Array(1...100))
    let sum = try await pool.reduce(0..<100, identity: 0, accumulate: { $0 += $1 }, combine: { $0 + $1 })
    #expect(sum == 4950)
    try await pool.forEach(0..<10) { _ in }
    let sorted = try await pool.sorted([3, 1, 2])
    let descending = try await pool.sorted([3, 1, 2], by: >)
    #expect(sorted == [1, 2, 3] && descending == [3, 2, 1])
    #expect(try await pool.run { ThreadInfo.current.name.hasPrefix("parallel-") })
    #expect(try await pool.scope { _ in 5 } == 5)
    await #expect(throws: Failed.self) { try await pool.parallelMap(0..<100) { _ in throw Failed() } }
    await pool.shutdown()
    await #expect(throws: PoolError.self) { try await pool.parallelMap(0..<100) { $0 } }
  }

  @Test("a cancelled loop leaves out what has not begun, and ends when the rest has")
  func cancelled() async throws {
    let pool = try ParallelPool(threads: 1)
    let (begun, gate) = (Lock(0), Event())
    let loop = Task {
      try await pool.forEach(0..<100, grain: 1) { _ in
        begun.withLock { $0 += 1 }
        try gate.wait()
      }
    }
    try await eventually("it has begun") { begun.withLock { $0 } == 1 }
    loop.cancel()
    gate.set()
    await #expect(throws: CancellationError.self) { try await loop.value }
    #expect(begun.withLock { $0 } == 1)
    await pool.shutdown()
  }

  @Test("tasks, their children and actors run on it, and yields come back")
  func executor() async throws {
    actor Counter {
      var names: Set<String> = []
      func note() { names.insert(ThreadInfo.current.name) }
    }
    let pool = try ParallelPool(threads: 2, name: "tasks")
    let counter = Counter()
    try await withTaskExecutorPreference(pool) {
      try await withThrowingTaskGroup { group in
        for _ in 0..<50 {
          group.addTask {
            for _ in 0..<5 {
              await counter.note()
              await Task.yield()
            }
          }
        }
        try await group.waitForAll()
      }
    }
    let names = await counter.names
    #expect(!names.isEmpty && names.isSubset(of: ["tasks-1", "tasks-2"]))
    await pool.shutdown()
  }

  @Test("a task that yields for ever does not keep others, nor jobs from outside, from running")
  func fairness() async throws {
    let pool = try ParallelPool(threads: 1)
    let isOver = Event()
    let busy = (0..<2).map { _ in
      Task(executorPreference: pool) { while !isOver.isSet { await Task.yield() } }
    }
    #expect(try await pool.submit { 1 }.value == 1)
    let other = Task(executorPreference: pool) { 2 }
    #expect(await other.value == 2)
    isOver.set()
    for task in busy { await task.value }
    await pool.shutdown()
  }

  @Test("tasks that prefer a pool that was shut down run elsewhere")
  func afterShutdown() async throws {
    let pool = try ParallelPool(threads: 1)
    let gate = Event()
    let task = Task(executorPreference: pool) {
      try await gate.wait()
      return ThreadInfo.current.name
    }
    try await eventually("it waits") { gate.waiterCount == 1 }
    await pool.shutdown()
    gate.set()
    #expect(try await task.value != "parallel-1")
    #expect(await Task(executorPreference: pool) { 3 }.value == 3)
  }

  @Test("a task may wait for jobs of the pool that it runs on")
  func awaitsOwnPool() async throws {
    let pool = try ParallelPool(threads: 1)
    let task = Task(executorPreference: pool) {
      var sum = 0
      for number in 0..<20 { sum += try await pool.submit { number }.value }
      return sum
    }
    #expect(try await task.value == 190)
    await pool.shutdown()
  }
}

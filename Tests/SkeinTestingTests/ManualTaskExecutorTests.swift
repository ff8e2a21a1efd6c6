import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

/// What tasks have done, in order.
private final class Log: Sendable {
  private let entries = Lock<[String]>([])
  var all: [String] { entries.withLock { $0 } }
  func append(_ entry: String) { entries.withLock { $0.append(entry) } }
}

private actor Counter {
  var value = 0
  func increment() { value += 1 }
}

@Suite("ManualTaskExecutor")
struct ManualTaskExecutorTests {
  private let executor = ManualTaskExecutor()
  private let log = Log()

  @Test("nothing runs until it is told to, and then one job at a time")
  func oneStep() async throws {
    let (executor, log, gate) = (executor, log, Event())
    let task = executor.start {
      log.append("before")
      try await gate.wait()
      log.append("after")
    }
    #expect(executor.pendingCount == 1 && log.all.isEmpty)
    #expect(executor.runNext())
    #expect(executor.pendingCount == 0 && log.all == ["before"])
    #expect(!executor.runNext())
    gate.set()
    #expect(executor.pendingCount == 1 && log.all == ["before"])
    #expect(executor.runNext())
    #expect(executor.pendingCount == 0 && log.all == ["before", "after"])
    try await task.value
  }

  @Test("jobs run in the order of their arrival")
  func arrival() {
    let (log, gate) = (log, Event())
    for name in ["a", "b", "c"] {
      executor.start {
        log.append(name)
        try await gate.wait()
        log.append(name)
      }
    }
    #expect(executor.runUntilIdle() == 3)
    gate.set()
    #expect(executor.runUntilIdle() == 3)
    #expect(log.all == ["a", "b", "c", "a", "b", "c"])
  }

  @Test("it gives what the operation returns or throws, and shows the task's name")
  func outcome() async throws {
    let value = executor.start(name: "adder") { Task.name }
    let failure = executor.start { throw Refused() }
    executor.runUntilIdle()
    #expect(try await value.value == "adder")
    await #expect(throws: Refused()) { try await failure.value }
  }

  @Test("child tasks and default actors run here too")
  func structured() async throws {
    let (executor, log, counter) = (executor, log, Counter())
    let task = executor.start {
      await withTaskGroup { group in
        for _ in 0..<3 { group.addTask { await counter.increment() } }
      }
      async let last: Void = counter.increment()
      await last
      log.append("end")
    }
    executor.runUntilIdle()
    #expect(log.all == ["end"])
    #expect(await counter.value == 4)
    try await task.value
  }

  @Test("one seed gives one interleaving, and seeds give different ones")
  func seeds() {
    func interleaving(_ order: ManualTaskExecutor.Order) -> [String] {
      let (executor, log) = (ManualTaskExecutor(order: order), Log())
      for name in ["a", "b", "c"] {
        executor.start {
          for _ in 0..<3 {
            log.append(name)
            await Task.yield()
          }
        }
      }
      executor.runUntilIdle()
      return log.all
    }
    let interleavings = (0..<20).map { interleaving(.random(seed: $0)) }
    #expect(interleavings == (0..<20).map { interleaving(.random(seed: $0)) })
    #expect(Set(interleavings).count > 10)
    #expect(interleaving(.arrival) == ["a", "b", "c", "a", "b", "c", "a", "b", "c"])
  }

  @Test("a job may itself run the next one")
  func reentry() {
    let (executor, log) = (executor, log)
    executor.start {
      log.append("outer begins")
      executor.runNext()
      log.append("outer ends")
    }
    executor.start { log.append("inner") }
    executor.runUntilIdle()
    #expect(log.all == ["outer begins", "inner", "outer ends"])
  }

  @Test("the task that runs jobs is its own again afterwards")
  func nested() async throws {
    let (executor, log) = (executor, log)
    let runner = Task(name: "runner") {
      executor.start(name: "guest") { log.append(Task.name ?? "") }
      executor.runUntilIdle()
      await Task.yield()
      return Task.name
    }
    #expect(await runner.value == "runner")
    #expect(log.all == ["guest"])
  }

  @Test("it waits for what comes back from another executor")
  func comesBack() async throws {
    let (executor, log) = (executor, log)
    let task = executor.start {
      try await onThread { log.append("thread") }
      log.append("task")
    }
    try await executor.runUntil("the task has ended") { log.all.last == "task" }
    #expect(log.all == ["thread", "task"])
    try await task.value
  }

  @Test("it stops as soon as the condition holds")
  func stops() async throws {
    let (executor, log) = (executor, log)
    for name in ["a", "b", "c"] { executor.start { log.append(name) } }
    try await executor.runUntil("b has run") { log.all.contains("b") }
    #expect(log.all == ["a", "b"])
    executor.runUntilIdle()
  }

  @Test("a condition that never holds is an error that says what was awaited, idle or not")
  func limit() async throws {
    let executor = executor
    let error = await #expect(throws: EventuallyError.self) {
      try await executor.runUntil("pigs fly", limit: .milliseconds(1)) { false }
    }
    #expect(error?.expectation == "pigs fly")
    let restless = executor.start { while !Task.isCancelled { await Task.yield() } }
    await #expect(throws: EventuallyError.self) {
      try await executor.runUntil("it rests", limit: .milliseconds(1)) { false }
    }
    restless.cancel()
    executor.runUntilIdle()
    try await restless.value
  }
}

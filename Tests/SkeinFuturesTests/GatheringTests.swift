import SkeinFutures
import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

private struct Failed: Error, Equatable {}

@Suite("asCompleted", .leavesNoThreads)
struct AsCompletedTests {
  @Test("it gives futures in the order in which they are done, each once, to tasks and threads")
  func order() async throws {
    for form in WaitingForm.allCases {
      let promises = (0..<4).map { _ in Promise<Int>() }
      try promises[2].succeed(2)
      let futures = promises.map(\.future)
      let completions = asCompleted(futures + futures)
      let collected = Task {
        switch form {
        case .task:
          var values: [Int] = []
          for try await future in completions { values.append(try await future.value) }
          return values
        case .thread:
          return try await onThread { try completions.results.map { try $0.get().result() } }
        }
      }
      for index in [1, 3, 0] { try promises[index].succeed(index) }
      #expect(try await collected.value.sorted() == [0, 1, 2, 3])
    }
  }

  @Test("what is done already comes first, in its order")
  func doneFirst() async throws {
    let promise = Promise<Int>()
    let futures = [Future(.success(1)), promise.future, Future(.success(3))]
    promise.future.cancel()
    var states: [AnyFuture.State] = []
    for try await future in asCompleted(futures) { states.append(future.state) }
    #expect(states == [.finished, .cancelled, .finished])
    for try await _ in asCompleted([Future<Int>]()) { Issue.record("there is none") }
  }

  @Test("a timeout says how many were not done", arguments: WaitingForm.allCases)
  func timeout(form: WaitingForm) async throws {
    let clock = ManualClock()
    let promises = (0..<3).map { _ in Promise<Int>() }
    try promises[0].succeed(0)
    let completions = asCompleted(promises.map(\.future), timeout: .seconds(5), clock: clock)
    let task = Task {
      switch form {
      case .task: for try await _ in completions {}
      case .thread: try await onThread { for done in completions.results { _ = try done.get() } }
      }
    }
    try await clock.waitUntilScheduled(count: 1)
    clock.advance(by: .seconds(5))
    await #expect(throws: UnfinishedFutures.self) { try await task.value }
    do { try await task.value } catch let error as UnfinishedFutures {
      #expect(error.unfinished == 2 && error.total == 3)
      #expect("\(error)" == "2 of 3 futures were not done in time")
    }
    // A promise that nobody has any more fails its future.
    withExtendedLifetime(promises) {}
  }

  @Test("several may iterate at once: each future goes to one of them")
  func shared() async throws {
    try await withThreadPool(threads: 2) { pool in
      var futures: [Future<Int>] = []
      for number in 0..<200 { futures.append(try await pool.submit { number }) }
      let completions = asCompleted(futures)
      let values = try await withThrowingTaskGroup(of: [Int].self) { group in
        for _ in 0..<3 {
          group.addTask {
            var values: [Int] = []
            for try await future in completions { values.append(try await future.value) }
            return values
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(values.sorted() == Array(0..<200))
    }
  }

  @Test("a task that is cancelled stops, and no future is lost to the others")
  func cancelled() async throws {
    let promises = [Promise<Int>(), Promise<Int>()]
    let completions = asCompleted(promises.map(\.future))
    let task = Task { for try await _ in completions {} }
    task.cancel()
    await #expect(throws: WaitError.cancelled) { try await task.value }
    for promise in promises { try promise.succeed(1) }
    var count = 0
    for try await _ in completions { count += 1 }
    #expect(count == 2)
  }
}

@Suite("wait(for:returnWhen:)", .leavesNoThreads)
struct WaitForFuturesTests {
  /// Waits in both forms.
  private func waits(
    for futures: [Future<Int>], _ condition: ReturnCondition, timeout: Duration? = nil
  ) async throws -> [WaitedFutures<Future<Int>>] {
    [
      try await wait(for: futures, returnWhen: condition, timeout: timeout),
      try await onThread { try wait(for: futures, returnWhen: condition, timeout: timeout) },
    ]
  }

  @Test("it returns at once when the condition holds, and tells who is done")
  func atOnce() async throws {
    let pending = Promise<Int>()
    let (done, failed) = (Future(.success(1)), Future<Int>(.failure(Failed())))
    for waited in try await waits(for: [pending.future, done, done], .firstCompleted) {
      #expect(waited.done.count == 1 && waited.notDone.count == 1)
    }
    for waited in try await waits(for: [pending.future, failed], .firstError) {
      #expect(waited.done.first === failed && waited.notDone.first === pending.future)
    }
    for waited in try await waits(for: [done, failed], .allCompleted) { #expect(waited.done.count == 2) }
    for waited in try await waits(for: [], .allCompleted) { #expect(waited.done.isEmpty) }
  }

  @Test("it waits until the condition holds", arguments: ReturnCondition.allCases)
  func later(condition: ReturnCondition) async throws {
    let promises = (0..<3).map { _ in Promise<Int>() }
    let futures = promises.map(\.future)
    let hasReturned = Event()
    let task = Task {
      defer { hasReturned.set() }
      return try await wait(for: futures, returnWhen: condition)
    }
    let thread = Task { try await onThread { try wait(for: futures, returnWhen: condition) } }
    try promises[0].succeed(1)
    if condition != .firstCompleted {
      promises[2].future.cancel()
      #expect(!hasReturned.isSet)
      if condition == .firstError { try promises[1].fail(Failed()) } else { try promises[1].succeed(1) }
    }
    for waited in [try await task.value, try await thread.value] {
      #expect(waited.done.count >= 1 && waited.done.count + waited.notDone.count == 3)
    }
  }

  @Test("after a timeout it tells who is not done")
  func timeout() async throws {
    let pending = Promise<Int>()
    for waited in try await waits(for: [pending.future], .allCompleted, timeout: .milliseconds(1)) {
      #expect(waited.done.isEmpty && waited.notDone.count == 1)
    }
    withExtendedLifetime(pending) {}
  }

  @Test("futures of several types can be waited for together")
  func mixed() async throws {
    let futures: [AnyFuture] = [Future(.success(1)), Future(.success("one"))]
    #expect(try await wait(for: futures).done.count == 2)
  }
}

@Suite("Maps over a pool", .leavesNoThreads)
struct PoolMapTests {
  @Test("results come in the order of the inputs, whatever the chunks", arguments: [1, 3, 100])
  func order(chunkSize: Int) async throws {
    try await withThreadPool(threads: 3) { pool in
      let expected = (0..<50).map { $0 * $0 }
      #expect(try await pool.map(0..<50, chunkSize: chunkSize) { $0 * $0 } == expected)
      let onThread = try await onThread { try pool.map(0..<50, chunkSize: chunkSize) { $0 * $0 } }
      #expect(onThread == expected)
      #expect(try await pool.map([Int]()) { $0 } == [])
    }
  }

  @Test("inputs are taken as they are needed, so that there may be any number of them")
  func lazily() async throws {
    try await withThreadPool(threads: 2) { pool in
      let taken = Lock(0)
      let endless = sequence(first: 0) { number in
        taken.withLock { $0 += 1 }
        return number + 1
      }
      var results: [Int] = []
      for try await result in pool.lazyMap(endless, chunksAhead: 3, { $0 * 2 }) {
        results.append(result)
        if results.count == 10 { break }
      }
      #expect(results == (0..<10).map { $0 * 2 })
      #expect(taken.withLock { $0 } <= 14)
    }
  }

  @Test("the first error ends it, and what has not begun is cancelled")
  func error() async throws {
    try await withThreadPool(threads: 1) { pool in
      let done = Lock(Set<Int>())
      await #expect(throws: Failed.self) {
        try await pool.map(0..<100) { number in
          if number == 3 { throw Failed() }
          done.withLock { _ = $0.insert(number) }
        }
      }
      try await eventually("the pool is idle") { pool.statistics.idle == 1 }
      #expect(done.withLock { $0.count } < 10)
    }
  }

  @Test("a timeout ends it")
  func timeout() async throws {
    let clock = ManualClock()
    try await withThreadPool(threads: 1) { pool in
      let gate = Event()
      let map = Task {
        try await pool.map(0..<3, timeout: .seconds(1), clock: clock) { _ in try gate.wait() }
      }
      try await clock.waitUntilScheduled(count: 1)
      clock.advance(by: .seconds(1))
      await #expect(throws: WaitError.timedOut) { try await map.value }
      gate.set()
    }
  }

  @Test("a cancelled map cancels what has not begun")
  func cancelled() async throws {
    try await withThreadPool(threads: 1) { pool in
      let (gate, count) = (Event(), Lock(0))
      let map = Task {
        try await pool.map(0..<10) { _ in
          count.withLock { $0 += 1 }
          try gate.wait()
        }
      }
      try await eventually("one runs") { count.withLock { $0 } == 1 }
      map.cancel()
      await #expect(throws: WaitError.cancelled) { try await map.value }
      gate.set()
      await pool.shutdown()
      #expect(count.withLock { $0 } == 1)
    }
  }
}

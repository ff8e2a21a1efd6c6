import SkeinFutures
import SkeinSync
import SkeinTesting
import SkeinThreads
import Testing

private struct Failed: Error, Equatable {}

@Suite("Future and Promise")
struct FutureTests {
  @Test("it goes from pending to running to finished, and gives everybody its value")
  func life() async throws {
    let promise = Promise<Int>()
    let future = promise.future
    #expect(future.state == .pending && !future.isDone && future.currentResult == nil)
    #expect(try promise.begin())
    #expect(future.state == .running && future.isRunning && !future.isDone)
    let waiters = (0..<3).map { index in
      Task { index == 0 ? try await onThread { try future.result() } : try await future.value }
    }
    try await eventually("all wait") { future.waiterCount == 3 }
    try promise.succeed(7)
    for waiter in waiters { #expect(try await waiter.value == 7) }
    #expect(future.state == .finished && future.isDone && future.waiterCount == 0)
    #expect(try future.currentResult?.get() == 7)
    #expect(try await future.result(timeout: .zero) == 7)
  }

  @Test("an error is thrown to everybody")
  func failure() async throws {
    let promise = Promise<Int>()
    try promise.fail(Failed())
    await #expect(throws: Failed.self) { try await promise.future.value }
    await #expect(throws: Failed.self) { try await onThread { try promise.future.result() } }
    #expect(promise.future.state == .finished)
  }

  @Test("it can be cancelled before its work begins, and not after")
  func cancel() async throws {
    let early = Promise<Int>()
    #expect(early.future.cancel() && early.future.cancel())
    #expect(early.future.isCancelled && early.future.isDone)
    #expect(try early.begin() == false)
    await #expect(throws: FutureError.cancelled) { try await early.future.value }
    #expect(throws: FutureError.alreadyCompleted) { try early.succeed(1) }
    #expect(!early.tryComplete(with: .success(1)))

    let late = Promise<Int>()
    #expect(try late.begin())
    #expect(!late.future.cancel())
    #expect(throws: FutureError.alreadyCompleted) { try late.begin() }
    try late.succeed(1)
    #expect(!late.future.cancel())
    #expect(try await late.future.value == 1)
    #expect(throws: FutureError.alreadyCompleted) { try late.fail(Failed()) }
  }

  @Test("a promise that is dropped fails its future")
  func dropped() async throws {
    var promise: Promise<Int>? = Promise()
    let future = promise!.future
    let waiter = Task { try await future.value }
    try await eventually("one waits") { future.waiterCount == 1 }
    promise = nil
    await #expect(throws: FutureError.promiseDropped) { try await waiter.value }
  }

  @Test("a wait ends at its deadline on the clock that it was given, in tasks and threads")
  func timeout() async throws {
    let (promise, clock) = (Promise<Int>(), ManualClock())
    let future = promise.future
    let task = Task { try await future.result(timeout: .seconds(1), clock: clock) }
    let thread = Task { try await onThread { try future.result(timeout: .seconds(1), clock: clock) } }
    try await clock.waitUntilScheduled(count: 2)
    clock.advance(by: .seconds(1))
    await #expect(throws: WaitError.timedOut) { try await task.value }
    await #expect(throws: WaitError.timedOut) { try await thread.value }
    #expect(future.waiterCount == 0 && future.state == .pending)
    try promise.succeed(1)
    #expect(try await future.value == 1)
  }

  @Test("a task that is cancelled stops waiting, and the future goes on")
  func cancelledWait() async throws {
    let promise = Promise<Int>()
    let waiter = Task { try await promise.future.value }
    try await eventually("one waits") { promise.future.waiterCount == 1 }
    waiter.cancel()
    await #expect(throws: WaitError.cancelled) { try await waiter.value }
    #expect(promise.future.state == .pending)
    try promise.succeed(1)
  }

  @Test("callbacks run in their order, at once when the future is done, and do not disturb one another")
  func callbacks() async throws {
    let uncaught = Lock<[String]>([])
    let previous = UncaughtError.setHandler { error in
      if error.error is Failed { uncaught.withLock { $0.append(error.source) } }
    }
    defer { UncaughtError.setHandler(previous) }
    let promise = Promise<Int>()
    let calls = Lock<[String]>([])
    promise.future.onResult { result in
      let value = try result.get()
      calls.withLock { $0.append("first \(value)") }
    }
    promise.future.onDone { _ in throw Failed() }
    promise.future.onDone { future in
      let state = future.state
      calls.withLock { $0.append("third \(state)") }
    }
    try promise.succeed(3)
    promise.future.onDone { _ in calls.withLock { $0.append("late") } }
    #expect(calls.withLock { $0 } == ["first 3", "third finished", "late"])
    #expect(uncaught.withLock { $0.count } == 1)
    #expect(try await promise.future.value == 3)
  }

  @Test("callbacks are called for a cancellation too")
  func callbackOfCancellation() {
    let promise = Promise<Int>()
    let states = Lock<[AnyFuture.State]>([])
    promise.future.onDone { future in states.withLock { $0.append(future.state) } }
    promise.future.cancel()
    #expect(states.withLock { $0 } == [.cancelled])
  }

  @Test("several who race to complete it: one wins, and all agree on the result")
  func race() async throws {
    for _ in 0..<200 {
      let promise = Promise<Int>()
      let wins = Lock(0)
      try await withThrowingTaskGroup { group in
        for value in 0..<4 {
          group.addTask {
            if promise.tryComplete(with: .success(value)) { wins.withLock { $0 += 1 } }
            return try await promise.future.value
          }
        }
        let values = try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        #expect(values.count == 1)
      }
      #expect(wins.withLock { $0 } == 1)
    }
  }
}

@Suite("Futures, composed")
struct FutureCompositionTests {
  @Test("map makes a value of a value, and hands errors on")
  func map() async throws {
    let promise = Promise<Int>()
    let text = promise.future.map { "\($0)" }
    let failing = promise.future.map { _ -> Int in throw Failed() }
    try promise.succeed(4)
    #expect(try await text.value == "4")
    await #expect(throws: Failed.self) { try await failing.value }
    await #expect(throws: Failed.self) { try await failing.map { $0 + 1 }.value }
  }

  @Test("recover makes a value of an error, of a cancellation too")
  func recover() async throws {
    let failed = Future<Int>(.failure(Failed()))
    #expect(try await failed.recover { _ in 5 }.value == 5)
    #expect(try await Future(.success(1)).recover { _ in 5 }.value == 1)
    let promise = Promise<Int>()
    let recovered = promise.future.recover { error in
      if case FutureError.cancelled = error { return -1 }
      throw error
    }
    promise.future.cancel()
    #expect(try await recovered.value == -1)
  }

  @Test("flatMap goes on with the future that is made of the value")
  func flatMap() async throws {
    let (first, second) = (Promise<Int>(), Promise<String>())
    let chained = first.future.flatMap { _ in second.future }
    try first.succeed(1)
    #expect(!chained.isDone)
    try second.succeed("done")
    #expect(try await chained.value == "done")
    let failing = Future(.success(1)).flatMap { _ -> Future<Int> in throw Failed() }
    await #expect(throws: Failed.self) { try await failing.value }
  }

  @Test("zip and all wait for every one, and fail with the first error; the rest is cancelled")
  func zipAndAll() async throws {
    let (a, b, c) = (Promise<Int>(), Promise<Int>(), Promise<Int>())
    let pair = a.future.zip(b.future)
    let all = Future.all([a.future, b.future, c.future])
    try b.succeed(2)
    try a.succeed(1)
    #expect(!all.isDone)
    #expect(try await pair.value == (1, 2))
    try c.succeed(3)
    #expect(try await all.value == [1, 2, 3])
    #expect(try await Future<Int>.all([]).value == [])

    let (failing, waiting) = (Promise<Int>(), Promise<Int>())
    let both = failing.future.zip(waiting.future)
    try failing.fail(Failed())
    await #expect(throws: Failed.self) { try await both.value }
    #expect(waiting.future.isCancelled)
  }

  @Test("race takes the first result and cancels the others")
  func race() async throws {
    let (slow, fast) = (Promise<Int>(), Promise<Int>())
    let first = Future.race([slow.future, fast.future])
    try fast.succeed(2)
    #expect(try await first.value == 2)
    #expect(slow.future.isCancelled)
  }

  @Test("a cancellation travels upstream, as far as nobody else wants the result")
  func upstream() async throws {
    let promise = Promise<Int>()
    let (left, right) = (promise.future.map { $0 }, promise.future.map { $0 })
    left.map { $0 }.cancel()
    #expect(left.isCancelled)
    #expect(!promise.future.isCancelled)
    right.cancel()
    #expect(promise.future.isCancelled)

    let watched = Promise<Int>()
    watched.future.onDone { _ in }
    watched.future.map { $0 }.cancel()
    #expect(!watched.future.isCancelled)
    try watched.succeed(1)

    let (first, second) = (Promise<Int>(), Promise<Int>())
    let chained = first.future.flatMap { _ in second.future }
    try first.succeed(1)
    chained.cancel()
    #expect(second.future.isCancelled)
  }
}

@Suite("A future's wait, cancelled at every step")
struct FutureSweepTests {
  @Test("the value is there for whoever still waits, and nobody is left behind")
  func sweep() async throws {
    try await sweepCancellations(
      makeScenario: { Promise<Int>() },
      victim: { try await $0.future.value },
      others: [
        { _ = try await $0.future.value },
        { promise in
          await Task.yield()
          try promise.succeed(1)
        },
      ]
    ) { promise, run in
      #expect(promise.future.waiterCount == 0, "\(run)")
      switch run.outcome {
      case .success(let value): #expect(value == 1)
      case .failure(let error): #expect(error as? WaitError == .cancelled, "\(run)")
      }
    }
  }
}

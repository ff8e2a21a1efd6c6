import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

private struct Failure: Error, Equatable {
  var number = 0
}

@Suite("withThreads", .leavesNoThreads)
struct ThreadScopeTests {
  @Test("all threads have ended when it returns, in threads and tasks")
  func ends() async throws {
    let count = Lock(0)
    let blocking = try await onThread {
      try withThreads { scope in
        for _ in 0..<4 { try scope.start { count.withLock { $0 += 1 } } }
        return "done"
      }
    }
    #expect(blocking == "done" && count.withLock { $0 } == 4)
    let awaiting = try await withThreads { scope in
      for _ in 0..<4 { try scope.start { count.withLock { $0 += 1 } } }
      await Task.yield()
      return "done"
    }
    #expect(awaiting == "done" && count.withLock { $0 } == 8)
  }

  @Test("a scope without threads is its body")
  func empty() async throws {
    #expect(try await withThreads { _ in 1 } == 1)
    await #expect(throws: Failure()) { try await withThreads { _ in throw Failure() } }
    await #expect(throws: Failure()) { try await onThread { try withThreads { _ in throw Failure() } } }
  }

  @Test("the threads are no daemons, even when a daemon starts them, and have the names that they were given")
  func threads() async throws {
    let infos = try await OSThread.start(isDaemon: true) {
      try withThreads { scope in
        [try scope.start(name: "one", stackSize: 1 << 20) { ThreadInfo.current }.join()]
      }
    }.join()
    #expect(infos.map(\.name) == ["one"] && infos.map(\.isDaemon) == [false])
  }

  @Test("it waits for threads that go on after its body")
  func waits() async throws {
    let (gate, hasReturned) = (Event(), Event())
    let task = Task {
      try await withThreads { scope in _ = try scope.start { try gate.wait() } }
      hasReturned.set()
    }
    try await eventually("it waits") { gate.waiterCount == 1 }
    #expect(!hasReturned.isSet)
    gate.set()
    try await task.value
  }

  @Test("a thread may start others in the scope after its body has returned")
  func nested() async throws {
    let (mayStart, count) = (Event(), Lock(0))
    try await withThreads { scope in
      try scope.start {
        try mayStart.wait()
        for _ in 0..<3 {
          try scope.start {
            count.withLock { $0 += 1 }
            try scope.start { count.withLock { $0 += 1 } }
          }
        }
      }
      mayStart.set()
    }
    #expect(count.withLock { $0 } == 6)
  }

  // MARK: Errors

  @Test("the errors of threads that nobody took come together, in the order of their starts, with the body's")
  func errors() async throws {
    let second = Event()
    let error = await #expect(throws: ThreadScopeError.self) {
      try await withThreads { scope in
        try scope.start(name: "first") {
          try second.wait()
          throw Failure(number: 1)
        }
        try scope.start(name: "fine") {}
        try scope.start(name: "second") {
          second.set()
          throw Failure(number: 2)
        }
        throw Failure(number: 3)
      }
    }
    #expect(error?.failures.map(\.threadName) == ["first", "second"])
    #expect(error?.failures.map { $0.error as? Failure } == [Failure(number: 1), Failure(number: 2)])
    #expect(error?.bodyError as? Failure == Failure(number: 3))
    #expect(
      "\(try #require(error))"
        == "2 threads of the scope failed: “first”: Failure(number: 1); “second”: Failure(number: 2); "
        + "the body: Failure(number: 3)")
  }

  @Test("the blocking form gives them too")
  func blockingErrors() async throws {
    let error = await #expect(throws: ThreadScopeError.self) {
      try await onThread {
        try withThreads { scope in _ = try scope.start(name: "only") { throw Failure() } }
      }
    }
    #expect(error?.failures.map(\.threadName) == ["only"] && error?.bodyError == nil)
    #expect("\(try #require(error))".hasPrefix("1 thread of the scope failed: "))
  }

  @Test("an error that the body took by a join is the body's")
  func takenErrors() async throws {
    await #expect(throws: Failure(number: 1)) {
      try await withThreads { scope in
        try await scope.start { throw Failure(number: 1) }.join()
      }
    }
    let joined = try await withThreads { scope in
      let thread = try scope.start { throw Failure() }
      do { try await thread.join() } catch is Failure { return true }
      return false
    }
    #expect(joined)
  }

  @Test("a thread that the system refuses is not waited for")
  func refused() async throws {
    try await withThreads { scope in
      #expect(throws: ThreadError.self) { try scope.start(stackSize: 1 << 46) {} }
      try scope.start {}
    }
  }

  // MARK: Cancellation and contracts

  @Test("a cancelled task still waits for the threads; its body sees the cancellation")
  func cancellation() async throws {
    let gate = Event()
    let task = Task {
      try await withThreads { scope in
        _ = try scope.start { try gate.wait() }
        try await Event(name: "never").wait()
      }
    }
    try await eventually("the thread waits") { gate.waiterCount == 1 }
    task.cancel()
    try await Task.sleep(for: .milliseconds(1))
    #expect(gate.waiterCount == 1)
    gate.set()
    await #expect(throws: WaitError.cancelled) { try await task.value }
  }

  @Test("to start a thread in a scope that has ended traps")
  func late() async {
    await #expect(processExitsWith: .failure) {
      let scope = try await withThreads { $0 }
      _ = try scope.start {}
    }
    await #expect(processExitsWith: .failure) {
      let scope = try await onThread { try withThreads { $0 } }
      _ = try scope.start {}
    }
  }
}

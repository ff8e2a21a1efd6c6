import SkeinFutures
import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

private struct Failed: Error, Equatable {}

private enum Request {
  @TaskLocal static var id = "none"
}

@Suite("ThreadPool", .leavesNoThreads)
struct ThreadPoolTests {
  @Test("workers start when there is work and nobody is idle, up to the number given")
  func growth() async throws {
    try await withThreadPool(threads: 2, name: "grow") { pool in
      #expect(pool.statistics.workers == 0)
      let gate = Event()
      let first = try await pool.submit { try gate.wait() }
      #expect(pool.statistics.workers == 1)
      let second = try await pool.submit { try gate.wait() }
      let third = try await pool.submit { try gate.wait() }
      #expect(pool.statistics.workers == 2 && pool.statistics.queued == 1)
      gate.set()
      for future in [first, second, third] { try await future.value }
      try await eventually("both are idle") { pool.statistics.idle == 2 }
      _ = try await pool.submit { 1 }.value
      #expect(pool.statistics.mostWorkers == 2 && pool.statistics.submitted == 4)
    }
  }

  @Test("threads have the pool's name and a number")
  func names() async throws {
    try await withThreadPool(threads: 2, name: "named") { pool in
      let name = try await pool.submit { ThreadInfo.current.name }.value
      #expect(name == "named-1")
    }
  }

  @Test("workers beyond the core help out when the queue is full, and end when they have been idle")
  func elastic() async throws {
    let clock = ManualClock()
    let pool = try ThreadPool(
      threads: 1, maximum: 3, keepAlive: .seconds(10), queueCapacity: 1, whenFull: .fail, clock: clock)
    let gate = Event()
    var futures: [Future<Void>] = []
    for _ in 0..<4 { futures.append(try await pool.submit { try gate.wait() }) }
    #expect(pool.statistics.workers == 3 && pool.statistics.queued == 1)
    await #expect(throws: PoolError.self) { try await pool.submit {} }
    gate.set()
    for future in futures { try await future.value }
    try await eventually("all are idle") { pool.statistics.idle == 3 }
    try await clock.waitUntilScheduled(count: 3)
    clock.advance(by: .seconds(10))
    try await eventually("the helpers have left") { pool.statistics.workers == 1 }
    #expect(try await pool.submit { 7 }.value == 7)
    await pool.shutdown()
    #expect(pool.statistics.workers == 0)
  }

  @Test("a full queue: who submits waits, first come, first served")
  func block() async throws {
    let pool = try ThreadPool(threads: 1, queueCapacity: 1)
    let (gate, log) = (Event(), Lock<[Int]>([]))
    let running = try await pool.submit { try gate.wait() }
    try await eventually("it runs") { running.isRunning }
    let queued = try await pool.submit { log.withLock { $0.append(0) } }
    #expect(throws: PoolError.self) { try pool.trySubmit {} }
    let task = Task { try await pool.submit { log.withLock { $0.append(1) } }.value }
    try await eventually("a task waits for room") { pool.statistics.waiting == 1 }
    let thread = Task {
      try await onThread { try pool.submit { log.withLock { $0.append(2) } }.result() }
    }
    try await eventually("a thread waits for room") { pool.statistics.waiting == 2 }
    let cancelled = Task { try await pool.submit { log.withLock { $0.append(3) } }.value }
    try await eventually("a third one waits for room") { pool.statistics.waiting == 3 }
    cancelled.cancel()
    await #expect(throws: WaitError.cancelled) { try await cancelled.value }
    gate.set()
    try await queued.value
    try await task.value
    try await thread.value
    await pool.shutdown()
    #expect(log.withLock { $0 } == [0, 1, 2])
    #expect(pool.statistics.rejected == 1)
  }

  @Test("who waits for room is refused when the pool is shut down")
  func blockedAtShutdown() async throws {
    let pool = try ThreadPool(threads: 1, queueCapacity: 0)
    let gate = Event()
    let running = try await pool.submit { try gate.wait() }
    let waiter = Task { try await pool.submit { 1 } }
    try await eventually("one waits for room") { pool.statistics.waiting == 1 }
    await pool.shutdown(wait: false)
    await #expect(throws: PoolError.self) { try await waiter.value }
    gate.set()
    try await running.value
    await pool.shutdown()
  }

  @Test("a queue without places hands work to a worker that is idle, or to nobody")
  func noQueue() async throws {
    let pool = try ThreadPool(threads: 1, queueCapacity: 0, whenFull: .fail)
    for number in 0..<20 {
      // The worker is not idle at once.
      try await eventually("it is taken") {
        guard let future = try? await pool.submit({ number }) else { return false }
        return try await future.value == number
      }
    }
    await pool.shutdown()
  }

  @Test("who waits for room where there is none gives its work to the next worker that is free")
  func blockWithoutQueue() async throws {
    let pool = try ThreadPool(threads: 2, queueCapacity: 0)
    let log = Lock(Set<Int>())
    try await withThrowingTaskGroup { group in
      for submitter in 0..<4 {
        group.addTask {
          for number in 0..<25 {
            let future = try await pool.submit { log.withLock { _ = $0.insert(submitter * 25 + number) } }
            try await future.value
          }
        }
      }
      try await group.waitForAll()
    }
    await pool.shutdown()
    #expect(log.withLock { $0.count } == 100 && pool.statistics.submitted == 100)
  }

  @Test("a full queue: the caller runs the work, or the oldest work is dropped")
  func otherPolicies() async throws {
    for policy in [RejectionPolicy.runInCaller, .dropOldest] {
      let pool = try ThreadPool(threads: 1, queueCapacity: 1, whenFull: policy)
      let gate = Event()
      let running = try await pool.submit { try gate.wait() }
      try await eventually("it runs") { running.isRunning }
      let oldest = try await pool.submit { ThreadInfo.current.name }
      let newest = try await onThread { try pool.submit { ThreadInfo.current.name } }
      if policy == .runInCaller {
        #expect(try await newest.value != "pool-1")
        #expect(oldest.state == .pending)
      } else {
        await #expect(throws: PoolError.self) { try await oldest.value }
        #expect(newest.state == .pending)
      }
      gate.set()
      await pool.shutdown()
      #expect(pool.statistics.rejected == 1 && newest.isDone && oldest.isDone)
    }
  }

  @Test("a cancelled job leaves its place in a full queue to the next")
  func cancelledPlace() async throws {
    let pool = try ThreadPool(threads: 1, queueCapacity: 1)
    let gate = Event()
    let running = try await pool.submit { try gate.wait() }
    try await eventually("it runs") { running.isRunning }
    let queued = try await pool.submit { 1 }
    let waiter = Task { try await pool.submit { 2 } }
    try await eventually("one waits for room") { pool.statistics.waiting == 1 }
    queued.cancel()
    let taken = try await waiter.value
    #expect(taken.state == .pending && pool.statistics.queued == 1)
    gate.set()
    #expect(try await taken.value == 2)
    await pool.shutdown()
  }

  @Test("what a job captured ends when it is cancelled, and may use the pool")
  func cancelledCapture() async throws {
    final class Captured: Sendable {
      let pool: ThreadPool
      let ended: Event
      init(_ pool: ThreadPool, ended: Event) {
        self.pool = pool
        self.ended = ended
      }
      deinit { if pool.statistics.workers == 1 { ended.set() } }
    }
    let pool = try ThreadPool(threads: 1, queueCapacity: 2)
    let (gate, ended) = (Event(), Event())
    let running = try await pool.submit { try gate.wait() }
    try await eventually("it runs") { running.isRunning }
    do {
      let captured = Captured(pool, ended: ended)
      _ = try await pool.submit { withExtendedLifetime(captured) {} }.cancel()
    }
    #expect(ended.isSet)
    // The queue is full then, and drops the cancelled job.
    let others = [try await pool.submit { 1 }, try await pool.submit { 2 }]
    gate.set()
    for (index, other) in others.enumerated() { #expect(try await other.value == index + 1) }
    await pool.shutdown()
  }

  @Test("an initialiser runs once in each worker before its first job")
  func initialiser() async throws {
    let initialised = Lock(Set<String>())
    let pool = try ThreadPool(threads: 2) {
      initialised.withLock { _ = $0.insert(ThreadInfo.current.name) }
    }
    let gate = Event()
    let jobs = [try await pool.submit { try gate.wait() }, try await pool.submit { try gate.wait() }]
    gate.set()
    for job in jobs { try await job.value }
    #expect(initialised.withLock { $0 } == ["pool-1", "pool-2"])
    await pool.shutdown()
  }

  @Test("an initialiser that throws breaks the pool: what waits and what comes fails")
  func brokenInitialiser() async throws {
    let gate = Event()
    let pool = try ThreadPool(threads: 1) {
      try gate.wait()
      throw Failed()
    }
    let jobs = [try await pool.submit { 1 }, try await pool.submit { 2 }]
    gate.set()
    for job in jobs {
      await #expect {
        try await job.value
      } throws: { error in
        if case PoolError.broken(_, let cause) = error { cause is Failed } else { false }
      }
    }
    try await eventually("it is broken") {
      do {
        _ = try pool.trySubmit { 3 }
        return false
      } catch PoolError.broken { return true }
    }
    await pool.shutdown()
  }

  @Test("who sees that an initialiser has failed is refused")
  func brokenAtOnce() async throws {
    let isRefused = try await onThread {
      let gate = Event()
      let pool = try ThreadPool(threads: 1) {
        try gate.wait()
        throw Failed()
      }
      let (isCalled, isRefused) = (Event(), Lock(false))
      // Called in the moment in which the first job fails.
      try pool.submit { 1 }.onDone { _ in
        do { _ = try pool.submit { 2 } } catch PoolError.broken { isRefused.withLock { $0 = true } } catch {}
        isCalled.set()
      }
      gate.set()
      try isCalled.wait()
      pool.shutdown()
      return isRefused.withLock { $0 }
    }
    #expect(isRefused)
  }

  @Test("task-locals that are bound where work is submitted are bound where it runs")
  func taskLocals() async throws {
    try await withThreadPool(threads: 1) { pool in
      let (bound, other) = try await Request.$id.withValue("REQ-1") {
        let bound = try await pool.submit { Request.id }
        return (
          bound, try await onThread { try Request.$id.withValue("REQ-2") { try pool.submit { Request.id } } }
        )
      }
      #expect(try await bound.value == "REQ-1")
      #expect(try await other.value == "REQ-2")
      let none = try await onThread { try pool.submit { Request.id } }
      #expect(try await none.value == "none")
      // A job that never runs leaves nothing behind either.
      let gate = Event()
      _ = try await pool.submit { try gate.wait() }
      try await Request.$id.withValue("REQ-3") { _ = try await pool.submit { Request.id }.cancel() }
      gate.set()
    }
  }

  @Test("what a job captured is let go of before its result is known")
  func captures() async throws {
    final class Captured: Sendable {}
    try await withThreadPool(threads: 1) { pool in
      weak var seen: Captured?
      let job = try await {
        let captured = Captured()
        seen = captured
        return try await pool.submit { withExtendedLifetime(captured) { 1 } }
      }()
      _ = try await job.value
      #expect(seen == nil)
    }
  }

  @Test("sizes that make no sense are refused, and say which")
  func sizes() {
    for (threads, maximum, capacity) in [(-1, nil, nil), (0, 0, nil), (2, 1, nil), (1, nil, -1)]
      as [(Int, Int?, Int?)]
    {
      #expect(throws: PoolError.self) {
        try ThreadPool(threads: threads, maximum: maximum, queueCapacity: capacity)
      }
    }
    #expect(throws: PoolError.self) { try ParallelPool(threads: 0) }
  }

  @Test("a pool of no core workers has one when there is work")
  func noCore() async throws {
    let pool = try ThreadPool(threads: 0, maximum: 1)
    #expect(try await pool.submit { 1 }.value == 1)
    await pool.shutdown()
  }

  @Test("the system gives no thread: submit says so, and the pool works once it gives one again")
  func noThread() async throws {
    let pool = try ThreadPool(threads: 1, stackSize: 1 << 46)
    await #expect {
      try await pool.submit { 1 }
    } throws: { error in
      if case PoolError.noWorker(_, .refused) = error { true } else { false }
    }
    #expect(pool.statistics.workers == 0)
    await pool.shutdown()
  }

  @Test("the system gives no thread while several submit: each is told, by its submit or its future")
  func noThreadForSeveral() async throws {
    for _ in 0..<50 {
      let pool = try ThreadPool(threads: 1, stackSize: 1 << 46)
      try await withThreads { scope in
        for _ in 0..<4 {
          try scope.start { #expect(throws: PoolError.self) { try pool.submit { 1 }.result() } }
        }
      }
      await pool.shutdown()
    }
  }

  @Test("a shutdown waits for work whose worker is only being started")
  func shutdownDuringStart() async throws {
    for _ in 0..<200 {
      let pool = try ThreadPool(threads: 2)
      let jobs = Lock<[Future<Int>]>([])
      let submitter = try OSThread.start {
        for number in 0..<3 {
          guard let job = try? pool.submit({ number }) else { return }
          jobs.withLock { $0.append(job) }
        }
      }
      try await onThread { pool.shutdown() }
      #expect(pool.statistics.workers == 0)
      try await submitter.join()
      for job in jobs.withLock({ $0 }) { #expect(job.isDone) }
    }
  }

  @Test("withThreadPool does what was submitted, or cancels it when its body throws")
  func scoped() async throws {
    let done = Lock(0)
    try await withThreadPool(threads: 1) { pool in
      for _ in 0..<10 { _ = try await pool.submit { done.withLock { $0 += 1 } } }
    }
    #expect(done.withLock { $0 } == 10)
    try await onThread {
      try withThreadPool(threads: 1) { pool in
        for _ in 0..<10 { _ = try pool.submit { done.withLock { $0 += 1 } } }
      }
    }
    #expect(done.withLock { $0 } == 20)
    let waiting = Lock<Future<Int>?>(nil)
    await #expect(throws: Failed.self) {
      try await withThreadPool(threads: 1) { pool in
        let gate = Event()
        let running = try await pool.submit { try gate.wait() }
        try await eventually("it runs") { running.isRunning }
        let last = try await pool.submit { 1 }
        waiting.withLock { $0 = last }
        gate.set()
        throw Failed()
      }
    }
    let last = waiting.withLock { $0! }
    #expect(last.isDone)
  }
}

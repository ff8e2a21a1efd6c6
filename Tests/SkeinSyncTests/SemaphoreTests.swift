import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

@Suite("Semaphore")
struct SemaphoreTests {
  // MARK: One thread

  @Test("permits are taken while there are any, and come back")
  func smoke() {
    let semaphore = Semaphore(permits: 3)
    #expect(semaphore.tryAcquire(2))
    #expect(!semaphore.tryAcquire(2))
    #expect(semaphore.freePermits == 1)
    semaphore.release(2)
    #expect(semaphore.freePermits == 3)
  }

  @Test("the scoped form gives permits back after a value and after an error")
  func scoped() async throws {
    let semaphore = Semaphore(permits: 2)
    #expect(try await semaphore.withPermit(count: 2) { semaphore.freePermits } == 0)
    await #expect(throws: Refused()) { try await semaphore.withPermit { throw Refused() } }
    #expect(try await onThread { try semaphore.withPermit { semaphore.freePermits } } == 1)
    #expect(semaphore.freePermits == 2)
  }

  @Test("an unbounded semaphore grows by a release, a bounded one traps")
  func bounds() async {
    let semaphore = Semaphore(permits: 0)
    semaphore.release(5)
    #expect(semaphore.freePermits == 5)
    await #expect(processExitsWith: .failure) { Semaphore(permits: 1, isBounded: true).release() }
    await #expect(processExitsWith: .failure) { Semaphore(permits: 1).release(0) }
    await #expect(processExitsWith: .failure) { _ = Semaphore(permits: -1) }
    await #expect(processExitsWith: .failure) { _ = Semaphore(permits: 1).tryAcquire(0) }
    let beyond = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await Semaphore(permits: 3, isBounded: true, name: "seats").acquire(4)
    }
    let message = String(decoding: beyond?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("Semaphore seats hands out 1 to 3 permits, not 4"))
    #expect(!Semaphore(permits: 0, isBounded: true).tryAcquire())
  }

  // MARK: Waiting

  @Test("a release serves a waiting task and a waiting thread, in their order")
  func tasksAndThreads() async throws {
    let (semaphore, served) = (Semaphore(permits: 0), Lock<[String]>([]))
    let task = Task {
      try await semaphore.acquire()
      served.withLock { $0.append("task") }
    }
    try await eventually("the task waits") { semaphore.waiterCount == 1 }
    let thread = Task {
      try await onThread {
        try semaphore.acquire()
        served.withLock { $0.append("thread") }
      }
    }
    try await eventually("the thread waits") { semaphore.waiterCount == 2 }
    semaphore.release()
    try await task.value
    #expect(semaphore.waiterCount == 1)
    semaphore.release()
    try await thread.value
    #expect(served.withLock { $0 } == ["task", "thread"])
  }

  @Test("a newcomer with a small request does not overtake a large one")
  func noOvertaking() async throws {
    let semaphore = Semaphore(permits: 1)
    let large = Task { try await semaphore.acquire(2) }
    try await eventually("the large request waits") { semaphore.waiterCount == 1 }
    #expect(!semaphore.tryAcquire())
    let small = Task { try await semaphore.acquire() }
    try await eventually("the small one waits behind it") { semaphore.waiterCount == 2 }
    semaphore.release()
    try await large.value
    #expect(semaphore.waiterCount == 1)
    semaphore.release()
    try await small.value
    #expect(semaphore.freePermits == 0)
  }

  @Test("one release serves as many as it suffices for")
  func oneReleaseManyWaiters() async throws {
    let semaphore = Semaphore(permits: 0)
    let waiters = (0..<4).map { _ in Task { try await semaphore.acquire() } }
    try await eventually("all wait") { semaphore.waiterCount == 4 }
    semaphore.release(5)
    for waiter in waiters { try await waiter.value }
    #expect(semaphore.freePermits == 1)
    #expect(semaphore.tryAcquire())
  }

  // MARK: Timeout

  @Test("a wait ends at its deadline on the clock that it was given, in tasks and threads")
  func manualTimeout() async throws {
    let (semaphore, clock) = (Semaphore(permits: 0), ManualClock())
    let task = Task { try await semaphore.acquire(timeout: .seconds(10), clock: clock) }
    let thread = Task { try await onThread { try semaphore.acquire(timeout: .seconds(20), clock: clock) } }
    try await clock.waitUntilScheduled(count: 2)
    clock.advance(by: .seconds(10))
    await #expect(throws: WaitError.timedOut) { try await task.value }
    #expect(semaphore.waiterCount == 1)
    clock.advance(by: .seconds(10))
    await #expect(throws: WaitError.timedOut) { try await thread.value }
    #expect(semaphore.waiterCount == 0)
  }

  @Test("a granted wait leaves nothing on its clock")
  func grantedInTime() async throws {
    let (semaphore, clock) = (Semaphore(permits: 0), ManualClock())
    let task = Task { try await semaphore.acquire(timeout: .seconds(10), clock: clock) }
    let thread = Task { try await onThread { try semaphore.acquire(timeout: .seconds(10), clock: clock) } }
    try await clock.waitUntilScheduled(count: 2)
    semaphore.release(2)
    try await task.value
    try await thread.value
    #expect(clock.scheduledCount == 0)
  }

  @Test("a wait ends on the real clock too", arguments: [Duration.seconds(-1), .zero, .milliseconds(2)])
  func realTimeout(timeout: Duration) async throws {
    let semaphore = Semaphore(permits: 1)
    await #expect(throws: WaitError.timedOut) { try await semaphore.acquire(2, timeout: timeout) }
    await #expect(throws: WaitError.timedOut) {
      try await onThread { try semaphore.acquire(2, timeout: timeout) }
    }
    #expect(semaphore.tryAcquire())
  }

  @Test("when the large request at the front times out, the small one behind it is served")
  func timeoutServesNext() async throws {
    let (semaphore, clock) = (Semaphore(permits: 1), ManualClock())
    let large = Task { try await semaphore.acquire(2, timeout: .seconds(1), clock: clock) }
    try await clock.waitUntilScheduled()
    let small = Task { try await semaphore.acquire() }
    try await eventually("both wait") { semaphore.waiterCount == 2 }
    clock.advance(by: .seconds(1))
    try await small.value
    await #expect(throws: WaitError.timedOut) { try await large.value }
  }

  // MARK: Cancellation

  @Test(
    "a cancelled task leaves the queue, wherever it stands, and the others keep their order", arguments: 0..<4
  )
  func cancellation(index: Int) async throws {
    let (semaphore, served) = (Semaphore(permits: 0), Lock<[Int]>([]))
    var tasks: [Task<Void, any Error>] = []
    for number in 0..<4 {
      tasks.append(
        Task {
          try await semaphore.acquire()
          served.withLock { $0.append(number) }
        })
      try await eventually("task \(number) waits") { semaphore.waiterCount == number + 1 }
    }
    tasks[index].cancel()
    await #expect(throws: WaitError.cancelled) { try await tasks[index].value }
    for number in 0..<4 where number != index {
      semaphore.release()
      try await tasks[number].value
    }
    #expect(served.withLock { $0 } == (0..<4).filter { $0 != index })
    #expect(semaphore.freePermits == 0)
  }

  @Test("a task that is cancelled already takes what is free, and is refused what is not")
  func cancelledBefore() async throws {
    let semaphore = Semaphore(permits: 1)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      await #expect(throws: WaitError.cancelled) { try await semaphore.acquire(2) }
      // The refusal leaves no trace: what is free can be taken.
      #expect(semaphore.tryAcquire())
      semaphore.release()
      try await semaphore.acquire()
    }
    try await task.value
    #expect(semaphore.freePermits == 0 && semaphore.waiterCount == 0)
  }

  // MARK: Close

  @Test("close ends every wait, now and later, and takes permits back still")
  func close() async throws {
    let semaphore = Semaphore(permits: 1)
    #expect(semaphore.tryAcquire())
    let task = Task { try await semaphore.acquire() }
    let thread = Task { try await onThread { try semaphore.acquire() } }
    try await eventually("both wait") { semaphore.waiterCount == 2 }
    semaphore.close()
    await #expect(throws: WaitError.closed) { try await task.value }
    await #expect(throws: WaitError.closed) { try await thread.value }
    semaphore.release()
    #expect(semaphore.freePermits == 1)
    #expect(!semaphore.tryAcquire())
    await #expect(throws: WaitError.closed) { try await semaphore.acquire() }
  }
}

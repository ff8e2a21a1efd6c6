import Glibc
import SkeinProcesses
import SkeinSync
import SkeinTesting
import Testing

@Suite("Shared synchronisation")
struct SharedSyncTests {
  // MARK: Locks

  @Test("a lock whose owner was killed is taken by the next, who repairs what it guards once")
  func ownerDeath() async throws {
    let things = try SharedThings()
    let peer = try things.start("hold-lock")
    #expect(try await peer.next() == "ready\n")
    let before = try things.lock.tryLock { true }
    #expect(before == nil)
    try await peer.kill()
    let lock = things.lock
    let repairs = try await onThread {
      var repairs = 0
      for _ in 0..<2 { try lock.withLock(recover: { repairs += 1 }) {} }
      return repairs
    }
    #expect(repairs == 1 && lock.ownerDeathCount == 1)
  }

  @Test("a lock that the thread has already is reported, and one that is held elsewhere times out")
  func lockErrors() async throws {
    let lock = try SharedLock()
    try await onThread {
      lock.withLock {
        #expect(throws: LockError.wouldDeadlock(nil)) { try lock.tryLock {} }
        #expect(throws: LockError.wouldDeadlock(nil)) { try lock.withLock(timeout: .seconds(1)) {} }
      }
    }
    let (held, done) = (Event(), Event())
    async let holder: Void = onThread {
      try lock.withLock {
        held.set()
        try done.wait()
      }
    }
    try await held.wait()
    try await onThread {
      _ = #expect(throws: LockError.timedOut(nil)) { try lock.withLock(timeout: .zero) {} }
    }
    let waiter = Task { try await lock.withLock { true } }
    let cancelled = Task { try await lock.withLock { true } }
    cancelled.cancel()
    await #expect(throws: WaitError.cancelled) { try await cancelled.value }
    done.set()
    try await holder
    #expect(try await waiter.value)
  }

  @Test("a lock that is taken twice traps")
  func relocking() async {
    await #expect(processExitsWith: .failure) {
      let lock = try SharedLock()
      try await onThread { lock.withLock { lock.withLock {} } }
    }
  }

  // MARK: Semaphores

  @Test("the permit of a killed process comes back with the sweep, to thread and task")
  func permitOfTheDead() async throws {
    let things = try SharedThings()
    let semaphore = things.semaphore
    let peer = try things.start("hold-permit")
    #expect(try await peer.next() == "ready\n")
    SharedObjects.sweep(processID: peer.processID)
    #expect(!semaphore.tryAcquire() && semaphore.heldPermits == 1)
    async let thread: Void = onThread { semaphore.withPermit {} }
    async let task: Void = semaphore.withPermit {}
    try await eventually("both wait") { semaphore.waiterCount == 2 }
    try await peer.kill()
    SharedObjects.sweep(processID: peer.processID)
    try await thread
    try await task
    #expect(semaphore.freePermits == 1 && semaphore.heldPermits == 0 && semaphore.waiterCount == 0)
  }

  @Test("a bounded semaphore refuses a permit too many, another one grows up to its capacity")
  func growth() throws {
    let bounded = try SharedSemaphore(permits: 1, isBounded: true)
    #expect(throws: SharedMemoryError.self) { try bounded.release() }
    let growing = try SharedSemaphore(permits: 0, capacity: 2)
    for _ in 0..<2 { try growing.release() }
    #expect(throws: SharedMemoryError.tableFull("a shared semaphore", capacity: 2)) { try growing.release() }
    #expect(growing.tryAcquire() && growing.tryAcquire() && !growing.tryAcquire())
  }

  @Test("a wait for a permit ends by its deadline or by cancellation, and takes nothing with it")
  func endsOfWaits() async throws {
    let semaphore = try SharedSemaphore(permits: 0)
    try await onThread { _ = #expect(throws: WaitError.timedOut) { try semaphore.acquire(timeout: .zero) } }
    let clock = ManualClock()
    let timed = Task { try await semaphore.acquire(timeout: .seconds(9), clock: clock) }
    let cancelled = Task { try await semaphore.acquire() }
    try await eventually("both wait") { semaphore.waiterCount == 2 && clock.nextDeadline != nil }
    cancelled.cancel()
    await #expect(throws: WaitError.cancelled) { try await cancelled.value }
    clock.advance(by: .seconds(9))
    await #expect(throws: WaitError.timedOut) { try await timed.value }
    #expect(semaphore.waiterCount == 0)
    try semaphore.release()
    #expect(semaphore.tryAcquire())
  }

  @Test("more tasks wait than one thread can wait for")
  func manyTasks() async throws {
    let semaphore = try SharedSemaphore(permits: 0)
    try await withThrowingTaskGroup { group in
      for _ in 0..<300 { group.addTask { try await semaphore.withPermit {} } }
      try await eventually("all wait") { semaphore.waiterCount == 300 }
      try semaphore.release()
      try await group.waitForAll()
    }
    #expect(semaphore.freePermits == 1)
  }

  // MARK: Events

  @Test("a set event lets go the threads and tasks of all processes")
  func events() async throws {
    let things = try SharedThings()
    let event = things.event
    let peer = try things.start("wait")
    #expect(try await peer.next() == "ready\n")
    async let task: Void = event.wait()
    async let thread: Void = onThread { event.wait() }
    try await eventually("all wait") { event.waiterCount == 3 }
    event.set()
    // They are let go by that it was set.
    event.clear()
    try await task
    try await thread
    #expect(try await peer.next() == "set\n")
    #expect(try await peer.end() == 0)
    try await onThread { _ = #expect(throws: WaitError.timedOut) { try event.wait(timeout: .zero) } }
  }

  // MARK: Stress

  @Test("three processes and this one count exactly")
  func counting() async throws {
    let things = try SharedThings(permits: 2)
    let peers = try (0..<3).map { _ in try things.start("4000") }
    try await onThread { [value = things.value] in
      for _ in 0..<4000 { value.withLock { $0 += 1 } }
    }
    for peer in peers { #expect(try await peer.end() == 0) }
    try await onThread { [value = things.value] in #expect(value.value == 16_000) }
    #expect(things.counter.value == 1500 && things.semaphore.freePermits == 2)
  }
}

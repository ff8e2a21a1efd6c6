import SkeinSync
import SkeinTesting
import Testing

@Suite("Semaphore under stress")
struct SemaphoreStressTests {
  @Test("no more holders than permits, though tasks and threads compete")
  func capacity() async throws {
    let (semaphore, inside) = (Semaphore(permits: 3), Lock((now: 0, most: 0)))
    @Sendable func visit() {
      inside.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
      inside.withLock { $0.now -= 1 }
    }
    async let threads: Void = onThreads(4) { _ in
      for _ in 0..<500 { try semaphore.withPermit { visit() } }
    }
    try await withThrowingTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<250 {
            try await semaphore.withPermit {
              visit()
              await Task.yield()
            }
          }
        }
      }
      try await group.waitForAll()
    }
    try await threads
    #expect(inside.withLock { $0.most } <= 3)
    #expect(semaphore.freePermits == 3 && semaphore.waiterCount == 0)
  }

  @Test("a cancellation at any moment of a handover loses no permit", arguments: 0..<60)
  func cancellationSweep(delay: Int) async throws {
    let semaphore = Semaphore(permits: 0)
    let waiter = Task { () -> Bool in
      do { try await semaphore.acquire() } catch { return false }
      return true
    }
    let canceller = Task {
      for _ in 0..<(delay % 20) { await Task.yield() }
      waiter.cancel()
    }
    for _ in 0..<(delay / 3) { await Task.yield() }
    semaphore.release()
    await canceller.value
    let isGranted = await waiter.value
    #expect(semaphore.freePermits == (isGranted ? 0 : 1))
    #expect(semaphore.waiterCount == 0)
  }

  @Test("grants, timeouts and cancellations race, and permits are conserved", arguments: [11, 12, 13, 14])
  func conservation(seed: UInt64) async throws {
    let semaphore = Semaphore(permits: 4, isBounded: true)
    try await withThrowingTaskGroup { group in
      for index in 0..<12 {
        group.addTask {
          var generator = SeededGenerator(seed: seed &* 1000 &+ UInt64(index))
          for _ in 0..<60 { await Self.step(semaphore, &generator) }
        }
      }
      for index in 0..<2 {
        group.addTask {
          try await onThread {
            var generator = SeededGenerator(seed: seed &* 2000 &+ UInt64(index))
            for _ in 0..<60 { Self.blockingStep(semaphore, &generator) }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(semaphore.freePermits == 4, "seed \(seed)")
    #expect(semaphore.waiterCount == 0, "seed \(seed)")
    #expect(semaphore.tryAcquire(4), "seed \(seed)")
  }

  private static func step(_ semaphore: Semaphore, _ generator: inout SeededGenerator) async {
    let count = Int.random(in: 1...4, using: &generator)
    let timeout = Duration.microseconds(Int.random(in: 0...200, using: &generator))
    let isCancelled = Bool.random(using: &generator)
    let work = Task {
      if isCancelled {
        try await semaphore.acquire(count)
      } else {
        try await semaphore.acquire(count, timeout: timeout)
      }
      await Task.yield()
      semaphore.release(count)
    }
    for _ in 0..<Int.random(in: 0...4, using: &generator) { await Task.yield() }
    if isCancelled { work.cancel() }
    _ = await work.result
  }

  private static func blockingStep(_ semaphore: Semaphore, _ generator: inout SeededGenerator) {
    let count = Int.random(in: 1...3, using: &generator)
    let timeout = Duration.microseconds(Int.random(in: 0...200, using: &generator))
    do { try semaphore.acquire(count, timeout: timeout) } catch { return }
    semaphore.release(count)
  }
}

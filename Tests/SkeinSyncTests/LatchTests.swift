import SkeinSync
import SkeinTesting
import Testing

@Suite("Latch")
struct LatchTests {
  @Test("it opens when it was counted down to zero, and stays open")
  func smoke() async throws {
    let latch = Latch(count: 3)
    latch.countDown(2)
    #expect(latch.count == 1 && !latch.isOpen)
    latch.countDown()
    #expect(latch.count == 0 && latch.isOpen)
    try await latch.wait()
    try await latch.wait(timeout: .zero)
    try await onThread { try latch.wait() }
    latch.close()
    try await latch.wait()
  }

  @Test("a latch of zero is open at once")
  func zero() async throws {
    let latch = Latch(count: 0)
    #expect(latch.isOpen)
    try await latch.wait()
  }

  @Test("the last count lets go all tasks and threads that wait")
  func opens() async throws {
    let latch = Latch(count: 2)
    let tasks = (0..<3).map { _ in Task { try await latch.wait() } }
    let threads = (0..<3).map { _ in Task { try await onThread { try latch.wait() } } }
    try await eventually("all wait") { latch.waiterCount == 6 }
    latch.countDown()
    #expect(latch.waiterCount == 6)
    latch.countDown()
    for waiter in tasks + threads { try await waiter.value }
    #expect(latch.waiterCount == 0)
  }

  @Test("a wait ends at its deadline on the clock that it was given, in tasks and threads")
  func manualTimeout() async throws {
    let (latch, clock) = (Latch(count: 1), ManualClock())
    let task = Task { try await latch.wait(timeout: .seconds(1), clock: clock) }
    let thread = Task { try await onThread { try latch.wait(timeout: .seconds(1), clock: clock) } }
    try await clock.waitUntilScheduled(count: 2)
    clock.advance(by: .seconds(1))
    await #expect(throws: WaitError.timedOut) { try await task.value }
    await #expect(throws: WaitError.timedOut) { try await thread.value }
    #expect(latch.waiterCount == 0 && latch.count == 1)
  }

  @Test("a wait ends on the real clock too", arguments: [Duration.seconds(-1), .zero, .milliseconds(2)])
  func realTimeout(timeout: Duration) async throws {
    let latch = Latch(count: 1)
    await #expect(throws: WaitError.timedOut) { try await latch.wait(timeout: timeout) }
    await #expect(throws: WaitError.timedOut) { try await onThread { try latch.wait(timeout: timeout) } }
    latch.countDown()
    try await latch.wait(timeout: .seconds(Int64.max))
  }

  @Test("a cancelled task leaves, the others stay, and the count does not change")
  func cancellation() async throws {
    let latch = Latch(count: 1)
    let tasks = (0..<3).map { _ in Task { try await latch.wait() } }
    try await eventually("all wait") { latch.waiterCount == 3 }
    tasks[1].cancel()
    await #expect(throws: WaitError.cancelled) { try await tasks[1].value }
    #expect(latch.waiterCount == 2 && latch.count == 1)
    latch.countDown()
    try await tasks[0].value
    try await tasks[2].value
  }

  @Test("a task that is cancelled already passes an open latch, and is refused by a closed gate")
  func cancelledBefore() async throws {
    try await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      await #expect(throws: WaitError.cancelled) { try await Latch(count: 1).wait() }
      try await Latch(count: 0).wait()
    }.value
  }

  @Test("close ends every wait, now and later")
  func close() async throws {
    let latch = Latch(count: 1)
    let task = Task { try await latch.wait() }
    let thread = Task { try await onThread { try latch.wait() } }
    try await eventually("both wait") { latch.waiterCount == 2 }
    latch.close()
    await #expect(throws: WaitError.closed) { try await task.value }
    await #expect(throws: WaitError.closed) { try await thread.value }
    await #expect(throws: WaitError.closed) { try await latch.wait() }
  }

  @Test("broken contracts trap")
  func contracts() async {
    await #expect(processExitsWith: .failure) { _ = Latch(count: -1) }
    await #expect(processExitsWith: .failure) { Latch(count: 1).countDown(0) }
    await #expect(processExitsWith: .failure) { Latch(count: 1).countDown(-1) }
    await #expect(processExitsWith: .failure) { Latch(count: 1).countDown(2) }
    await #expect(processExitsWith: .failure) { Latch(count: 0).countDown() }
  }

  @Test("counts from many threads and tasks open it exactly once all have come", arguments: [1, 2, 3])
  func stress(seed: UInt64) async throws {
    for round in 0..<20 {
      let (latch, counted) = (Latch(count: 40), Lock(0))
      let waiters = (0..<4).map { _ in
        Task {
          try await latch.wait()
          return counted.withLock { $0 }
        }
      }
      async let threads: Void = onThreads(2) { index in
        var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(round * 2 + index))
        var left = 20
        while left > 0 {
          let count = Int.random(in: 1...min(left, 3), using: &generator)
          counted.withLock { $0 += count }
          latch.countDown(count)
          left -= count
        }
      }
      for waiter in waiters { #expect(try await waiter.value == 40, "seed \(seed)") }
      try await threads
    }
  }
}

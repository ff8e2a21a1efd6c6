import SkeinProcesses
import SkeinSync
import SkeinTesting
import Testing

@Suite("SharedCondition")
struct SharedConditionTests {
  @Test("waiters of several processes are notified in the order in which they came, tasks too")
  func notifying() async throws {
    let things = try SharedThings()
    let condition = things.condition
    let peer = try things.start("await")
    try await eventually("the peer waits") { condition.waiterCount == 1 }
    let counter = things.counter
    let task = Task { try await condition.withLock(when: { counter.value == 1 }) { counter.add(1) } }
    try await eventually("the task waits") { condition.waiterCount == 2 }
    try await onThread { condition.lock.withLock { condition.notifyOne() } }
    #expect(try await peer.next() == "notified\n")
    #expect(try await peer.end() == 0 && condition.waiterCount == 1)
    try await onThread {
      condition.lock.withLock {
        counter.add(1)
        condition.notifyAll()
      }
    }
    #expect(try await task.value == 2 && condition.waiterCount == 0)
  }

  @Test("a killed waiter is discounted, and the notification that it did not hear goes to the next")
  func deadWaiter() async throws {
    let things = try SharedThings()
    let condition = things.condition
    let peer = try things.start("await")
    try await eventually("the peer waits") { condition.waiterCount == 1 }
    async let thread = onThread { try condition.lock.withLock { try condition.wait() } }
    try await eventually("both wait") { condition.waiterCount == 2 }
    try await peer.kill()
    try await onThread { condition.lock.withLock { condition.notifyOne() } }
    #expect(condition.waiterCount == 1)
    SharedObjects.sweep(processID: peer.processID)
    #expect(try await thread)
    #expect(condition.waiterCount == 0)
  }

  @Test("a wait ends by its time or by cancellation, and a full table is an error")
  func ends() async throws {
    let condition = try SharedCondition(lock: try SharedLock(), capacity: 1)
    let isNotified = try await onThread {
      try condition.lock.withLock { try condition.wait(timeout: .zero) }
    }
    #expect(!isNotified)
    let task = Task { try await condition.withLock(when: { false }) {} }
    try await eventually("the task waits") { condition.waiterCount == 1 }
    try await onThread {
      condition.lock.withLock { _ = #expect(throws: SharedMemoryError.self) { try condition.wait() } }
    }
    task.cancel()
    await #expect(throws: WaitError.cancelled) { try await task.value }
    #expect(condition.waiterCount == 0)
  }
}

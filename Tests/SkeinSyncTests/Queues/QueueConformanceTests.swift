import SkeinSync
import SkeinTesting
import Testing

/// A queue in the shape that the common exercise asks for.
private struct Exercised<Order: QueueDiscipline>: ExercisableQueue where Order.Element == Int {
  let queue: OrderedQueue<Order>

  var count: Int { queue.count }
  var waiterCount: Int { queue.waiterCount }

  func tryPut(_ element: Int) -> Bool { queue.tryPut(element) }
  func tryGet() -> Int? { queue.tryGet() }
  func taskDone() { queue.taskDone() }
  func shutdownDraining() { queue.shutdown(.drain) }
  func shutdownImmediately() { queue.shutdown(.immediate) }

  func put(_ element: Int) async throws { try await queue.put(element) }
  func put<C: DeadlineClock>(_ element: Int, timeout: Duration, clock: C) async throws {
    try await queue.put(element, timeout: timeout, clock: clock)
  }
  func get() async throws -> Int { try await queue.get() }
  func get<C: DeadlineClock>(timeout: Duration, clock: C) async throws -> Int {
    try await queue.get(timeout: timeout, clock: clock)
  }
  func join() async throws { try await queue.join() }

  @available(*, noasync)
  func put(_ element: Int) throws { try queue.put(element) }
  @available(*, noasync)
  func put<C: DeadlineClock>(_ element: Int, timeout: Duration, clock: C) throws {
    try queue.put(element, timeout: timeout, clock: clock)
  }
  @available(*, noasync)
  func get() throws -> Int { try queue.get() }
  @available(*, noasync)
  func get<C: DeadlineClock>(timeout: Duration, clock: C) throws -> Int {
    try queue.get(timeout: timeout, clock: clock)
  }
  @available(*, noasync)
  func join() throws { try queue.join() }
}

@Suite("Queues, by the common exercise")
struct QueueConformanceTests {
  @Test("Queue") func fifo() async throws {
    try await exerciseQueue(order: .fifo) { Exercised(queue: Queue(capacity: $0)) }
  }

  @Test("LIFOQueue") func lifo() async throws {
    try await exerciseQueue(order: .lifo) { Exercised(queue: LIFOQueue(capacity: $0)) }
  }

  @Test("PriorityQueue") func priority() async throws {
    try await exerciseQueue(order: .sorted(by: <)) { Exercised(queue: PriorityQueue(capacity: $0)) }
  }

  @Test("PriorityQueue with an order of its own") func ownOrder() async throws {
    try await exerciseQueue(order: .sorted(by: >)) { Exercised(queue: PriorityQueue(by: >, capacity: $0)) }
  }
}

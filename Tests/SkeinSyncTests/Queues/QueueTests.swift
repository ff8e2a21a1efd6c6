import SkeinTesting
import Testing

@testable import SkeinSync

/// What the common exercise does not ask, because only queues of this library have it.
@Suite("Queue")
struct QueueTests {
  // MARK: At once

  @Test("it tells what it holds and what it did")
  func statistics() {
    let queue = Queue<String>(capacity: 2, name: "letters")
    #expect(queue.isEmpty && queue.capacity == 2 && queue.name == "letters")
    let puts = ["a", "b", "c"].map { queue.tryPut($0) }
    #expect(puts == [true, true, false])
    let first = queue.tryGet()
    #expect(first == "a" && queue.count == 1 && queue.unfinishedCount == 2)
    queue.shutdown(.immediate)
    let statistics = queue.statistics
    #expect(statistics.put == 2 && statistics.got == 1 && statistics.peak == 2 && statistics.dropped == 1)
    #expect(queue.isShutDown && queue.unfinishedCount == 1)
  }

  @Test("an unbounded queue has no capacity, and takes whatever comes")
  func unbounded() async throws {
    let queue = Queue<Int>()
    for number in 0..<10_000 { try await queue.put(number) }
    #expect(queue.capacity == nil && queue.count == 10_000)
  }

  @Test("an optional element that is nil is an element")
  func optionalElement() async throws {
    let queue = Queue<Int?>(capacity: 1)
    try await queue.put(nil)
    let got = try await queue.get()
    #expect(got == nil && queue.isEmpty)
  }

  @Test("a capacity below one, and a task too many marked as done, trap")
  func brokenContracts() async {
    await #expect(processExitsWith: .failure) { _ = Queue<Int>(capacity: 0) }
    await #expect(processExitsWith: .failure) { _ = PriorityQueue<Int>(capacity: -1) }
    await #expect(processExitsWith: .failure) { Queue<Int>().taskDone() }
    await #expect(processExitsWith: .failure) {
      let queue = Queue<Int>()
      _ = queue.tryPut(1)
      queue.taskDone(0)
    }
  }

  // MARK: Waiting

  @Test("a waiting get is served by a put of the other world, in order")
  func bothWorlds() async throws {
    let (queue, served) = (Queue<Int>(), Lock<[String]>([]))
    let task = Task {
      let got = try await queue.get()
      served.withLock { $0.append("task \(got)") }
    }
    try await eventually("the task waits") { queue.waiterCount == 1 }
    let thread = Task {
      try await onThread {
        let got = try queue.get()
        served.withLock { $0.append("thread \(got)") }
      }
    }
    try await eventually("the thread waits") { queue.waiterCount == 2 }
    try await onThread { try queue.put(1) }
    try await task.value
    try await queue.put(2)
    try await thread.value
    #expect(served.withLock { $0 } == ["task 1", "thread 2"])
  }

  @Test("a newcomer does not overtake one who waits to put")
  func puttersInLine() async throws {
    let queue = Queue<Int>(capacity: 1)
    try await queue.put(0)
    let waiting = Task { try await queue.put(1) }
    try await eventually("one waits to put") { queue.waiterCount == 1 }
    let got = try await queue.get()
    // The room went to the one who waited.
    let isPut = queue.tryPut(2)
    #expect(got == 0 && !isPut)
    try await waiting.value
    #expect(try await queue.get() == 1)
  }

  @Test("a timeout on a manual clock ends puts and gets, of tasks and threads")
  func manualTimeout() async throws {
    let (queue, full, clock) = (Queue<Int>(), Queue<Int>(capacity: 1), ManualClock())
    try await full.put(0)
    let tasks = [
      Task { _ = try await queue.get(timeout: .seconds(1), clock: clock) },
      Task { try await full.put(1, timeout: .seconds(1), clock: clock) },
      Task { try await onThread { _ = try queue.get(timeout: .seconds(1), clock: clock) } },
      Task { try await onThread { try full.put(2, timeout: .seconds(1), clock: clock) } },
    ]
    try await clock.waitUntilScheduled(count: 4)
    clock.advance(by: .seconds(1))
    for task in tasks { await #expect(throws: WaitError.timedOut) { try await task.value } }
    #expect(queue.waiterCount == 0 && full.waiterCount == 0 && full.count == 1)
  }

  @Test("a timeout in the past only looks, one without end waits", arguments: [Duration.seconds(-5), .zero])
  func extremeTimeouts(timeout: Duration) async throws {
    let queue = Queue<Int>(capacity: 1)
    await #expect(throws: WaitError.timedOut) { try await queue.get(timeout: timeout) }
    try await queue.put(1, timeout: timeout)
    await #expect(throws: WaitError.timedOut) { try await queue.put(2, timeout: timeout) }
    await #expect(throws: WaitError.timedOut) { try await onThread { try queue.put(2, timeout: timeout) } }
    #expect(try await queue.get(timeout: .seconds(Int64.max)) == 1)
  }

  // MARK: Join and iteration

  @Test("a join among waiting gets is served when the last element is done, in threads and tasks")
  func joinAmongGets() async throws {
    let queue = Queue<Int>()
    try await queue.put(1)
    _ = try await queue.get()
    let join = Task { try await queue.join() }
    try await eventually("the join waits") { queue.waiterCount == 1 }
    let get = Task { try await queue.get() }
    try await eventually("the get waits behind it") { queue.waiterCount == 2 }
    let threadJoin = Task { try await onThread { try queue.join() } }
    try await eventually("all wait") { queue.waiterCount == 3 }
    try await queue.put(2)
    // A get is served though a join precedes it; the joins still wait, for two elements are not done.
    #expect(try await get.value == 2)
    queue.taskDone(2)
    try await join.value
    try await threadJoin.value
    try await queue.join()
    #expect(queue.waiterCount == 0)
  }

  @Test("a join ends at its deadline, and by cancellation")
  func joinEnds() async throws {
    let (queue, clock) = (Queue<Int>(), ManualClock())
    try await queue.put(1)
    let timed = Task { try await queue.join(timeout: .seconds(1), clock: clock) }
    try await clock.waitUntilScheduled()
    clock.advance(by: .seconds(1))
    await #expect(throws: WaitError.timedOut) { try await timed.value }
    let cancelled = Task { try await queue.join() }
    try await eventually("it waits") { queue.waiterCount == 1 }
    cancelled.cancel()
    await #expect(throws: WaitError.cancelled) { try await cancelled.value }
    await #expect(throws: WaitError.timedOut) {
      try await onThread { try queue.join(timeout: .milliseconds(1)) }
    }
  }

  @Test("an immediate shutdown counts what it drops as done")
  func immediateShutdownJoins() async throws {
    let queue = Queue<Int>()
    for number in 0..<3 { try await queue.put(number) }
    let join = Task { try await queue.join() }
    try await eventually("the join waits") { queue.waiterCount == 1 }
    queue.shutdown(.immediate)
    try await join.value
    await #expect(throws: WaitError.closed) { try await queue.get() }
  }

  @Test("a loop gets everything and ends with the queue, or with its task")
  func iteration() async throws {
    let queue = Queue<Int>()
    let sum = Task {
      var sum = 0
      for await number in queue { sum += number }
      return sum
    }
    for number in 1...100 { try await queue.put(number) }
    queue.shutdown()
    #expect(await sum.value == 5050)
    let (empty, isDone) = (Queue<Int>(), Event())
    let loop = Task {
      for await _ in empty {}
      isDone.set()
    }
    try await eventually("the loop waits") { empty.waiterCount == 1 }
    loop.cancel()
    try await isDone.wait()
  }

  @Test("the values that a shutdown drops, and those that are got, end")
  func elementsEnd() async throws {
    final class Canary: Sendable {}
    weak var dropped: Canary?
    let queue = Queue<Canary>()
    do {
      let canary = Canary()
      dropped = canary
      try await queue.put(canary)
    }
    #expect(dropped != nil)
    queue.shutdown(.immediate)
    #expect(dropped == nil)
  }

  @Test("a queue that somebody has waited for ends with what it holds")
  func endsAfterWaits() async throws {
    final class Canary: Sendable {}
    weak var held: Canary?
    do {
      let queue = Queue<Canary>()
      let get = Task { try await queue.get() }
      try await eventually("the task waits") { queue.waiterCount == 1 }
      get.cancel()
      await #expect(throws: WaitError.cancelled) { try await get.value }
      let canary = Canary()
      held = canary
      try await queue.put(canary)
    }
    try await eventually("it has ended, whatever a snapshot does") { held == nil }
  }

  @Test("only while waiters of several kinds stand in line, all of them are looked at")
  func mixedLine() async throws {
    let queue = Queue<Int>(capacity: 1)
    @Sendable func isMixed() -> Bool { queue.waiters.withLock { guarded, _ in guarded.state.isMixed } }
    try await queue.put(0)
    let puts = (1...2).map { element in Task { try await queue.put(element) } }
    try await eventually("both wait to put") { queue.waiterCount == 2 }
    #expect(!isMixed())
    let join = Task { try await queue.join() }
    try await eventually("somebody joins") { queue.waiterCount == 3 }
    #expect(isMixed())
    for _ in 0..<3 { _ = try await queue.get() }
    for put in puts { try await put.value }
    queue.taskDone(3)
    try await join.value
    #expect(!isMixed() && queue.waiterCount == 0)
  }
}

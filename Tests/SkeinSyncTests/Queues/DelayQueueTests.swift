import SkeinSync
import SkeinTesting
import Testing

@Suite("DelayQueue")
struct DelayQueueTests {
  @Test("nothing comes out before its time, and then in the order of times")
  func order() async throws {
    let clock = ManualClock()
    let queue = DelayQueue<String, ManualClock>(clock: clock)
    try await queue.put("late", after: .seconds(3))
    try await queue.put("early", after: .seconds(1))
    try await queue.put("early too", after: .seconds(1))
    #expect(queue.tryGet()?.element == nil && queue.count == 3)
    clock.advance(by: .seconds(1))
    let first = [queue.tryGet()?.element, queue.tryGet()?.element, queue.tryGet()?.element]
    #expect(first == ["early", "early too", nil])
    clock.advance(by: .seconds(2))
    #expect(queue.tryGet()?.element == "late")
  }

  @Test("those who wait are served one by one as time goes on, threads and tasks")
  func waiting() async throws {
    let clock = ManualClock()
    let queue = DelayQueue<Int, ManualClock>(clock: clock)
    for second in 1...2 { try await queue.put(second, after: .seconds(second)) }
    let task = Task { try await queue.get().element }
    try await eventually("the task waits") { queue.waiterCount == 1 }
    let thread = Task { try await onThread { try queue.get().element } }
    try await eventually("both wait") { queue.waiterCount == 2 }
    clock.advance(by: .seconds(1))
    #expect(try await task.value == 1)
    #expect(queue.waiterCount == 1)
    try await clock.waitUntilScheduled()
    clock.advance(by: .seconds(1))
    #expect(try await thread.value == 2)
  }

  @Test("an element that is due earlier than the one waited for is served earlier")
  func earlierComes() async throws {
    let clock = ManualClock()
    let queue = DelayQueue<String, ManualClock>(clock: clock)
    try await queue.put("later", after: .seconds(10))
    let get = Task { try await queue.get().element }
    try await eventually("one waits") { queue.waiterCount == 1 }
    try await queue.put("sooner", after: .seconds(1))
    clock.advance(by: .seconds(1))
    #expect(try await get.value == "sooner")
  }

  @Test("a full queue takes the next as soon as the first is due, though gets wait in front of the put")
  func putBehindGets() async throws {
    let clock = ManualClock()
    let queue = DelayQueue<Int, ManualClock>(clock: clock, capacity: 1)
    try await queue.put(1, after: .seconds(1))
    let get = Task { try await queue.get().element }
    try await eventually("the get waits") { queue.waiterCount == 1 }
    let put = Task { try await queue.put(2, after: .zero) }
    try await eventually("the put waits behind it") { queue.waiterCount == 2 }
    clock.advance(by: .seconds(1))
    #expect(try await get.value == 1)
    try await put.value
    #expect(try await queue.get().element == 2)
  }

  @Test("a timed get ends before the element is due, and the element stays")
  func timeout() async throws {
    let clock = ManualClock()
    let queue = DelayQueue<Int, ManualClock>(clock: clock)
    try await queue.put(1, after: .seconds(5))
    let get = Task { try await queue.get(timeout: .seconds(1), clock: clock) }
    try await eventually("it waits") { queue.waiterCount == 1 }
    clock.advance(by: .seconds(1))
    await #expect(throws: WaitError.timedOut) { try await get.value }
    #expect(queue.count == 1)
  }

  @Test("a queue that drains waits for what is not due yet")
  func drain() async throws {
    let clock = ManualClock()
    let queue = DelayQueue<Int, ManualClock>(clock: clock)
    try await queue.put(1, after: .seconds(5))
    queue.shutdown(.drain)
    let all = Task {
      var all: [Int] = []
      for await delayed in queue { all.append(delayed.element) }
      return all
    }
    try await eventually("the loop waits") { queue.waiterCount == 1 }
    clock.advance(by: .seconds(5))
    #expect(await all.value == [1])
  }

  @Test("on the real clock an element comes when it is due")
  func realTime() async throws {
    let queue = DelayQueue<Int, MonotonicClock>()
    let due = MonotonicClock().now.advanced(by: .milliseconds(3))
    try await queue.put(Delayed(1, due: due))
    _ = try await queue.get()
    #expect(MonotonicClock().now >= due)
  }

  @Test(
    "an element that becomes due between any two looks at the clock is given to who waits", arguments: 0..<12)
  func dueInBetween(looks: Int) async throws {
    let clock = CreepingClock()
    let queue = DelayQueue<Int, CreepingClock>(clock: clock)
    let get = Task { try await queue.get().element }
    try await eventually("it waits") { queue.waiterCount == 1 }
    try await queue.put(Delayed(1, due: clock.now.advanced(by: .nanoseconds(looks))))
    clock.runScheduled()
    #expect(queue.waiterCount == 0)
    queue.shutdown()
    #expect(try await get.value == 1)
  }

  @Test("an element that becomes due while an earlier one is given out is given out too", arguments: 0..<12)
  func dueMeanwhile(looks: Int) async throws {
    let clock = CreepingClock()
    let queue = DelayQueue<Int, CreepingClock>(clock: clock)
    let gets = (0..<2).map { _ in Task { try await queue.get().element } }
    try await eventually("both wait") { queue.waiterCount == 2 }
    let due = clock.now.advanced(by: .seconds(1))
    try await queue.put(Delayed(1, due: due))
    try await queue.put(Delayed(2, due: due.advanced(by: .nanoseconds(looks))))
    clock.runScheduled()
    #expect(queue.waiterCount == 0)
    queue.shutdown()
    let sum = try await gets[0].value + gets[1].value
    #expect(sum == 3)
  }

  @Test("whoever comes while elements come and fall due is served", arguments: 1...4 as ClosedRange<UInt64>)
  func stress(seed: UInt64) async throws {
    let queue = DelayQueue<Int, MonotonicClock>()
    let total = try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<4 as Range<UInt64> {
        group.addTask {
          var generator = SeededGenerator(seed: seed * 4 + index)
          for element in 0..<100 {
            try await queue.put(element, after: .nanoseconds(Int.random(in: 0...200_000, using: &generator)))
          }
          return 0
        }
        group.addTask {
          var sum = 0
          for _ in 0..<100 { sum += try await queue.get(timeout: .seconds(60)).element }
          return sum
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(total == 4 * 99 * 50)
  }
}

/// Moves on by a nanosecond whenever somebody looks, and to what is scheduled when a test says so.
private final class CreepingClock: DeadlineClock {
  typealias Instant = MonotonicClock.Instant

  private struct State {
    var now = Instant(nanoseconds: 0)
    var actions: [(id: Int, due: Instant, action: @Sendable () -> Void)] = []
    var count = 0
  }

  private let state = Lock(State())

  var minimumResolution: Duration { .nanoseconds(1) }

  var now: Instant {
    state.withLock {
      $0.now = $0.now.advanced(by: .nanoseconds(1))
      return $0.now
    }
  }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> ScheduledAction {
    let id = state.withLock { state in
      state.count += 1
      state.actions.append((state.count, instant, action))
      return state.count
    }
    return ScheduledAction { self.state.withLock { $0.actions.removeAll { $0.id == id } } }
  }

  /// Runs everything that is scheduled, in order, and what that schedules.
  func runScheduled() {
    while let action = takeNext() { action() }
  }

  private func takeNext() -> (@Sendable () -> Void)? {
    state.withLock { state in
      guard let next = state.actions.indices.min(by: { state.actions[$0].due < state.actions[$1].due }) else {
        return nil
      }
      let taken = state.actions.remove(at: next)
      state.now = max(state.now, taken.due)
      return taken.action
    }
  }
}

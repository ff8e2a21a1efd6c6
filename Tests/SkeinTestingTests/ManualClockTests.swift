import SkeinSync
import SkeinTesting
import Testing

@Suite("ManualClock")
struct ManualClockTests {
  let clock = ManualClock()
  let log = Lock<[String]>([])

  /// Schedules an action that writes down its name and the time.
  @discardableResult
  private func note(_ name: String, at seconds: Int) -> ScheduledAction {
    clock.schedule(at: .init(offset: .seconds(seconds))) { [clock, log] in
      let line = "\(name)@\(clock.now.offset.components.seconds)"
      log.withLock { $0.append(line) }
    }
  }

  private var lines: [String] { log.withLock { $0 } }

  @Test("time stands still until it is moved")
  func standsStill() {
    note("a", at: 1)
    #expect(clock.now.offset == .zero)
    #expect(lines.isEmpty)
    clock.advance(by: .milliseconds(999))
    #expect(lines.isEmpty)
    clock.advance(by: .milliseconds(1))
    #expect(lines == ["a@1"])
  }

  @Test("actions run in the order of deadlines, then of scheduling, each at its own time")
  func order() {
    note("late", at: 3)
    note("first", at: 1)
    note("second", at: 1)
    note("middle", at: 2)
    clock.advance(by: .seconds(10))
    #expect(lines == ["first@1", "second@1", "middle@2", "late@3"])
    #expect(clock.now.offset == .seconds(10))
    #expect(clock.scheduledCount == 0)
  }

  @Test("an action that an action schedules runs in the same move when it is due")
  func nestedActions() {
    let log = log
    clock.schedule(at: .init(offset: .seconds(1))) { [clock] in
      log.withLock { $0.append("outer") }
      clock.schedule(at: .init(offset: .seconds(2))) { log.withLock { $0.append("inner") } }
      clock.schedule(at: .init(offset: .seconds(9))) { log.withLock { $0.append("too late") } }
    }
    clock.advance(to: .init(offset: .seconds(5)))
    #expect(lines == ["outer", "inner"])
    #expect(clock.nextDeadline == .init(offset: .seconds(9)))
  }

  @Test("a cancelled action does not run and is not counted")
  func cancellation() {
    let action = note("a", at: 1)
    note("b", at: 2)
    #expect(clock.scheduledCount == 2)
    action.cancel()
    action.cancel()
    #expect(clock.scheduledCount == 1)
    clock.advance(by: .seconds(5))
    #expect(lines == ["b@2"])
  }

  @Test("an action may cancel one that is due at the same time")
  func cancellationByAction() {
    let victim = Lock<ScheduledAction?>(nil)
    clock.schedule(at: .init(offset: .seconds(1))) { victim.withLock { $0 }?.cancel() }
    let action = note("victim", at: 1)
    victim.withLock { $0 = action }
    clock.advance(by: .seconds(1))
    #expect(lines.isEmpty)
  }

  @Test("what is due already runs at once")
  func dueAlready() {
    clock.advance(by: .seconds(5))
    note("a", at: 5)
    #expect(lines == ["a@5"])
  }

  @Test("a move to the past moves nothing")
  func past() {
    clock.advance(by: .seconds(5))
    clock.advance(to: .init(offset: .seconds(1)))
    #expect(clock.now.offset == .seconds(5))
  }

  @Test("a move by a negative duration traps")
  func negativeMove() async {
    await #expect(processExitsWith: .failure) { ManualClock().advance(by: .seconds(-1)) }
  }

  @Test("a jump goes to the next deadline alone")
  func jump() {
    note("a", at: 3)
    note("b", at: 7)
    #expect(clock.advanceToNext() == .init(offset: .seconds(3)))
    #expect(lines == ["a@3"])
    #expect(clock.advanceToNext() == .init(offset: .seconds(7)))
    #expect(clock.advanceToNext() == nil)
  }

  @Test("a sleeping task wakes when its time comes, and not before")
  func sleepingTask() async throws {
    let nap = Task { [clock] in
      try await clock.sleep(until: .init(offset: .seconds(60)))
      return clock.now.offset
    }
    try await clock.waitUntilScheduled()
    clock.advance(by: .seconds(59))
    #expect(clock.scheduledCount == 1)
    clock.advance(by: .seconds(1))
    #expect(try await nap.value == .seconds(60))
  }

  @Test("a cancelled sleep leaves nothing scheduled")
  func cancelledSleep() async throws {
    let nap = Task { [clock] in try await clock.sleep(until: .init(offset: .seconds(60))) }
    try await clock.waitUntilScheduled()
    nap.cancel()
    await #expect(throws: CancellationError.self) { try await nap.value }
    #expect(clock.scheduledCount == 0)
  }

  @Test("threads and tasks wait for a number of scheduled actions")
  func waitUntilScheduled() async throws {
    async let fromThread: Void = onThread { [clock] in try clock.waitUntilScheduled(count: 3) }
    async let fromTask: Void = clock.waitUntilScheduled(count: 2)
    note("a", at: 1)
    note("b", at: 2)
    try await fromTask
    note("c", at: 3)
    try await fromThread
  }

  @Test("waiting for actions ends at its limit and with its task")
  func waitEnds() async throws {
    await #expect(throws: WaitError.timedOut) { try await clock.waitUntilScheduled(limit: .milliseconds(1)) }
    await #expect(throws: WaitError.timedOut) {
      try await onThread { [clock] in try clock.waitUntilScheduled(limit: .milliseconds(1)) }
    }
    let waiting = Task { [clock] in try await clock.waitUntilScheduled() }
    waiting.cancel()
    await #expect(throws: WaitError.cancelled) { try await waiting.value }
  }

  @Test("a run moves the clock for a body that sleeps")
  func run() async throws {
    let clock = clock
    let total = try await clock.run {
      for _ in 0..<10 { try await clock.sleep(until: clock.now.advanced(by: .seconds(3600))) }
      return clock.now.offset
    }
    #expect(total == .seconds(36_000))
  }

  @Test("each action runs once though several threads move the clock")
  func concurrentMoves() async throws {
    let count = Lock(0)
    for second in 1...200 {
      clock.schedule(at: .init(offset: .seconds(second))) { count.withLock { $0 += 1 } }
    }
    try await withThrowingTaskGroup { group in
      for _ in 0..<4 {
        group.addTask { [clock] in
          try await onThread { for _ in 0..<50 { clock.advance(by: .seconds(1)) } }
        }
      }
      try await group.waitForAll()
    }
    clock.advance(to: .init(offset: .seconds(200)))
    #expect(count.withLock { $0 } == 200)
  }
}

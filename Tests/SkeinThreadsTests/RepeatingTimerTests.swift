import Glibc
import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

private struct Failure: Error, Equatable {}

/// An action that is watched, and ends when it may.
private struct Action: Sendable {
  let clock = ManualClock()
  let begins = Queue<Duration>(name: "begins")
  let mayEnd = Semaphore(permits: 0, name: "may end")

  func perform() throws {
    _ = begins.tryPut(clock.now.offset)
    try mayEnd.acquire()
  }

  /// The time of the next run, which ends `duration` later.
  func run(lasting duration: Duration = .zero) async throws -> Duration {
    let begin = try await begins.get()
    if duration > .zero { clock.advance(by: duration) }
    mayEnd.release()
    return begin
  }
}

@Suite("RepeatingTimer", .leavesNoThreads)
struct RepeatingTimerTests {
  private func end(_ timer: RepeatingTimer) async throws {
    timer.cancel()
    try await timer.join()
    #expect(timer.isCancelled && !timer.isAlive)
  }

  @Test("it fires after each interval, and not before")
  func fires() async throws {
    let action = Action()
    let timer = RepeatingTimer(every: .seconds(2), clock: action.clock) { try action.perform() }
    #expect(!timer.isAlive && timer.firedCount == 0)
    try timer.start()
    #expect(timer.isAlive)
    for tick in 1...3 {
      try await action.clock.waitUntilScheduled()
      action.clock.advance(by: .seconds(1))
      #expect(action.begins.count == 0)
      action.clock.advance(by: .seconds(1))
      #expect(try await action.run() == .seconds(2 * tick))
      #expect(timer.firedCount == tick)
    }
    #expect(timer.missedCount == 0)
    try await end(timer)
    #expect(action.clock.scheduledCount == 0)
  }

  @Test("the time counts from the start, whenever its thread begins", arguments: 1...5)
  func countsFromStart(_: Int) async throws {
    let action = Action()
    let timer = RepeatingTimer(every: .seconds(1), clock: action.clock) { try action.perform() }
    action.clock.advance(by: .seconds(5))
    try timer.start()
    action.clock.advance(by: .seconds(1))
    #expect(try await action.run() == .seconds(6))
    try await end(timer)
  }

  @Test("the first tick has a delay of its own", arguments: [Duration.zero, .seconds(5)])
  func delay(_ delay: Duration) async throws {
    let action = Action()
    let timer = RepeatingTimer(every: .seconds(1), after: delay, clock: action.clock) { try action.perform() }
    try timer.start()
    action.clock.advance(by: delay)
    #expect(try await action.run() == delay)
    try await action.clock.waitUntilScheduled()
    action.clock.advance(by: .seconds(1))
    #expect(try await action.run() == delay + .seconds(1))
    try await end(timer)
  }

  @Test("at a fixed rate, ticks that pass while the action runs are left out and counted")
  func fixedRate() async throws {
    let action = Action()
    let timer = RepeatingTimer(every: .seconds(1), clock: action.clock) { try action.perform() }
    try timer.start()
    action.clock.advance(by: .seconds(1))
    #expect(try await action.run(lasting: .milliseconds(3500)) == .seconds(1))
    // Those at 2, 3 and 4 are gone.
    try await action.clock.waitUntilScheduled()
    #expect(timer.missedCount == 3)
    #expect(action.clock.advanceToNext()?.offset == .seconds(5))
    #expect(try await action.run() == .seconds(5))
    #expect(timer.firedCount == 2)
    try await end(timer)
  }

  @Test("with a fixed delay, the interval counts from the end of the action")
  func fixedDelay() async throws {
    let action = Action()
    let timer = RepeatingTimer(every: .seconds(1), pace: .fixedDelay, clock: action.clock) {
      try action.perform()
    }
    try timer.start()
    action.clock.advance(by: .seconds(1))
    #expect(try await action.run(lasting: .milliseconds(3500)) == .seconds(1))
    try await action.clock.waitUntilScheduled()
    #expect(action.clock.advanceToNext()?.offset == .milliseconds(5500))
    #expect(try await action.run() == .milliseconds(5500))
    #expect(timer.missedCount == 0)
    try await end(timer)
  }

  @Test("it ends by itself after its last tick", arguments: [0, 1, 3])
  func limit(_ limit: Int) async throws {
    let action = Action()
    let timer = RepeatingTimer(every: .seconds(1), limit: limit, clock: action.clock) { try action.perform() }
    try timer.start()
    for tick in 0..<limit {
      if tick > 0 { try await action.clock.waitUntilScheduled() }
      action.clock.advance(by: .seconds(1))
      _ = try await action.run()
    }
    try await timer.join()
    #expect(timer.firedCount == limit && !timer.isCancelled && !timer.isAlive)
    #expect(action.clock.scheduledCount == 0)
  }

  // MARK: Ending it

  @Test("cancelled before its first tick it never runs, be it before its start or after")
  func cancelledEarly() async throws {
    let clock = ManualClock()
    let started = RepeatingTimer(every: .seconds(1), clock: clock) { Issue.record("it ran") }
    try started.start()
    try await clock.waitUntilScheduled()
    try await end(started)
    let idle = RepeatingTimer(every: .seconds(1), after: .zero, clock: clock) { Issue.record("it ran") }
    idle.cancel()
    try idle.start()
    try await end(idle)
    clock.advance(by: .seconds(10))
    #expect(started.firedCount == 0 && idle.firedCount == 0)
  }

  @Test("its action can cancel it")
  func cancelledFromWithin() async throws {
    let clock = ManualClock()
    let handle = Lock<RepeatingTimer?>(nil)
    let timer = RepeatingTimer(every: .seconds(1), clock: clock) { handle.withLock { $0.take() }?.cancel() }
    handle.withLock { $0 = timer }
    try timer.start()
    clock.advance(by: .seconds(1))
    try await timer.join()
    #expect(timer.firedCount == 1 && timer.isCancelled)
  }

  @Test("a cancellation lets an action that has begun go on to its end")
  func cancelledMeanwhile() async throws {
    let action = Action()
    let timer = RepeatingTimer(every: .seconds(1), clock: action.clock) { try action.perform() }
    try timer.start()
    action.clock.advance(by: .seconds(1))
    _ = try await action.begins.get()
    timer.cancel()
    timer.cancel()
    #expect(timer.isAlive)
    action.mayEnd.release()
    try await timer.join()
    #expect(timer.firedCount == 1)
  }

  @Test("no action begins after a cancellation")
  func cancelledInARace() async throws {
    try await onThread {
      for _ in 0..<20 {
        let timer = RepeatingTimer(every: .nanoseconds(1)) {}
        try timer.start()
        while timer.firedCount == 0 { sched_yield() }
        timer.cancel()
        let count = timer.firedCount
        try timer.join()
        #expect(timer.firedCount == count)
      }
    }
  }

  @Test("an action that throws ends it, and its error goes to who waits for the end")
  func failure() async throws {
    let clock = ManualClock()
    let timer = RepeatingTimer(every: .seconds(1), clock: clock) { throw Failure() }
    try timer.start()
    clock.advance(by: .seconds(1))
    await #expect(throws: Failure()) { try await timer.join() }
    await #expect(throws: Failure()) { try await onThread { try timer.join() } }
    #expect(!timer.isAlive && timer.firedCount == 1)
  }

  @Test("who waits for the end can be cancelled; the timer goes on")
  func cancelledJoin() async throws {
    let timer = RepeatingTimer(every: .seconds(1), clock: ManualClock()) {}
    try timer.start()
    let task = Task { try await timer.join() }
    task.cancel()
    await #expect(throws: WaitError.cancelled) { try await task.value }
    #expect(timer.isAlive)
    try await end(timer)
  }

  @Test("it starts once, and can not be waited for before, nor by its own action")
  func contracts() async throws {
    let handle = Lock<RepeatingTimer?>(nil)
    let clock = ManualClock()
    let timer = RepeatingTimer(every: .seconds(1), name: "tick", clock: clock) {
      try handle.withLock { $0.take() }?.join()
    }
    handle.withLock { $0 = timer }
    await #expect(throws: ThreadError.notStarted(name: "tick")) { try await timer.join() }
    try timer.start()
    #expect(throws: ThreadError.alreadyStarted(name: "tick")) { try timer.start() }
    clock.advance(by: .seconds(1))
    await #expect(throws: ThreadError.joinsItself(name: "tick")) { try await timer.join() }
  }

  @Test("an interval, a delay or a number of ticks that can not be traps")
  func traps() async {
    await #expect(processExitsWith: .failure) { _ = RepeatingTimer(every: .zero) {} }
    await #expect(processExitsWith: .failure) {
      _ = RepeatingTimer(every: .seconds(1), after: .seconds(-1)) {}
    }
    await #expect(processExitsWith: .failure) { _ = RepeatingTimer(every: .seconds(1), limit: -1) {} }
  }

  @Test("its thread is a daemon with its name")
  func thread() async throws {
    let seen = Queue<ThreadInfo>()
    let timer = RepeatingTimer(every: .milliseconds(1), limit: 1, name: "heartbeat") {
      _ = seen.tryPut(.current)
    }
    try timer.start()
    let info = try await seen.get()
    #expect(info.name == "heartbeat" && info.isDaemon)
    try await timer.join()
  }
}

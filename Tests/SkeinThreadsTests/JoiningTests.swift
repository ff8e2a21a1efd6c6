import Glibc
import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

@testable import SkeinThreads

@Suite("Joining a thread", .leavesNoThreads)
struct JoiningTests {
  /// A thread that ends when it is told to.
  private struct Gated {
    let gate = Event()
    let thread: OSThread<Int>

    init() throws {
      thread = try OSThread.start(name: "gated") { [gate] in
        try gate.wait()
        return 7
      }
    }
  }

  @Test("the end lets go all tasks and threads that wait")
  func all() async throws {
    let gated = try Gated()
    let thread = gated.thread
    let tasks = (0..<3).map { _ in Task { try await thread.join() } }
    let threads = (0..<3).map { _ in Task { try await onThread { try thread.join() } } }
    try await eventually("all wait") { thread.waiterCount == 6 }
    gated.gate.set()
    for waiter in tasks + threads { #expect(try await waiter.value == 7) }
    #expect(thread.waiterCount == 0)
  }

  @Test("a wait ends at its deadline on the clock that it was given, and the thread can be joined again")
  func manualTimeout() async throws {
    let gated = try Gated()
    let (thread, clock) = (gated.thread, ManualClock())
    let task = Task { try await thread.join(timeout: .seconds(1), clock: clock) }
    let other = Task { try await onThread { try thread.join(timeout: .seconds(1), clock: clock) } }
    try await clock.waitUntilScheduled(count: 2)
    clock.advance(by: .seconds(1))
    await #expect(throws: WaitError.timedOut) { try await task.value }
    await #expect(throws: WaitError.timedOut) { try await other.value }
    #expect(thread.waiterCount == 0 && thread.isAlive)
    gated.gate.set()
    #expect(try await thread.join() == 7)
  }

  @Test("a wait ends on the real clock too", arguments: [Duration.seconds(-1), .zero, .milliseconds(2)])
  func realTimeout(timeout: Duration) async throws {
    let gated = try Gated()
    let thread = gated.thread
    await #expect(throws: WaitError.timedOut) { try await thread.join(timeout: timeout) }
    await #expect(throws: WaitError.timedOut) { try await onThread { try thread.join(timeout: timeout) } }
    gated.gate.set()
    #expect(try await thread.join(timeout: .seconds(Int64.max)) == 7)
  }

  @Test("a thread that ends before the deadline leaves nothing scheduled")
  func inTime() async throws {
    let gated = try Gated()
    let (thread, clock) = (gated.thread, ManualClock())
    let task = Task { try await thread.join(timeout: .seconds(1), clock: clock) }
    let other = Task { try await onThread { try thread.join(timeout: .seconds(1), clock: clock) } }
    try await clock.waitUntilScheduled(count: 2)
    gated.gate.set()
    #expect(try await task.value == 7)
    #expect(try await other.value == 7)
    #expect(clock.scheduledCount == 0)
  }

  @Test("a cancelled task stops waiting; the others and the thread go on")
  func cancellation() async throws {
    let gated = try Gated()
    let thread = gated.thread
    let tasks = (0..<3).map { _ in Task { try await thread.join() } }
    try await eventually("all wait") { thread.waiterCount == 3 }
    tasks[1].cancel()
    await #expect(throws: WaitError.cancelled) { try await tasks[1].value }
    #expect(thread.waiterCount == 2 && thread.isAlive)
    gated.gate.set()
    #expect(try await tasks[0].value == 7)
    #expect(try await tasks[2].value == 7)
  }

  @Test("a task that is cancelled already gets the result of a thread that has ended, and no other")
  func cancelledBefore() async throws {
    let gated = try Gated()
    let thread = gated.thread
    try await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      await #expect(throws: WaitError.cancelled) { try await thread.join() }
      gated.gate.set()
      try await onThread { _ = try thread.join() }
      #expect(try await thread.join() == 7)
    }.value
  }

  /// A thread that ends when nothing else is left to do.
  private struct Scenario: Sendable {
    let gate: Event
    let thread: OSThread<Int>
    let clock = ManualClock()

    init() throws {
      let gated = try Gated()
      (gate, thread) = (gated.gate, gated.thread)
    }

    /// Has the thread end; `false` when it had.
    func end() -> Bool {
      if gate.isSet { return false }
      gate.set()
      // When the kernel knows it no more, all who waited have been resumed.
      while thread.isAlive || ThreadState.ofThread(thread.kernelID!) != nil { sched_yield() }
      return true
    }
  }

  @Test("cancelled at every step, a join gives the result or says that it was cancelled")
  func sweep() async throws {
    try await sweepCancellations(
      makeScenario: { try Scenario() },
      victim: { try await $0.thread.join() },
      others: [{ _ = try await $0.thread.join() }, { _ in await Task.yield() }],
      whenIdle: { $0.end() }
    ) { scenario, run in
      _ = scenario.end()
      #expect(scenario.thread.waiterCount == 0, "\(run)")
      switch run.outcome {
      case .success(let value): #expect(value == 7, "\(run)")
      case .failure(let error):
        #expect(error as? WaitError == .cancelled && run.cancelledAfter != nil, "\(run)")
      }
    }
  }

  @Test("a deadline, the end and a cancellation race for one join")
  func timedSweep() async throws {
    try await sweepCancellations(
      makeScenario: { try Scenario() },
      victim: { try await $0.thread.join(timeout: .seconds(1), clock: $0.clock) },
      others: [
        { scenario in
          await Task.yield()
          scenario.clock.advance(by: .seconds(1))
        },
        { scenario in
          await Task.yield()
          _ = scenario.end()
        },
      ]
    ) { scenario, run in
      #expect(scenario.thread.waiterCount == 0 && scenario.clock.scheduledCount == 0, "\(run)")
      if case .success(let value) = run.outcome { #expect(value == 7, "\(run)") }
      if let error = run.error as? WaitError { #expect([.cancelled, .timedOut].contains(error), "\(run)") }
    }
  }
}

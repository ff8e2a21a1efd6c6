import SkeinSync
import SkeinTesting
import Testing

@Suite("MonotonicClock")
struct MonotonicClockTests {
  let clock = MonotonicClock()

  /// A timer thread of the test's own, which stands still until the gate is set: what is scheduled meanwhile
  /// is due.
  private func makeHeldTimers() -> (timers: TimerHeap, gate: Event) {
    let (timers, gate) = (TimerHeap(), Event())
    timers.schedule(at: 0) { try? gate.wait() }
    return (timers, gate)
  }

  @Test("actions run in the order of their deadlines, whatever the order of scheduling")
  func order() async throws {
    let (timers, gate) = makeHeldTimers()
    let (log, isDone) = (Lock<[Int]>([]), Event())
    for number in [3, 1, 4, 0, 2] {
      timers.schedule(at: Int64(1 + number)) { log.withLock { $0.append(number) } }
    }
    timers.schedule(at: 10) { isDone.set() }
    gate.set()
    try await isDone.wait()
    #expect(log.withLock { $0 } == [0, 1, 2, 3, 4])
  }

  @Test("an earlier action wakes a clock that sleeps for a later one")
  func earlier() async throws {
    let isDone = Event()
    let late = clock.schedule(at: clock.now.advanced(by: .seconds(3600))) {}
    defer { late.cancel() }
    clock.schedule(at: clock.now.advanced(by: .milliseconds(1))) { isDone.set() }
    try await isDone.wait()
  }

  @Test("what is due already runs at once")
  func due() async throws {
    let (first, second) = (Event(), Event())
    clock.schedule(at: clock.now) { first.set() }
    clock.schedule(at: .init(nanoseconds: -5)) { second.set() }
    try await first.wait()
    try await second.wait()
  }

  @Test("a cancelled action does not run, though it is due, and what it holds is let go")
  func cancellation() async throws {
    let (timers, gate) = makeHeldTimers()
    let (hasRun, isDone) = (Event(), Event())
    weak var held: Event?
    do {
      let capture = Event()
      held = capture
      let action = timers.schedule(at: 1) {
        hasRun.set()
        capture.set()
      }
      action.cancel()
      action.cancel()
    }
    #expect(held == nil)
    timers.schedule(at: 2) { isDone.set() }
    gate.set()
    try await isDone.wait()
    #expect(!hasRun.isSet)
  }

  @Test("an action may cancel one that is due at the same time")
  func cancellationByAction() async throws {
    let (timers, gate) = makeHeldTimers()
    let (victim, hasRun, isDone) = (Lock<ScheduledAction?>(nil), Event(), Event())
    timers.schedule(at: 1) { victim.withLock { $0 }?.cancel() }
    let action = timers.schedule(at: 1) { hasRun.set() }
    victim.withLock { $0 = action }
    timers.schedule(at: 2) { isDone.set() }
    gate.set()
    try await isDone.wait()
    #expect(!hasRun.isSet)
  }

  @Test("an action that holds another one's handle may be cancelled, which cancels that too")
  func cancellationOnEnd() {
    final class Canceller: Sendable {
      let action: ScheduledAction
      init(_ action: ScheduledAction) { self.action = action }
      deinit { action.cancel() }
    }
    let inner = clock.schedule(at: clock.now.advanced(by: .seconds(3600))) {}
    let canceller = Lock<Canceller?>(Canceller(inner))
    let outer = canceller.withLock { held in
      defer { held = nil }
      let canceller = held
      return clock.schedule(at: clock.now.advanced(by: .seconds(3600))) { _ = canceller }
    }
    outer.cancel()
  }

  @Test("of many actions, each runs once unless it is cancelled", arguments: [1, 2])
  func manyTimers(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let (ran, isDone, wanted) = (Lock(0), Event(), 1000)
    let start = clock.now
    for number in 0..<(3 * wanted) {
      let deadline = start.advanced(by: .microseconds(Int.random(in: 0...20_000, using: &generator)))
      guard number.isMultiple(of: 3) else {
        clock.schedule(at: deadline.advanced(by: .seconds(3600))) { Issue.record("a cancelled action ran") }
          .cancel()
        continue
      }
      clock.schedule(at: deadline) {
        let count = ran.withLock {
          $0 += 1; return $0
        }
        if count == wanted { isDone.set() }
      }
    }
    try await isDone.wait()
    #expect(ran.withLock { $0 } == wanted)
  }

  @Test("a sleep ends after its deadline, or with its task")
  func sleep() async throws {
    let deadline = clock.now.advanced(by: .milliseconds(2))
    try await clock.sleep(until: deadline)
    #expect(clock.now >= deadline)
    let nap = Task { [clock] in try await clock.sleep(until: clock.now.advanced(by: .seconds(3600))) }
    nap.cancel()
    await #expect(throws: CancellationError.self) { try await nap.value }
  }

  @Test("instants past either end stay at the end")
  func saturation() {
    let now = clock.now
    #expect(now.advanced(by: .seconds(Int64.max)).nanoseconds == .max)
    #expect(now.advanced(by: .seconds(Int64.min)).nanoseconds < 0)
    #expect(Duration.seconds(Int64.max).saturatingNanoseconds == .max)
    #expect(Duration.seconds(Int64.min).saturatingNanoseconds == .min)
    #expect(now.duration(to: now.advanced(by: .seconds(3))) == .seconds(3))
  }
}

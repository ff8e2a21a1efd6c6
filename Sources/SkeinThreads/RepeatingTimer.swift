public import SkeinSync

/// Runs an action after a delay, again and again, on a thread of its own.
///
/// ```swift
/// let heartbeat = RepeatingTimer(every: .seconds(1), name: "heartbeat") { log("alive") }
/// try heartbeat.start()
/// // …
/// heartbeat.cancel()
/// ```
///
/// The action may block: it delays nobody but its own timer. Two of its runs never overlap. A timer that is cancelled
/// before its first tick never runs the action. The thread is a daemon: it does not keep the process alive.
///
/// An action that throws ends the timer; the error goes to `join(file:line:)`, else to
/// ``UncaughtError/setHandler(_:)``.
///
/// - Source: behaviour after CPython's `threading.Timer`, with the two paces of Java's
///   `ScheduledExecutorService`.
public final class RepeatingTimer: Sendable {
  /// What the time between two ticks is measured from.
  public enum Pace: Hashable, Sendable {
    /// From tick to tick. Ticks that pass while the action runs are left out and counted, never made up for.
    case fixedRate
    /// From the end of the action to the next tick.
    case fixedDelay
  }

  private struct Counts {
    var fired = 0
    var missed = 0
    var isCancelled = false

    /// Counts a tick, unless there is to be none any more.
    mutating func fire() -> Bool {
      if !isCancelled { fired += 1 }
      return !isCancelled
    }
  }

  private let thread: OSThread<Void>
  private let cancelled: Event
  private let counts: Lock<Counts>
  private let setFirstTick: @Sendable () -> Void

  /// Creates a timer that is yet to be started.
  ///
  /// - Parameters:
  ///   - interval: the time between two ticks.
  ///   - delay: the time from the start to the first tick; by default one interval.
  ///   - pace: what the time between two ticks is measured from.
  ///   - limit: after how many ticks it ends by itself; 1 for a timer that fires once, `nil` for one without an end.
  ///   - name: that of the timer's thread.
  ///   - clock: what measures the time.
  ///   - action: what is to be done at each tick.
  /// - Precondition: `interval` is positive, `delay` and `limit` are not negative.
  public init<C: DeadlineClock>(
    every interval: Duration, after delay: Duration? = nil, pace: Pace = .fixedRate, limit: Int? = nil,
    name: String = "timer", clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @Sendable () throws -> Void
  ) {
    checkContract(interval > .zero, "the timer “\(name)” can not have an interval of \(interval)")
    checkContract((delay ?? .zero) >= .zero, "the timer “\(name)” can not begin after \(delay ?? .zero)")
    checkContract((limit ?? 0) >= 0, "the timer “\(name)” can not have \(limit ?? 0) ticks")
    let cancelled = Event(name: "cancellation of the timer “\(name)”", file: file, line: line)
    let counts = Lock(Counts(), internalTo: name)
    self.cancelled = cancelled
    self.counts = counts
    let firstTick = Lock<C.Instant?>(nil, internalTo: name)
    setFirstTick = { firstTick.withLock { $0 = $0 ?? clock.now.advanced(by: delay ?? interval) } }
    thread = OSThread(name: name, isDaemon: true, file: file, line: line) {
      let first = firstTick.withLock { $0! }
      var schedule = TickSchedule(interval: interval, pace: pace, limit: limit, first: first)
      while !schedule.isOver, Self.waits(until: schedule.next, clock, unless: cancelled),
        counts.withLock({ $0.fire() })
      {
        try action()
        schedule.advance(now: clock.now)
        counts.withLock { $0.missed = schedule.missed }
      }
    }
  }

  /// Waits for a tick; `false` when the timer is cancelled before.
  private static func waits<C: DeadlineClock>(
    until instant: C.Instant, _ clock: C, unless cancelled: Event
  ) -> Bool {
    do {
      try cancelled.wait(until: instant, clock: clock)
      return false
    } catch {
      return error == .timedOut
    }
  }

  /// Starts the timer: the first tick comes after its delay.
  ///
  /// - Throws: ``ThreadError``.
  public func start() throws(ThreadError) {
    // Not by the thread: that may begin a little later.
    setFirstTick()
    try thread.start()
  }

  /// Ends the timer. An action that has begun, as ``firedCount`` tells, goes on to its end; none begins any more.
  ///
  /// It may be called by the action itself, and several times.
  public func cancel() {
    counts.withLock { $0.isCancelled = true }
    cancelled.set()
  }

  /// Whether it was cancelled.
  public var isCancelled: Bool { counts.withLock { $0.isCancelled } }

  /// Whether it was started and has not ended.
  public var isAlive: Bool { thread.isAlive }

  /// How many times the action was started.
  public var firedCount: Int { counts.withLock { $0.fired } }

  /// How many ticks passed while the action ran.
  public var missedCount: Int { counts.withLock { $0.missed } }

  /// Suspends the task until the timer has ended: cancelled, at its limit, or by an error.
  ///
  /// - Throws: what the action threw; ``ThreadError/notStarted(name:)``; `WaitError.cancelled`.
  /// - Cancellation: the task stops waiting; the timer goes on.
  public func join(file: StaticString = #fileID, line: UInt = #line) async throws {
    try await thread.join(file: file, line: line)
  }

  /// Blocks the thread until the timer has ended: cancelled, at its limit, or by an error.
  ///
  /// - Throws: what the action threw; ``ThreadError/notStarted(name:)``; ``ThreadError/joinsItself(name:)`` when called
  ///   by the action.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func join(file: StaticString = #fileID, line: UInt = #line) throws {
    try thread.join(file: file, line: line)
  }
}

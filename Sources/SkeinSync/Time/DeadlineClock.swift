internal import CSkein

/// A clock on which something can be scheduled, so that threads and tasks wait on the same time.
///
/// Every timed wait of SkeinSync takes one. ``MonotonicClock`` is the default; the manual clock of
/// SkeinTesting lets a test move time by hand.
public protocol DeadlineClock: Clock, Sendable where Duration == Swift.Duration {
  /// Runs `action` once, when the clock has reached `instant`, unless it is cancelled before.
  ///
  /// - Parameters:
  ///   - instant: when; an instant that has passed means at once.
  ///   - action: runs on a thread of the clock's, so it must be short and must not wait.
  /// - Returns: a handle that cancels the action. The action stays scheduled when the handle is dropped.
  @discardableResult
  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> ScheduledAction

  /// The instant in nanoseconds of the system's CLOCK_MONOTONIC, if this clock follows that one.
  ///
  /// A thread then sleeps in the kernel until its deadline, with nothing scheduled. `nil` for a clock that
  /// runs by rules of its own.
  func monotonicNanoseconds(of instant: Instant) -> Int64?
}

extension DeadlineClock {
  /// Answers that this clock does not follow the system's.
  public func monotonicNanoseconds(of instant: Instant) -> Int64? { nil }

  /// Suspends the calling task until the clock has reached `deadline`.
  ///
  /// - Throws: `CancellationError` when the task is cancelled before.
  public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
    do {
      try await Event(name: "sleep").wait(until: deadline, clock: self)
    } catch .timedOut {
      return
    } catch {
      throw CancellationError()
    }
  }
}

/// What was scheduled on a clock.
public struct ScheduledAction: Sendable {
  private let cancellation: @Sendable () -> Void

  /// Creates a handle for a clock's own scheduling.
  ///
  /// - Parameter cancellation: takes the action back; may be called at any time, several times.
  public init(cancellation: @escaping @Sendable () -> Void) {
    self.cancellation = cancellation
  }

  /// Takes the action back. It will not start any more, but may be running already.
  public func cancel() {
    cancellation()
  }
}

/// The system's monotonic clock: it never goes back, and stands still while the machine sleeps.
///
/// What is scheduled on it runs on one thread a process, which sleeps until the earliest deadline.
public struct MonotonicClock: DeadlineClock {
  /// A point in time, counted from an arbitrary start (the boot of the machine).
  public struct Instant: InstantProtocol, Hashable, Sendable {
    /// Nanoseconds since the start of the clock.
    public let nanoseconds: Int64

    /// Creates an instant from a reading of CLOCK_MONOTONIC.
    public init(nanoseconds: Int64) {
      self.nanoseconds = nanoseconds
    }

    /// The instant `duration` later; the earliest or latest one that can be expressed, past either end.
    public func advanced(by duration: Duration) -> Instant {
      let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.saturatingNanoseconds)
      guard overflow else { return Instant(nanoseconds: sum) }
      return Instant(nanoseconds: duration < .zero ? .min : .max)
    }

    /// The span from this instant to another one.
    public func duration(to other: Instant) -> Duration {
      .nanoseconds(other.nanoseconds) - .nanoseconds(nanoseconds)
    }

    /// Tells which of two instants is earlier.
    public static func < (left: Instant, right: Instant) -> Bool {
      left.nanoseconds < right.nanoseconds
    }
  }

  /// Creates the clock; all of them are one.
  public init() {}

  /// The current instant.
  public var now: Instant { Instant(nanoseconds: skein_monotonic_nanoseconds()) }

  /// The smallest step between two readings.
  public var minimumResolution: Duration { .nanoseconds(1) }

  /// Runs `action` on the timer thread when `instant` has come.
  ///
  /// - Complexity: O(log n) in what is scheduled.
  @discardableResult
  public func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> ScheduledAction {
    TimerHeap.shared.schedule(at: instant.nanoseconds, action)
  }

  /// The instant itself.
  public func monotonicNanoseconds(of instant: Instant) -> Int64? { max(0, instant.nanoseconds) }
}

extension Duration {
  /// The span in whole nanoseconds; the nearest that fits, when it is longer than 292 years.
  package var saturatingNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflow2) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    guard overflow || overflow2 else { return sum }
    return seconds < 0 ? .min : .max
  }
}

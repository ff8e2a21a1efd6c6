public import struct FoundationEssentials.Date

/// The life of a job as a pure state machine: every store moves its jobs by it.
///
/// | state | event | next state |
/// |---|---|---|
/// | waiting | `released` | scheduled if its time is to come, else ready |
/// | scheduled | `due` | ready |
/// | ready | `claimed` | running (one delivery more) |
/// | running | `succeeded` | succeeded |
/// | running | `failed(retryAt:)` | scheduled, or ready when the time has come; cancelled if that was requested |
/// | running | `gaveUp(reason)` | failed; cancelled if that was requested |
/// | running | `stopped` | cancelled |
/// | running | `handedBack` | as before its claim |
/// | running | `crashed` | ready as a suspect; failed (poisoned) at the limit; cancelled if that was requested |
/// | waiting, scheduled, ready | `cancelled` | cancelled |
/// | running | `cancelled` | running, with the request kept for its worker |
/// | waiting, scheduled, ready | `expired` | expired |
/// | failed, cancelled, expired | `retried(isWaiting)` | ready, or waiting, with a clean record |
///
/// Everything else is refused and changes nothing.
///
/// - Invariant: `attempts >= failures + crashes`, and `deliveries >= attempts`.
public struct JobLife: Hashable, Sendable {
  /// What happens to a job.
  public enum Event: Hashable, Sendable {
    /// The jobs it depends on have ended.
    case released(now: Date)
    /// Its time has come.
    case due
    /// A worker takes it.
    case claimed
    /// An attempt ended well.
    case succeeded
    /// An attempt failed and another one follows.
    case failed(retryAt: Date, now: Date)
    /// An attempt failed and none follows.
    case gaveUp(FailureReason)
    /// An attempt ended because its cancellation was requested.
    case stopped
    /// The worker gives it back, with or without having started it.
    case handedBack(started: Bool)
    /// The worker died, before or after it started the attempt.
    case crashed(started: Bool)
    /// Somebody cancels it.
    case cancelled
    /// The last moment for its start has passed.
    case expired
    /// Somebody wants it run again: at once, or when the jobs that it depends on have ended.
    case retried(isWaiting: Bool)
  }

  /// How often a job may take part in the death of its worker.
  public static let crashLimit = 3

  /// Where it stands.
  public var state: JobState
  /// Why it failed, if it did.
  public var reason: FailureReason?
  /// Attempts that were started and have ended.
  public var attempts = 0
  /// Attempts that failed: what the retry policy counts.
  public var failures = 0
  /// Attempts during which the worker died.
  public var crashes = 0
  /// How often a worker took it: the fencing token of the current claim.
  public var deliveries = 0
  /// Whether its worker died during an attempt: suspects run one at a time.
  public var isSuspect = false
  /// Whether somebody wants the running attempt to stop.
  public var isCancelRequested = false
  /// When it may start.
  public var runAt: Date

  /// Creates the life of a new job.
  public init(runAt: Date, now: Date, isWaiting: Bool = false) {
    self.runAt = runAt
    state = isWaiting ? .waiting : runAt > now ? .scheduled : .ready
  }

  /// Moves on by an event.
  ///
  /// - Returns: whether the event fits the state. When it does not, nothing has changed.
  public mutating func apply(_ event: Event) -> Bool {
    switch (state, event) {
    case (.waiting, .released(let now)): state = runAt > now ? .scheduled : .ready
    case (.scheduled, .due): state = .ready
    case (.ready, .claimed): claim()
    case (.running, .succeeded): end(.succeeded, counts: true)
    case (.running, .failed(let retryAt, let now)): fail(retryAt: retryAt, now: now)
    case (.running, .gaveUp(let reason)): giveUp(reason)
    case (.running, .stopped): end(.cancelled, counts: true)
    case (.running, .handedBack(let started)): handBack(started: started)
    case (.running, .crashed(let started)): crash(started: started)
    case (.running, .cancelled): isCancelRequested = true
    case (.waiting, .cancelled), (.scheduled, .cancelled), (.ready, .cancelled): state = .cancelled
    case (.waiting, .expired), (.scheduled, .expired), (.ready, .expired): state = .expired
    case (.failed, .retried(let isWaiting)), (.cancelled, .retried(let isWaiting)),
      (.expired, .retried(let isWaiting)):
      startOver(isWaiting: isWaiting)
    default: return false
    }
    return true
  }

  private mutating func claim() {
    state = .running
    deliveries += 1
  }

  private mutating func end(_ final: JobState, counts: Bool) {
    state = final
    if counts { attempts += 1 }
    isSuspect = false
    isCancelRequested = false
  }

  private mutating func fail(retryAt: Date, now: Date) {
    failures += 1
    if isCancelRequested { return end(.cancelled, counts: true) }
    end(retryAt > now ? .scheduled : .ready, counts: true)
    runAt = retryAt
  }

  private mutating func giveUp(_ why: FailureReason) {
    failures += 1
    if isCancelRequested { return end(.cancelled, counts: true) }
    end(.failed, counts: true)
    reason = why
  }

  private mutating func handBack(started: Bool) {
    if isCancelRequested { return end(.cancelled, counts: started) }
    state = .ready
    if started { attempts += 1 }
  }

  private mutating func crash(started: Bool) {
    guard started else { return handBack(started: false) }
    crashes += 1
    if isCancelRequested { return end(.cancelled, counts: true) }
    guard crashes < Self.crashLimit else {
      end(.failed, counts: true)
      reason = .poisoned
      return
    }
    attempts += 1
    state = .ready
    isSuspect = true
  }

  private mutating func startOver(isWaiting: Bool) {
    state = isWaiting ? .waiting : .ready
    reason = nil
    failures = 0
    crashes = 0
    isSuspect = false
    isCancelRequested = false
  }
}

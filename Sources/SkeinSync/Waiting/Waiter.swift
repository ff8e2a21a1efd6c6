internal import CSkein
internal import Synchronization

/// Somebody who waits: a parked thread or a suspended task.
///
/// Granter, canceller, timer and closer race to claim the one word; the winner alone resumes the waiter, and
/// what it wrote is the outcome. A waiter may stand in several queues at once: the first to claim it wins.
///
/// Between the claim and the resume, the winner may hand something over: the waiter goes on after the resume
/// alone, even a thread that spins.
///
/// | outcome | parked | resumed | meaning |
/// |---|---|---|---|
/// | 0 | 0 | 0 | waits, but is awake still |
/// | 0 | 1 | 0 | a thread sleeps on the word, or a continuation is stored |
/// | 1… | 0 or 1 | 0 | claimed |
/// | 1… | 0 or 1 | 1 | goes on, and sees what was handed over |
@usableFromInline
package class Waiter: @unchecked Sendable {
  // Sendable because the continuation is stored before the bit `parked`, and read, after that bit, only by the
  // one who won the claim; `nextToWake` is touched by that one alone.
  // Not final for the sake of a queue's places alone: a place is a waiter, so that a wait is one allocation.

  /// What became of the wait. The raw value is what the claim word holds.
  @usableFromInline
  package enum Outcome: UInt32, Sendable {
    case granted = 1
    case timedOut = 2
    case cancelled = 3
    case closed = 4

    @usableFromInline
    package func get() throws(WaitError) {
      switch self {
      case .granted: return
      case .timedOut: throw .timedOut
      case .cancelled: throw .cancelled
      case .closed: throw .closed
      }
    }
  }

  /// The outcome, the two marks, and above them which of its places the waiter was claimed at.
  private let word = Atomic<UInt32>(0)
  private static let outcomeBits: UInt32 = 0b0111
  private static let parked: UInt32 = 0b1000
  private static let resumed: UInt32 = 0b1_0000
  private static let indexShift: UInt32 = 8

  // Their turns are ordered by the word, so that no access can overlap another one.
  @exclusivity(unchecked) private final var stored: UnsafeContinuation<Void, Never>?
  @exclusivity(unchecked) fileprivate final var nextToWake: Waiter?

  @usableFromInline
  package init() {}

  @usableFromInline
  package final var outcome: Outcome? {
    Outcome(rawValue: word.load(ordering: .acquiring) & Self.outcomeBits)
  }

  /// At which of its places a waiter that stands in several queues was claimed.
  @usableFromInline
  package final var claimedIndex: Int { Int(word.load(ordering: .acquiring) >> Self.indexShift) }

  /// Decides the outcome, if nobody has yet. Who gets `true` must resume the waiter, under no lock.
  ///
  /// - Parameter index: at which of the waiter's places; less than 2²⁴.
  @usableFromInline
  package final func claim(_ outcome: Outcome, index: UInt32 = 0) -> Bool {
    var seen = word.load(ordering: .relaxed)
    while seen & Self.outcomeBits == 0 {
      if exchange(seen, with: seen | outcome.rawValue | index << Self.indexShift) { return true }
      seen = word.load(ordering: .relaxed)
    }
    return false
  }

  /// Lets the thread or task go on. Only for who won the claim, after leaving every lock.
  package final func resume() {
    let (seen, _) = word.bitwiseOr(Self.resumed, ordering: .acquiringAndReleasing)
    guard seen & Self.parked != 0 else { return }
    if let stored {
      Self.resume(stored)
    } else {
      _ = withUnsafePointer(to: word) { skein_futex_wake($0, 1, false) }
    }
  }

  /// Lets a task go on, which finds the outcome in the word.
  @usableFromInline
  package static func resume(_ continuation: UnsafeContinuation<Void, Never>) {
    skein_resume_continuation(unsafeBitCast(continuation, to: UnsafeMutableRawPointer.self))
  }

  /// What is resumed; set it once, before the waiter enters a queue, or with ``suspend(_:)`` later.
  @usableFromInline
  package final var continuation: UnsafeContinuation<Void, Never>? {
    get { stored }
    set {
      stored = newValue
      word.bitwiseOr(Self.parked, ordering: .releasing)
    }
  }

  /// Stores what is resumed while the waiter is in a queue; resumes it at once if the wait has ended.
  @usableFromInline
  package final func suspend(_ continuation: UnsafeContinuation<Void, Never>) {
    stored = continuation
    let (seen, _) = word.bitwiseOr(Self.parked, ordering: .acquiringAndReleasing)
    if Self.outcome(of: seen) != nil { Self.resume(continuation) }
  }

  /// The outcome of a waiter that may go on.
  private static func outcome(of seen: UInt32) -> Outcome? {
    seen & resumed == 0 ? nil : Outcome(rawValue: seen & outcomeBits)
  }

  /// Blocks the calling thread until the waiter is resumed or the deadline, on CLOCK_MONOTONIC, has passed.
  @usableFromInline
  package final func park(until deadline: Int64) -> Outcome? {
    if let early = spin() { return early }
    while true {
      let seen = word.load(ordering: .acquiring)
      if let outcome = Self.outcome(of: seen) { return outcome }
      let sleeping = seen | Self.parked
      if sleeping != seen && !exchange(seen, with: sleeping) { continue }
      // An atomic can not be copied: the pointer leads to the word itself.
      let result = withUnsafePointer(to: word) { skein_futex_wait($0, sleeping, deadline, false) }
      if result == -ETIMEDOUT { return Self.outcome(of: word.load(ordering: .acquiring)) }
    }
  }

  /// Blocks the calling thread until the wait ends, at the latest at its deadline.
  ///
  /// - Parameter end: ends the wait, unless it has ended; called at the deadline.
  @inlinable
  package final func block<C: DeadlineClock>(
    until deadline: C.Instant?, clock: C, orEnd end: @escaping @Sendable () -> Void
  ) -> Outcome {
    guard let deadline else { return park(until: -1)! }
    if let instant = clock.monotonicNanoseconds(of: deadline) {
      if let outcome = park(until: instant) { return outcome }
      end()
      return park(until: -1)!
    }
    let timer = clock.schedule(at: deadline, end)
    defer { timer.cancel() }
    return park(until: -1)!
  }

  /// Waits for a grant that comes at once. Who grants then saves the wake, and this thread the sleep.
  private func spin() -> Outcome? {
    var backoff = Backoff()
    repeat {
      if let outcome = Self.outcome(of: word.load(ordering: .acquiring)) { return outcome }
    } while backoff.pause()
    return nil
  }

  private func exchange(_ seen: UInt32, with new: UInt32) -> Bool {
    word.compareExchange(expected: seen, desired: new, ordering: .acquiringAndReleasing).exchanged
  }
}

/// Claimed waiters, gathered under a lock to be resumed after it: a chain, so that gathering allocates
/// nothing.
@usableFromInline
package struct WakeList: ~Copyable {
  @usableFromInline var first: Waiter?
  @usableFromInline var last: Waiter?

  @inlinable
  package init() {}

  @inlinable
  package var isEmpty: Bool { first == nil }

  @usableFromInline
  package mutating func append(_ waiter: Waiter) {
    if let last { last.nextToWake = waiter } else { first = waiter }
    last = waiter
  }

  /// Resumes all, in order. Call it under no lock.
  @inlinable
  package consuming func resumeAll() {
    if let first { Self.resume(from: first) }
  }

  @usableFromInline
  static func resume(from first: Waiter) {
    var next: Waiter? = first
    while let waiter = next {
      next = waiter.nextToWake
      waiter.nextToWake = nil
      waiter.resume()
    }
  }
}

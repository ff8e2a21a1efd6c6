internal import CSkein
internal import Synchronization

/// Somebody who waits: a parked thread or a suspended task.
///
/// Granter, canceller, timer and closer race to claim the one word; the winner alone resumes the waiter, and
/// what it wrote is the outcome. A waiter may stand in several queues at once: the first to claim it wins.
package final class Waiter: @unchecked Sendable {
  // Sendable because `continuation` is set before the waiter is put into a queue (under that queue's lock)
  // and read only by the one who won the claim; `nextToWake` is touched by that one alone.

  /// What became of the wait. The raw value is what the claim word holds.
  package enum Outcome: UInt32, Sendable {
    case granted = 1
    case timedOut = 2
    case cancelled = 3
    case closed = 4

    package func get() throws(WaitError) {
      switch self {
      case .granted: return
      case .timedOut: throw .timedOut
      case .cancelled: throw .cancelled
      case .closed: throw .closed
      }
    }
  }

  /// Zero while the waiter waits, then the outcome; a thread sleeps on it. A place of its own, so that its
  /// address is fixed.
  private let word: UnsafeMutablePointer<Atomic<UInt32>>
  package var continuation: UnsafeContinuation<Outcome, Never>?
  fileprivate var nextToWake: Waiter?

  package init() {
    word = .allocate(capacity: 1)
    word.initialize(to: Atomic(0))
  }

  deinit { word.deallocate() }

  package var outcome: Outcome? { Outcome(rawValue: word.pointee.load(ordering: .acquiring)) }

  /// Decides the outcome, if nobody has yet. Who gets `true` must resume the waiter, under no lock.
  package func claim(_ outcome: Outcome) -> Bool {
    word.pointee.compareExchange(expected: 0, desired: outcome.rawValue, ordering: .acquiringAndReleasing)
      .exchanged
  }

  /// Lets the thread or task go on. Only for who won the claim, after leaving every lock.
  package func resume() {
    if let continuation {
      continuation.resume(returning: outcome!)
    } else {
      _ = skein_futex_wake(word, 1, false)
    }
  }

  /// Blocks the calling thread until the waiter is claimed or the deadline, on CLOCK_MONOTONIC, has passed.
  package func park(until deadline: Int64) -> Outcome? {
    while true {
      if let outcome { return outcome }
      if skein_futex_wait(word, 0, deadline, false) == -ETIMEDOUT { return outcome }
    }
  }
}

/// Claimed waiters, gathered under a lock to be resumed after it: a chain, so that gathering allocates
/// nothing.
package struct WakeList: ~Copyable {
  private var first: Waiter?
  private var last: Waiter?

  package init() {}

  package var isEmpty: Bool { first == nil }

  package mutating func append(_ waiter: Waiter) {
    if let last { last.nextToWake = waiter } else { first = waiter }
    last = waiter
  }

  /// Resumes all, in order. Call it under no lock.
  package consuming func resumeAll() {
    var next = first
    while let waiter = next {
      next = waiter.nextToWake
      waiter.nextToWake = nil
      waiter.resume()
    }
  }
}

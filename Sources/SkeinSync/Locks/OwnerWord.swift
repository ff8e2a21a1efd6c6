public import CSkein
public import Synchronization

/// The word of a lock that belongs to a thread, and how threads take it, leave it and sleep on it.
///
/// | owner | sleepers | starving | meaning |
/// |---|---|---|---|
/// | 0 | 0 | 0 | free |
/// | id | 0 | 0 | held; nobody sleeps |
/// | id | 1 | 0 | held; somebody may sleep, so the release wakes one |
/// | id | 1 | 1 | held; a sleeper starves, so the release keeps the mark |
/// | 0 | 1 | 1 | free, but for sleepers only |
///
/// - Invariant: the owner part is zero, or the kernel's id of the thread that holds the lock.
/// - Source: U. Drepper, *Futexes Are Tricky* (the three states); Go's `sync.Mutex` (starvation mode).
@usableFromInline
struct OwnerWord {
  @usableFromInline let address: UnsafeMutablePointer<Atomic<UInt32>>

  @usableFromInline
  init(at memory: UnsafeMutableRawPointer) {
    address = memory.initializeMemory(as: Atomic<UInt32>.self, to: Atomic(0))
  }

  /// The id of the thread that holds the lock; zero when it is free.
  @inlinable var owner: UInt32 { address.pointee.load(ordering: .relaxed) & 0x3fff_ffff }

  @inlinable var isMine: Bool { owner == skein_thread_id() }

  @inlinable
  func tryAcquire() -> Bool {
    address.pointee.compareExchange(expected: 0, desired: skein_thread_id(), ordering: .acquiring).exchanged
  }

  /// Lets go of a lock that nobody sleeps on; `false` leaves it to ``releaseContended()``.
  @inlinable
  func tryRelease() -> Bool {
    address.pointee.compareExchange(expected: skein_thread_id(), desired: 0, ordering: .releasing).exchanged
  }

  // MARK: With contention

  private static let ownerBits: UInt32 = 0x3fff_ffff
  private static let sleepers: UInt32 = 0x8000_0000
  private static let starving: UInt32 = 0x4000_0000

  private static let starvingAfter: Int64 = 1_000_000

  /// Spins for a moment, then sleeps until the lock is taken (`true`) or the deadline, in monotonic
  /// nanoseconds, has passed (`false`; negative means no deadline).
  ///
  /// - Parameter sleeping: is called once, before the first sleep.
  func acquire(until deadline: Int64, sleeping: () -> Void = {}) -> Bool {
    if spin() { return true }
    let arrived = skein_monotonic_nanoseconds()
    var hasSlept = false
    var isAnnounced = false
    while true {
      let seen = address.pointee.load(ordering: .relaxed)
      let isFree = seen & Self.ownerBits == 0
      if isFree && (hasSlept || seen & Self.starving == 0) {
        // Others may sleep behind this thread, which can not know: the mark for sleepers stays until a quiet
        // release.
        if exchange(seen, with: skein_thread_id() | Self.sleepers) { return true }
        continue
      }
      let now = skein_monotonic_nanoseconds()
      let isLate = deadline >= 0 && now >= deadline
      if isLate && !hasSlept { return false }
      if !isLate && !isAnnounced {
        isAnnounced = true
        sleeping()
      }
      let starves = hasSlept && !isLate && now - arrived > Self.starvingAfter
      let marked = seen | Self.sleepers | (starves ? Self.starving : 0)
      if marked != seen && !exchange(seen, with: marked) { continue }
      // The wake that ended the sleep may have been the only one: who leaves after a sleep must leave the
      // mark too, or the holder, who may have come without seeing it, would release the lock to nobody while
      // others sleep.
      if isLate { return false }
      if skein_futex_wait(address, marked, deadline, false) != -EAGAIN { hasSlept = true }
    }
  }

  private func spin() -> Bool {
    var backoff = Backoff()
    while backoff.pause() {
      let seen = address.pointee.load(ordering: .relaxed)
      if seen == 0 && exchange(0, with: skein_thread_id()) { return true }
      if seen & Self.sleepers != 0 { return false }
    }
    return false
  }

  /// Lets go of the lock and wakes whoever sleeps; `false` when the calling thread does not hold it.
  @usableFromInline
  func releaseContended() -> Bool {
    while true {
      let seen = address.pointee.load(ordering: .relaxed)
      guard seen & Self.ownerBits == skein_thread_id() else { return false }
      let left = seen & Self.starving == 0 ? 0 : Self.starving | Self.sleepers
      // Only sleepers' marks can change under the owner, and none of them takes the word from it: try until
      // it holds.
      guard exchange(seen, with: left) else { continue }
      let hasSleepers = seen & Self.sleepers != 0
      if hasSleepers, skein_futex_wake(address, 1, false) == 0, left != 0 {
        // The one who starved is gone. A word that only sleepers may take must not stay behind with no
        // sleeper; who came to sleep in between is woken.
        if exchange(left, with: 0) { _ = skein_futex_wake(address, 1, false) }
      }
      return true
    }
  }

  private func exchange(_ seen: UInt32, with new: UInt32) -> Bool {
    address.pointee.compareExchange(expected: seen, desired: new, ordering: .acquiringAndReleasing).exchanged
  }
}

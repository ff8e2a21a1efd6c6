public import CSkein
public import Synchronization

/// A mutual-exclusion lock that owns the state it guards.
///
/// The state can be reached only through ``withLock(_:)``, so that code which compiles can not forget the
/// lock. The lock belongs to the *thread* that took it and is meant to be held for a few instructions: never
/// across `await` (the body is synchronous), never around anything that waits.
///
/// An uncontended lock and unlock are one atomic operation each. A contended one spins for a moment, then
/// sleeps in the kernel. A thread that arrives while the lock is free may take it ahead of sleepers (barging,
/// which keeps throughput); a thread that slept for a millisecond is served before any newcomer, so that none
/// starves.
///
/// ```swift
/// let hits = Lock(0)
/// hits.withLock { $0 += 1 }
/// ```
///
/// - Invariant: the word's owner part is zero, or the kernel's id of the thread that holds the lock.
/// - Source: U. Drepper, *Futexes Are Tricky* (the three states); Go's `sync.Mutex` (starvation mode).
public final class Lock<State: ~Copyable>: @unchecked Sendable {
  // Sendable because `state` is touched only by the thread whose id the word carries, between an acquiring
  // and a releasing operation on the word. One allocation holds both, and the word's address is the futex.
  // They are not one struct: changing a part of it would be, to the compiler and to ThreadSanitizer, an
  // access to the word as well.
  @usableFromInline let word: UnsafeMutablePointer<Atomic<UInt32>>
  @usableFromInline let state: UnsafeMutablePointer<State>

  /// The name that traps and diagnosis show.
  public let name: String?

  /// Creates a lock around a state.
  ///
  /// - Parameters:
  ///   - state: what the lock guards; the lock is its only owner from here on.
  ///   - name: what traps and diagnosis call this lock.
  public init(_ state: consuming sending State, name: String? = nil) {
    let alignment = max(MemoryLayout<Atomic<UInt32>>.alignment, MemoryLayout<State>.alignment)
    let offset = max(MemoryLayout<Atomic<UInt32>>.size, alignment)
    // A state without size gets a byte: its address is its own.
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: offset + max(1, MemoryLayout<State>.size), alignment: alignment)
    word = memory.initializeMemory(as: Atomic<UInt32>.self, to: Atomic(0))
    self.state = (memory + offset).initializeMemory(as: State.self, to: state)
    self.name = name
  }

  deinit {
    state.deinitialize(count: 1)
    word.deinitialize(count: 1)
    UnsafeMutableRawPointer(word).deallocate()
  }

  /// Runs `body` with exclusive access to the state; waits for the lock as long as it takes.
  ///
  /// - Parameter body: gets the state for the length of the call. It must not wait for anything.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; the lock is released then too.
  /// - Precondition: the calling thread does not hold this lock already.
  /// - Complexity: O(1) uncontended.
  @inlinable
  public func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout sending State) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    acquire()
    defer { release() }
    return try body(&state.pointee)
  }

  /// Runs `body` if the lock is free at this instant.
  ///
  /// - Returns: what `body` returns; `nil` when another thread holds the lock.
  /// - Throws: ``LockError/wouldDeadlock(_:)`` when the calling thread holds it already, else what `body`
  ///   throws.
  public func tryLock<Result>(_ body: (inout sending State) throws -> sending Result) throws
    -> sending Result?
  {
    try rejectReentry()
    let isFree = word.pointee.compareExchange(
      expected: 0, desired: skein_thread_id(), ordering: .acquiring
    ).exchanged
    guard isFree else { return nil }
    defer { release() }
    return try body(&state.pointee)
  }

  /// Runs `body` with exclusive access, unless the lock can not be had in time.
  ///
  /// - Parameter timeout: how long to wait at the longest; negative counts as zero, and a span past what the
  ///   clock can express as no limit.
  /// - Throws: ``LockError/timedOut(_:)``; ``LockError/wouldDeadlock(_:)`` when the calling thread holds the
  ///   lock already; else what `body` throws.
  @available(*, noasync, message: "a timed lock blocks its thread; wait on a Semaphore instead")
  public func withLock<Result>(
    timeout: Duration, _ body: (inout sending State) throws -> sending Result
  ) throws -> sending Result {
    try rejectReentry()
    let deadline = MonotonicClock().now.advanced(by: max(.zero, timeout))
    guard acquireSlowly(until: deadline.nanoseconds) else { throw LockError.timedOut(name) }
    defer { release() }
    return try body(&state.pointee)
  }

  private func rejectReentry() throws(LockError) {
    if word.pointee.load(ordering: .relaxed) & LockWord.owner == skein_thread_id() {
      throw .wouldDeadlock(name)
    }
  }
}

extension Lock where State == Void {
  /// Creates a lock that guards no value of its own.
  public convenience init(name: String? = nil) {
    self.init((), name: name)
  }
}

/// Why a lock was not taken.
public enum LockError: Error, Hashable, Sendable {
  /// The lock was held by another thread for as long as the caller was ready to wait; with the lock's name.
  case timedOut(String?)
  /// The calling thread holds the lock already: waiting would never end; with the lock's name.
  case wouldDeadlock(String?)
}

/// The parts of a lock's word.
///
/// | owner | sleepers | starving | meaning |
/// |---|---|---|---|
/// | 0 | 0 | 0 | free |
/// | id | 0 | 0 | held; nobody sleeps |
/// | id | 1 | 0 | held; somebody may sleep, so the release wakes one |
/// | id | 1 | 1 | held; a sleeper starves, so the release keeps the mark |
/// | 0 | 1 | 1 | free, but for sleepers only |
@usableFromInline
enum LockWord {
  @usableFromInline static let owner: UInt32 = 0x3fff_ffff
  @usableFromInline static let sleepers: UInt32 = 0x8000_0000
  @usableFromInline static let starving: UInt32 = 0x4000_0000

  static let spins = 100
  static let starvingAfter: Int64 = 1_000_000
}

extension Lock where State: ~Copyable {
  @inlinable
  func acquire() {
    let isFree = word.pointee.compareExchange(
      expected: 0, desired: skein_thread_id(), ordering: .acquiring
    ).exchanged
    if !isFree { acquireContended() }
  }

  @inlinable
  func release() {
    let isQuiet = word.pointee.compareExchange(
      expected: skein_thread_id(), desired: 0, ordering: .releasing
    ).exchanged
    if !isQuiet { releaseContended() }
  }

  @usableFromInline
  func acquireContended() {
    let held = word.pointee.load(ordering: .relaxed) & LockWord.owner
    precondition(
      held != skein_thread_id(),
      "Lock \(name ?? "(unnamed)") is taken again by the thread that holds it: this would wait for ever")
    _ = acquireSlowly(until: -1)
  }

  /// Waits until the lock is taken (`true`) or the deadline, in monotonic nanoseconds, has passed (`false`).
  func acquireSlowly(until deadline: Int64) -> Bool {
    if spin() { return true }
    let arrived = skein_monotonic_nanoseconds()
    var hasSlept = false
    while true {
      let seen = word.pointee.load(ordering: .relaxed)
      let isFree = seen & LockWord.owner == 0
      if isFree && (hasSlept || seen & LockWord.starving == 0) {
        // Others may sleep behind this thread, which can not know: the mark for sleepers stays until a quiet
        // release.
        if exchange(seen, with: skein_thread_id() | LockWord.sleepers) { return true }
        continue
      }
      let now = skein_monotonic_nanoseconds()
      let isLate = deadline >= 0 && now >= deadline
      if isLate && !hasSlept { return false }
      let starves = hasSlept && !isLate && now - arrived > LockWord.starvingAfter
      let marked = seen | LockWord.sleepers | (starves ? LockWord.starving : 0)
      if marked != seen && !exchange(seen, with: marked) { continue }
      // The wake that ended the sleep may have been the only one: who leaves after a sleep must leave the
      // mark too, or the holder, who may have come without seeing it, would release the lock to nobody while
      // others sleep.
      if isLate { return false }
      if skein_futex_wait(word, marked, deadline, false) != -EAGAIN { hasSlept = true }
    }
  }

  private func spin() -> Bool {
    for _ in 0..<LockWord.spins {
      let seen = word.pointee.load(ordering: .relaxed)
      if seen == 0 && exchange(0, with: skein_thread_id()) { return true }
      if seen & LockWord.sleepers != 0 { return false }
      skein_spin_hint()
    }
    return false
  }

  @usableFromInline
  func releaseContended() {
    let seen = word.pointee.load(ordering: .relaxed)
    precondition(
      seen & LockWord.owner == skein_thread_id(),
      "Lock \(name ?? "(unnamed)") is released by a thread that does not hold it")
    let left = seen & LockWord.starving == 0 ? 0 : LockWord.starving | LockWord.sleepers
    // Only sleepers' marks can change under the owner, and none of them takes the word from it: try until it
    // holds.
    guard exchange(seen, with: left) else { return releaseContended() }
    if skein_futex_wake(word, 1, false) == 0 && left != 0 {
      // The one who starved is gone. A word that only sleepers may take must not stay behind with no sleeper;
      // who came to sleep in between is woken.
      if exchange(left, with: 0) { _ = skein_futex_wake(word, 1, false) }
    }
  }

  private func exchange(_ seen: UInt32, with new: UInt32) -> Bool {
    word.pointee.compareExchange(expected: seen, desired: new, ordering: .acquiringAndReleasing).exchanged
  }
}

internal import CSkein
internal import Synchronization

/// A number of permits that threads and tasks take and give back.
///
/// Waiters are served strictly first in, first out: a newcomer never overtakes one, not even with a smaller
/// request. A permit may be released by another thread or task than the one that acquired it. Without
/// contention, taking and giving are one atomic operation each.
///
/// ```swift
/// let connections = Semaphore(permits: 10)
/// try await connections.withPermit {
///   try await fetch(page)
/// }
/// ```
///
/// - Invariant: free permits and permits in use add up to the initial number plus the surplus of releases.
/// - Source: behaviour after CPython's `threading.Semaphore` and `BoundedSemaphore`, but fair.
public final class Semaphore: Sendable {
  private let permits: Permits
  private let waiters: WaitPoint<Void, Int>

  /// Creates a semaphore.
  ///
  /// - Parameters:
  ///   - permits: how many permits are free at first.
  ///   - isBounded: whether a release beyond the initial number is a broken contract, which traps.
  ///   - name: what traps and diagnosis call it.
  /// - Precondition: `permits` is not negative.
  public init(
    permits: Int, isBounded: Bool = false, name: String? = nil, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    let identity = ObjectIdentity("Semaphore", name: name, place: SourcePlace(file, line))
    checkContract((0...Permits.most).contains(permits), "\(identity) can not have \(permits) permits")
    let permits = Permits(free: permits, maximum: isBounded ? permits : Permits.most)
    self.permits = permits
    let description = WaitDescription<Void, Int>(
      state: { "\(permits.free) permits free" }, purpose: { "for \($0) permit\($0 == 1 ? "" : "s")" })
    waiters = WaitPoint((), identity: identity, description: description) { guarded, wakes in
      while let first = guarded.queue.first, permits.take(first.request, underLock: true) {
        _ = guarded.queue.remove(first)
        // A waiter that was claimed elsewhere in the meantime leaves its permits to the next.
        if first.waiter.claim(.granted) { wakes.append(first.waiter) } else { permits.give(first.request) }
      }
      if guarded.queue.isEmpty && !guarded.isClosed { permits.leaveSlowPath() }
    }
  }

  /// How many permits are free at this instant.
  public var freePermits: Int { permits.free }

  /// How many threads and tasks wait for permits at this instant.
  public var waiterCount: Int { waiters.waiterCount }

  // MARK: Scoped

  /// Runs `body` while holding permits; suspends the task until they are free.
  ///
  /// - Parameter count: how many permits, all at once.
  /// - Throws: ``WaitError`` as `acquire` does, else what `body` throws. The permits are given
  ///   back then too.
  /// - Cancellation: a waiting task leaves the queue; a running `body` sees the cancellation itself.
  public func withPermit<Result>(
    count: Int = 1, file: StaticString = #fileID, line: UInt = #line,
    _ body: () async throws -> Result
  ) async throws -> Result {
    try await acquire(count, file: file, line: line)
    defer { release(count) }
    return try await body()
  }

  /// Runs `body` while holding permits; blocks the thread until they are free.
  ///
  /// - Throws: ``WaitError/closed``, else what `body` throws. The permits are given back then too.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @_disfavoredOverload
  public func withPermit<Result>(
    count: Int = 1, file: StaticString = #fileID, line: UInt = #line, _ body: () throws -> Result
  ) throws -> Result {
    try acquire(count, file: file, line: line)
    defer { release(count) }
    return try body()
  }

  // MARK: Acquiring

  /// Takes permits if they are free and nobody waits. Never waits.
  ///
  /// - Returns: whether the permits were taken.
  /// - Precondition: `count` is positive; a bounded semaphore has so many permits.
  public func tryAcquire(_ count: Int = 1) -> Bool { take(count) }

  @inline(__always)
  private func take(_ count: Int) -> Bool {
    checkContract(
      count > 0 && count <= max(1, permits.maximum),
      "\(waiters.identity) hands out 1 to \(permits.maximum) permits, not \(count)")
    guard permits.take(count, underLock: false) else { return false }
    noteUse(.acquired)
    return true
  }

  /// Takes permits; suspends the task until they are free.
  ///
  /// - Throws: ``WaitError/cancelled`` or ``WaitError/closed``.
  /// - Precondition: `count` is positive; a bounded semaphore has so many permits.
  /// - Cancellation: the task leaves the queue without permits, and whoever stood behind it moves up. Permits
  ///   that were granted in the same instant are returned as usual, for the caller to release.
  public func acquire(
    _ count: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) async throws(WaitError) {
    if take(count) { return }
    try await wait(count, until: nil, MonotonicClock(), SourcePlace(file, line))
  }

  /// Takes permits; suspends the task until they are free, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - count: how many permits, all at once.
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Throws: ``WaitError``.
  /// - Cancellation: as for `acquire`.
  public func acquire<C: DeadlineClock>(
    _ count: Int = 1, timeout: Duration, clock: C = MonotonicClock(),
    file: StaticString = #fileID, line: UInt = #line
  ) async throws(WaitError) {
    if take(count) { return }
    try await wait(count, until: clock.now.advanced(by: timeout), clock, SourcePlace(file, line))
  }

  /// Takes permits; blocks the thread until they are free.
  ///
  /// - Throws: ``WaitError/closed``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func acquire(
    _ count: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) throws(WaitError) {
    if acquireSoon(count) { return }
    try wait(count, until: nil, MonotonicClock(), SourcePlace(file, line))
  }

  /// Takes permits; blocks the thread until they are free, or until `timeout` has passed.
  ///
  /// - Throws: ``WaitError/timedOut`` or ``WaitError/closed``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func acquire<C: DeadlineClock>(
    _ count: Int = 1, timeout: Duration, clock: C = MonotonicClock(),
    file: StaticString = #fileID, line: UInt = #line
  ) throws(WaitError) {
    if acquireSoon(count) { return }
    try wait(count, until: clock.now.advanced(by: timeout), clock, SourcePlace(file, line))
  }

  /// Tries until it is time to sleep: while nobody waits in line, nobody is overtaken.
  @inline(__always)
  private func acquireSoon(_ count: Int) -> Bool {
    take(count) || acquireAgain(count)
  }

  private func acquireAgain(_ count: Int) -> Bool {
    var backoff = Backoff()
    while backoff.pause() {
      if take(count) { return true }
    }
    return false
  }

  private func wait<C: DeadlineClock>(
    _ count: Int, until deadline: C.Instant?, _ clock: C, _ place: SourcePlace
  ) async throws(WaitError) {
    _ = try await waiters.wait(for: count, until: deadline, clock: clock, at: place, admit: admit)
    noteUse(.acquired)
  }

  @available(*, noasync)
  private func wait<C: DeadlineClock>(
    _ count: Int, until deadline: C.Instant?, _ clock: C, _ place: SourcePlace
  ) throws(WaitError) {
    _ = try waiters.wait(for: count, until: deadline, clock: clock, at: place, admit: admit)
    noteUse(.acquired)
  }

  private func admit(_ guarded: inout WaitPoint<Void, Int>.Guarded, _ count: inout Int) -> Bool {
    permits.takeOrEnterSlowPath(count, isFirst: guarded.queue.isEmpty)
  }

  @inline(__always)
  private func noteUse(_ use: ObservedUse) {
    if skein_observed() != 0 { tell(use) }
  }

  @inline(never)
  private func tell(_ use: ObservedUse) {
    SyncObservation.observer(of: .uses)?.didUse(waiters.id, as: use)
  }

  // MARK: Releasing

  /// Gives permits back, and serves whoever waits at the front.
  ///
  /// - Parameter count: how many.
  /// - Precondition: `count` is positive; a bounded semaphore does not grow beyond its initial number.
  public func release(_ count: Int = 1) {
    checkContract(count > 0, "a semaphore takes back one permit or more, not \(count)")
    noteUse(.released)
    if permits.giveFast(count) { return }
    waiters.update { _ in permits.give(count) }
  }

  /// Ends every wait, now and later, with ``WaitError/closed``. Permits in use may still be released.
  public func close() {
    waiters.close { permits.enterSlowPath() }
  }
}

/// The word of a semaphore: free permits, doubled; the lowest bit says that the slow path rules, because
/// somebody waits or the semaphore is closed. With that bit set, the word changes under the wait point's lock
/// alone.
private final class Permits: Sendable {
  static let most = Int.max >> 2

  private let word: Atomic<Int>
  let maximum: Int

  init(free: Int, maximum: Int) {
    word = Atomic(free << 1)
    self.maximum = maximum
  }

  var free: Int { word.load(ordering: .acquiring) >> 1 }

  /// Takes permits if there are enough, and, outside the lock, if the slow path does not rule.
  @inline(__always)
  func take(_ count: Int, underLock: Bool) -> Bool {
    change { word in
      guard word >> 1 >= count, underLock || word & 1 == 0 else { return nil }
      return word - count << 1
    }
  }

  /// Under the lock: takes permits for a newcomer whom nobody precedes, else makes everybody take the slow
  /// path.
  func takeOrEnterSlowPath(_ count: Int, isFirst: Bool) -> Bool {
    var isTaken = false
    _ = change { word in
      isTaken = isFirst && word >> 1 >= count
      return isTaken ? word - count << 1 : word | 1
    }
    return isTaken
  }

  func enterSlowPath() { _ = change { $0 | 1 } }
  func leaveSlowPath() { _ = change { $0 & ~1 } }
  func give(_ count: Int) { _ = change { checked($0, count) } }

  /// Gives permits back unless the slow path rules.
  @inline(__always)
  func giveFast(_ count: Int) -> Bool {
    change { word in word & 1 == 0 ? checked(word, count) : nil }
  }

  @inline(__always)
  private func checked(_ word: Int, _ count: Int) -> Int {
    checkContract(
      count <= maximum - word >> 1,
      "a semaphore was released more often than it was acquired, beyond \(maximum)")
    return word + count << 1
  }

  /// Replaces the word by what `next` makes of it; `nil` leaves it and answers `false`.
  @inline(__always)
  private func change(_ next: (Int) -> Int?) -> Bool {
    var seen = word.load(ordering: .relaxed)
    while let new = next(seen) {
      let (exchanged, original) = word.compareExchange(
        expected: seen, desired: new, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      seen = original
    }
    return false
  }
}

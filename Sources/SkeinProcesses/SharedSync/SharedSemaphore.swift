internal import CSkein
public import SkeinSync

/// Permits that the threads and tasks of several processes take and give back.
///
/// Each permit says which process holds it. When a process dies, those it held come back as soon as its parent learns of
/// the death. A release gives back a permit of the releasing process; if it holds none, one that another process holds,
/// which is that one's no longer; and if none is held at all, the semaphore grows by one, unless it is bounded.
///
/// ```swift
/// let licences = try SharedSemaphore(permits: 2)
/// try await licences.withPermit { try await render(page) }
/// ```
///
/// Waiters are served in no order. Taking a permit that is free is one atomic operation, and so is giving one back for which
/// nobody waits; to find it takes a look at the permits in front of it.
///
/// - Invariant: a permit is free, or held by one process; none is lost or doubled by a death.
/// - Source: behaviour after CPython's `multiprocessing.Semaphore` and `BoundedSemaphore`.
public final class SharedSemaphore: Sendable, Codable {
  /// The most permits that a semaphore may have.
  public static let mostPermits = 65_536

  private let region: SharedRegion
  private let table: PermitTable
  private let changes: SharedChanges
  private var boundedWord: UnsafeMutableRawPointer { region.address + SharedLayout.words + 12 }

  /// Makes a semaphore.
  ///
  /// - Parameters:
  ///   - permits: how many permits are free at first.
  ///   - isBounded: whether a release beyond the initial number is an error.
  ///   - capacity: up to how many permits the semaphore may grow by releases; what is bounded does not grow.
  /// - Throws: ``SharedMemoryError``: a negative or excessive number, or the system has no memory or no descriptor left.
  public init(permits: Int, isBounded: Bool = false, capacity: Int = 1024) throws(SharedMemoryError) {
    guard (0...Self.mostPermits).contains(permits) else { throw .invalidCount(permits) }
    guard (0...Self.mostPermits).contains(capacity) else { throw .invalidCount(capacity) }
    let rows = isBounded ? permits : max(permits, capacity)
    let layout = SharedLayout(kind: .semaphore, elementStride: 8, count: rows)
    region = try .make(layout) { region in
      PermitTable(region: region).prepare(free: permits)
      _ = skein_exchange_u32(region.address + SharedLayout.words + 12, isBounded ? 1 : 0)
    }
    table = PermitTable(region: region)
    changes = SharedChanges(region: region)
  }

  /// How many permits are free at this instant.
  public var freePermits: Int { table.count { $0 == PermitTable.free } }

  /// How many permits processes hold at this instant.
  public var heldPermits: Int { table.count { $0 > PermitTable.free } }

  /// How many threads and tasks of all processes wait at this instant; those of processes that died while they waited are
  /// counted too.
  public var waiterCount: Int { changes.waiterCount }

  // MARK: Scoped

  /// Runs `body` with a permit; suspends the task until one is free.
  ///
  /// - Throws: `WaitError.cancelled`, else what `body` throws; the permit is given back then too.
  /// - Cancellation: a waiting task gives up; a running `body` sees the cancellation itself.
  public func withPermit<Result>(_ body: () async throws -> Result) async throws -> Result {
    try await acquire()
    defer { giveBack() }
    return try await body()
  }

  /// Runs `body` with a permit; blocks the thread until one is free.
  ///
  /// - Throws: what `body` throws; the permit is given back then too.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @_disfavoredOverload
  public func withPermit<Result>(_ body: () throws -> Result) rethrows -> Result {
    acquire()
    defer { giveBack() }
    return try body()
  }

  // MARK: Acquiring

  /// Takes a permit if one is free. Never waits.
  public func tryAcquire() -> Bool { table.take(for: .current) }

  /// Takes a permit; blocks the thread until one is free.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func acquire() {
    if tryAcquire() { return }
    _ = changes.wait(until: -1) { tryAcquire() ? true : nil }
  }

  /// Takes a permit; blocks the thread until one is free, or until `timeout` has passed.
  ///
  /// - Throws: `WaitError.timedOut`.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func acquire(timeout: Duration) throws(WaitError) {
    if tryAcquire() { return }
    let deadline = MonotonicClock().now.advanced(by: max(.zero, timeout)).nanoseconds
    guard changes.wait(until: deadline, { tryAcquire() ? true : nil }) != nil else { throw .timedOut }
  }

  /// Takes a permit; suspends the task until one is free.
  ///
  /// - Throws: `WaitError.cancelled`.
  /// - Cancellation: the task gives up without a permit; a permit that is free is taken all the same.
  public func acquire() async throws(WaitError) {
    if tryAcquire() { return }
    _ = try await changes.wait(until: nil, clock: MonotonicClock()) { tryAcquire() ? true : nil }
  }

  /// Takes a permit; suspends the task until one is free, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures the time.
  /// - Throws: `WaitError.timedOut` or `WaitError.cancelled`.
  /// - Cancellation: as for `acquire`.
  public func acquire<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock()
  ) async throws(WaitError) {
    if tryAcquire() { return }
    let deadline = clock.now.advanced(by: timeout)
    _ = try await changes.wait(until: deadline, clock: clock) { tryAcquire() ? true : nil }
  }

  // MARK: Releasing

  /// Gives a permit back, also one that another process took.
  ///
  /// - Throws: ``SharedMemoryError/tableFull(_:capacity:)`` when the semaphore can not grow by one more permit.
  public func release() throws(SharedMemoryError) {
    let isBounded = skein_load_u32(boundedWord) != 0
    guard table.give(from: .current, isBounded: isBounded) else {
      let object =
        isBounded ? "a bounded shared semaphore, none of whose permits is held," : "a shared semaphore"
      throw .tableFull(object, capacity: table.capacity)
    }
    changes.announce()
  }

  /// Ends a scope. A permit that another process has given back in the meantime is free already.
  private func giveBack() {
    if table.give(from: .current, isBounded: true) { changes.announce() }
  }

  // MARK: Messages

  /// Takes the semaphore that came with a message.
  ///
  /// - Throws: ``SharedMemoryError`` when something else came.
  public init(from decoder: any Decoder) throws {
    region = try .decode(from: decoder, as: .semaphore, elementStride: 8)
    table = PermitTable(region: region)
    changes = SharedChanges(region: region)
  }

  /// Puts the semaphore beside the message that is being encoded.
  public func encode(to encoder: any Encoder) throws { try region.encode(to: encoder) }
}

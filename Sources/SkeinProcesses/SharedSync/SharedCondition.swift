internal import CSkein
internal import SkeinSync

/// A way for the threads and tasks of several processes to wait for what a ``SharedLock`` guards.
///
/// ```swift
/// let filled = try SharedCondition(lock: try SharedLock())
/// try filled.lock.withLock {
///   try filled.wait { counter.value > 0 }
/// }
/// ```
///
/// Waiters are notified in the order in which they came. A waiter whose process died counts no more as soon as that is
/// known, and what it did not hear goes to the next.
///
/// - Source: behaviour after CPython's `multiprocessing.Condition`.
public final class SharedCondition: Sendable, Codable {
  /// The lock that guards what is waited for.
  public let lock: SharedLock
  private let region: SharedRegion
  private var table: ConditionTable { ConditionTable(region: region) }

  /// Makes a condition.
  ///
  /// - Parameters:
  ///   - lock: what guards the facts that are waited for.
  ///   - capacity: how many threads and tasks can wait at once.
  /// - Throws: ``SharedMemoryError``: such a number can not be, or the system has no memory or no descriptor left.
  public init(lock: SharedLock, capacity: Int = 256) throws(SharedMemoryError) {
    guard (1...65_536).contains(capacity) else { throw .invalidCount(capacity) }
    self.lock = lock
    region = try .make(SharedLayout(kind: .condition, elementStride: 32, count: capacity))
  }

  /// How many threads and tasks wait at this instant.
  public var waiterCount: Int { table.waiterCount }

  /// Gives the lock back, blocks the thread until it is notified, and takes the lock again.
  ///
  /// - Parameter timeout: how long to wait at the longest; `nil` for no limit.
  /// - Returns: whether it was notified; `false` when the time was up. The lock is taken in both cases.
  /// - Throws: ``SharedMemoryError/tableFull(_:capacity:)``, with the lock still taken.
  /// - Precondition: the calling thread has the lock.
  @available(*, noasync, message: "this form blocks the thread; await withLock(when:) instead")
  @discardableResult
  public func wait(timeout: Duration? = nil) throws(SharedMemoryError) -> Bool {
    let deadline = timeout.map { MonotonicClock().now.advanced(by: max(.zero, $0)).nanoseconds } ?? -1
    return try wait(until: deadline)
  }

  /// Waits as `wait(timeout:)` does until `isTrue` holds, which is asked with the lock.
  ///
  /// - Returns: whether it holds; `false` when the time was up.
  @available(*, noasync, message: "this form blocks the thread; await withLock(when:) instead")
  @discardableResult
  public func wait(timeout: Duration? = nil, until isTrue: () -> Bool) throws(SharedMemoryError) -> Bool {
    let deadline = timeout.map { MonotonicClock().now.advanced(by: max(.zero, $0)).nanoseconds } ?? -1
    while !isTrue() {
      if try !wait(until: deadline) { return isTrue() }
    }
    return true
  }

  @available(*, noasync)
  private func wait(until deadline: Int64) throws(SharedMemoryError) -> Bool {
    let row = try table.enter()
    lock.release()
    table.sleep(row, until: deadline)
    let isNotified = table.leave(row)
    lock.takeOrTrap()
    return isNotified
  }

  /// Runs `body` with the lock as soon as `isTrue` holds, which is asked with the lock; suspends the task until then.
  ///
  /// - Throws: `WaitError.cancelled`; ``SharedMemoryError/tableFull(_:capacity:)``; else what `body` throws.
  /// - Cancellation: a waiting task gives up; a notification that it got in the same instant goes to the next waiter.
  public func withLock<Result>(
    when isTrue: () -> Bool, _ body: () throws -> Result
  ) async throws -> Result {
    while true {
      var row: Int?
      let result: Result? = try await lock.withLock {
        if isTrue() { return try body() }
        row = try table.enter()
        return nil
      }
      guard let row else { return result! }
      do {
        try await SharedWordMonitor.waitForChange(
          of: SharedWord(region: region, address: table.state(row)), from: 1, until: nil,
          clock: MonotonicClock())
      } catch {
        if table.leave(row) { table.notify(1) }
        throw error
      }
      _ = table.leave(row)
    }
  }

  /// Notifies the one who has waited longest.
  ///
  /// - Precondition: the calling thread has the lock.
  public func notifyOne() { table.notify(1) }

  /// Notifies all who wait.
  ///
  /// - Precondition: the calling thread has the lock.
  public func notifyAll() { table.notify(.max) }

  private enum CodingKeys: CodingKey {
    case lock, region
  }

  /// Takes the condition, and its lock, that came with a message.
  ///
  /// - Throws: ``SharedMemoryError`` when something else came.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    lock = try container.decode(SharedLock.self, forKey: .lock)
    region = try .check(
      container.decode(OwnedDescriptor.self, forKey: .region), as: .condition, elementStride: 32)
  }

  /// Puts the condition, and its lock, beside the message that is being encoded.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(lock, forKey: .lock)
    try container.encode(region.descriptor, forKey: .region)
  }
}

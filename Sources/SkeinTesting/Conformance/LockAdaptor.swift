/// A lock, as ``exerciseLock(reentry:limit:only:_:)`` uses it: its three forms, each with a body that it runs.
///
/// ```swift
/// let lock = Lock()
/// let adaptor = LockAdaptor(
///   withLock: { body in try lock.withLock { _ in try body() } },
///   tryLock: { body in try lock.tryLock { _ in try body() } },
///   withLockInTime: { timeout, body in try lock.withLock(timeout: timeout) { _ in try body() } })
/// ```
public struct LockAdaptor: Sendable {
  /// What runs under the lock.
  public typealias Body = () throws -> Int

  let withLock: @Sendable (Body) throws -> Int
  let tryLock: @Sendable (Body) throws -> Int?
  let withLockInTime: @Sendable (Duration, Body) throws -> Int

  /// Creates an adaptor.
  ///
  /// - Parameters:
  ///   - withLock: runs a body under the lock, blocks the thread until it can.
  ///   - tryLock: runs a body under the lock if that is free; returns `nil` if not.
  ///   - withLockInTime: runs a body under the lock, or throws an error of ``LockError/timedOut(_:)`` or
  ///     ``WaitError/timedOut``.
  public init(
    withLock: @escaping @Sendable (Body) throws -> Int,
    tryLock: @escaping @Sendable (Body) throws -> Int?,
    withLockInTime: @escaping @Sendable (Duration, Body) throws -> Int
  ) {
    self.withLock = withLock
    self.tryLock = tryLock
    self.withLockInTime = withLockInTime
  }
}

/// What a lock does when the thread that holds it takes it again.
public enum LockReentry: Hashable, Sendable {
  /// The blocking form traps, which only an exit test can show; the other forms throw an error that is no
  /// timeout.
  case traps
  /// All forms throw an error that is no timeout.
  case wouldDeadlock
  /// All forms take the lock once more, and it is free after as many releases.
  case recursive
}

public import SkeinSync

/// A lock in the process of a ``SharedManager``: between threads and tasks of all processes, and held across suspensions.
///
/// ```swift
/// try await lock.withLock { try await appendToFile(line) }
/// ```
///
/// Who waits gets it in the order of asking. It belongs to the process that took it; when that dies, the next one gets it,
/// and is told.
///
/// - Invariant: one holder has it at a time.
/// - Source: behaviour after the lock of CPython's `multiprocessing.Manager`, which is lost with its holder.
public struct ManagedLock: ManagedObject {
  /// Which object of which manager it stands for.
  public let reference: ManagedReference

  private func request(_ operation: LockOperation) -> ManagerRequest { .lock(reference.id, operation) }

  private func hold(_ answer: (reply: ManagerReply, connection: Connection)) throws -> Bool {
    guard case .acquired(let ownerDied) = answer.reply else { throw ConnectionError.malformed }
    reference.client.hold(reference.id, answer.connection)
    return ownerDied
  }

  /// Takes the lock; suspends the task until it has it.
  ///
  /// - Returns: whether the last holder died with it, so that what it guards may be half changed.
  /// - Throws: ``ManagerError``; `WaitError.cancelled`.
  /// - Cancellation: the lock is not taken.
  @discardableResult
  public func acquire() async throws -> Bool {
    try hold(
      try await reference.client.wait(
        for: request(.acquire), until: MonotonicClock.Instant?.none, clock: MonotonicClock()))
  }

  /// Takes the lock; suspends the task until it has it, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Returns: whether the last holder died with it.
  /// - Throws: ``ManagerError``; `WaitError.timedOut`, `WaitError.cancelled`.
  /// - Cancellation: the lock is not taken.
  @discardableResult
  public func acquire<C: DeadlineClock>(timeout: Duration, clock: C = MonotonicClock()) async throws -> Bool {
    try hold(
      try await reference.client.wait(
        for: request(.acquire), until: clock.now.advanced(by: timeout), clock: clock))
  }

  /// Takes the lock; blocks the thread until it has it, or until `timeout` has passed.
  ///
  /// - Parameter timeout: how long to wait at the longest; zero or less only looks, and `nil` is without limit.
  /// - Returns: whether the last holder died with it.
  /// - Throws: ``ManagerError``; `WaitError.timedOut`.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @discardableResult
  public func acquire(
    timeout: Duration? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Bool {
    try hold(try reference.client.wait(for: request(.acquire), timeout: timeout, at: SourcePlace(file, line)))
  }

  /// Takes the lock if it is free at this instant.
  ///
  /// - Returns: whether it was.
  /// - Throws: ``ManagerError``.
  public func tryAcquire() throws -> Bool {
    let answer = try reference.client.ask(request(.tryAcquire), over: nil)
    if case .outcome = answer.0 { return try reference.client.end(answer).outcome() }
    _ = try hold(answer)
    return true
  }

  /// Gives the lock back: from any thread of the process that took it.
  ///
  /// - Throws: ``ManagerError/notHeld`` when this process does not have it; else ``ManagerError``.
  public func release() throws {
    guard let connection = reference.client.stopHolding(reference.id) else { throw ManagerError.notHeld }
    _ = reference.client.end(try reference.client.ask(request(.release), over: connection))
  }

  /// Runs `body` with the lock; suspends the task until it has it.
  ///
  /// - Throws: what `body` throws, and the lock is given back then too; ``ManagerError``; `WaitError.cancelled`.
  /// - Cancellation: a waiting task gives up; `body` has to mind it itself.
  public func withLock<Result>(_ body: () async throws -> Result) async throws -> Result {
    try await acquire()
    let result: Result
    do { result = try await body() } catch {
      try? release()
      throw error
    }
    try release()
    return result
  }

  /// Runs `body` with the lock; blocks the thread until it has it.
  ///
  /// - Throws: what `body` throws, and the lock is given back then too; ``ManagerError``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @_disfavoredOverload
  public func withLock<Result>(_ body: () throws -> Result) throws -> Result {
    try acquire(timeout: nil)
    let result: Result
    do { result = try body() } catch {
      try? release()
      throw error
    }
    try release()
    return result
  }
}

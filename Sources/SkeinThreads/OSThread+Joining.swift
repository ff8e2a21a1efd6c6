public import SkeinSync

extension OSThread {
  /// Suspends the task until the thread has ended.
  ///
  /// - Returns: what the thread's body returned. Every `join` gets it.
  /// - Throws: what the body threw, to every `join`; ``ThreadError/notStarted(name:)``,
  ///   ``ThreadError/joinsItself(name:)`` or ``ThreadError/lostByFork(name:)``; `WaitError.cancelled`.
  /// - Cancellation: the task stops waiting; the thread goes on.
  @discardableResult
  public func join(file: StaticString = #fileID, line: UInt = #line) async throws -> Success {
    try record.checkJoin()
    try await record.waitForEnd(until: nil, clock: MonotonicClock(), at: SourcePlace(file, line))
    return try result()
  }

  /// Suspends the task until the thread has ended, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Returns: what the thread's body returned.
  /// - Throws: as without a limit; `WaitError.timedOut` while it lives, and it can be joined again.
  /// - Cancellation: the task stops waiting; the thread goes on.
  @discardableResult
  public func join<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) async throws -> Success {
    try record.checkJoin()
    try await record.waitForEnd(
      until: clock.now.advanced(by: timeout), clock: clock, at: SourcePlace(file, line))
    return try result()
  }

  /// Blocks the calling thread until this one has ended.
  ///
  /// - Returns: what the thread's body returned. Every `join` gets it.
  /// - Throws: what the body threw, to every `join`; ``ThreadError/notStarted(name:)``,
  ///   ``ThreadError/joinsItself(name:)`` or ``ThreadError/lostByFork(name:)``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @discardableResult
  public func join(file: StaticString = #fileID, line: UInt = #line) throws -> Success {
    try record.checkJoin()
    try record.waitForEnd(until: nil, clock: MonotonicClock(), at: SourcePlace(file, line))
    return try result()
  }

  /// Blocks the calling thread until this one has ended, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Returns: what the thread's body returned.
  /// - Throws: as without a limit; `WaitError.timedOut` while it lives, and it can be joined again.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @discardableResult
  public func join<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) throws -> Success {
    try record.checkJoin()
    try record.waitForEnd(
      until: clock.now.advanced(by: timeout), clock: clock, at: SourcePlace(file, line))
    return try result()
  }

  private func result() throws -> Success {
    // The system may have refused the thread meanwhile.
    guard record.hasEnded else { throw ThreadError.notStarted(name: name) }
    return try outcome.take()
  }
}

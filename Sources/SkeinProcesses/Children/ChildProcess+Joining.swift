public import SkeinSync

extension ChildProcess {
  /// Suspends the task until the process has ended.
  ///
  /// - Returns: how it ended.
  /// - Throws: `WaitError.cancelled`.
  /// - Cancellation: the task stops waiting; the process goes on.
  @discardableResult
  public func join(file: StaticString = #fileID, line: UInt = #line) async throws(WaitError) -> ChildExit {
    try await hasEnded.wait(file: file, line: line)
    return exit!
  }

  /// Suspends the task until the process has ended, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Returns: how it ended.
  /// - Throws: `WaitError.timedOut`, `WaitError.cancelled`.
  /// - Cancellation: the task stops waiting; the process goes on.
  @discardableResult
  public func join<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) async throws(WaitError) -> ChildExit {
    try await hasEnded.wait(timeout: timeout, clock: clock, file: file, line: line)
    return exit!
  }

  /// Blocks the thread until the process has ended.
  ///
  /// - Returns: how it ended.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @discardableResult
  public func join(file: StaticString = #fileID, line: UInt = #line) throws(WaitError) -> ChildExit {
    try hasEnded.wait(file: file, line: line)
    return exit!
  }

  /// Blocks the thread until the process has ended, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Returns: how it ended.
  /// - Throws: `WaitError.timedOut`.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @discardableResult
  public func join<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) throws(WaitError) -> ChildExit {
    try hasEnded.wait(timeout: timeout, clock: clock, file: file, line: line)
    return exit!
  }
}

extension ChildProcess {
  /// How many threads and tasks wait for its end.
  public var waiterCount: Int { hasEnded.waiterCount }
}

extension OrderedQueue {
  /// Marks elements that were got as done; when all are, whoever waits in `join` goes on.
  ///
  /// - Parameter count: how many.
  /// - Precondition: no more are marked than were taken in.
  /// - Complexity: O(1), and O(waiters) for the last one.
  public final func taskDone(_ count: Int = 1) {
    let isSound = waiters.update { guarded in
      guard count > 0, count <= guarded.state.unfinished else { return false }
      guarded.state.unfinished -= count
      if guarded.state.unfinished == 0 { guarded.state.isMixed = true }
      return true
    }
    checkContract(
      isSound, "\(waiters.identity): taskDone(\(count)) marks more elements as done than were put in")
  }

  /// Suspends the task until every element that was put in is done.
  ///
  /// - Throws: ``WaitError/cancelled``.
  /// - Cancellation: the task leaves; nothing else changes.
  public final func join(file: StaticString = #fileID, line: UInt = #line) async throws(WaitError) {
    try await join(until: nil, MonotonicClock(), SourcePlace(file, line))
  }

  /// Suspends the task until every element that was put in is done, or `timeout` has passed.
  ///
  /// - Throws: ``WaitError/timedOut`` or ``WaitError/cancelled``.
  /// - Cancellation: the task leaves; nothing else changes.
  public final func join<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) async throws(WaitError) {
    try await join(until: clock.now.advanced(by: timeout), clock, SourcePlace(file, line))
  }

  /// Blocks the thread until every element that was put in is done.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public final func join(file: StaticString = #fileID, line: UInt = #line) throws(WaitError) {
    try join(until: nil, MonotonicClock(), SourcePlace(file, line))
  }

  /// Blocks the thread until every element that was put in is done, or `timeout` has passed.
  ///
  /// - Throws: ``WaitError/timedOut``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public final func join<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) throws(WaitError) {
    try join(until: clock.now.advanced(by: timeout), clock, SourcePlace(file, line))
  }

  private func join<C: DeadlineClock>(
    until deadline: C.Instant?, _ clock: C, _ place: SourcePlace
  ) async throws(WaitError) {
    _ = try await waiters.wait(
      for: Request(.join), until: deadline, clock: clock, at: place, admit: State.admit)
  }

  @available(*, noasync)
  private func join<C: DeadlineClock>(
    until deadline: C.Instant?, _ clock: C, _ place: SourcePlace
  ) throws(WaitError) {
    _ = try waiters.wait(for: Request(.join), until: deadline, clock: clock, at: place, admit: State.admit)
  }
}

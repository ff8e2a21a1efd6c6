extension CapacityLimiter {
  /// Takes a token if there is one and nobody waits. Never waits.
  ///
  /// - Parameter borrower: who borrows; by default the calling task, outside of tasks the thread.
  /// - Returns: whether a token was taken.
  /// - Throws: ``BorrowError/alreadyBorrows(_:)`` or ``BorrowError/closed``.
  public func tryAcquire<Key: Hashable & Sendable>(
    onBehalfOf borrower: Key = Borrower.current, file: StaticString = #fileID, line: UInt = #line
  ) throws(BorrowError) -> Bool {
    try lend(to: Loans.Request(Borrower(borrower), at: SourcePlace(file, line)))
  }

  /// Takes a token; suspends the task until there is one.
  ///
  /// - Parameter borrower: who borrows; by default the calling task, which then has to give the token back
  ///   before it ends.
  /// - Throws: ``BorrowError``, but for a time-out.
  /// - Cancellation: the task leaves the queue without a token. One that was lent in the same instant is kept
  ///   as usual, for the caller to give back.
  public func acquire<Key: Hashable & Sendable>(
    onBehalfOf borrower: Key = Borrower.current, file: StaticString = #fileID, line: UInt = #line
  ) async throws(BorrowError) {
    try await acquire(Borrower(borrower), until: nil, MonotonicClock(), SourcePlace(file, line))
  }

  /// Takes a token; suspends the task until there is one, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - borrower: who borrows; by default the calling task, which then has to give the token back before it
  ///     ends.
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Throws: ``BorrowError``.
  /// - Cancellation: as for `acquire(onBehalfOf:)`.
  public func acquire<Key: Hashable & Sendable, C: DeadlineClock>(
    onBehalfOf borrower: Key = Borrower.current, timeout: Duration, clock: C = MonotonicClock(),
    file: StaticString = #fileID, line: UInt = #line
  ) async throws(BorrowError) {
    let deadline = clock.now.advanced(by: timeout)
    try await acquire(Borrower(borrower), until: deadline, clock, SourcePlace(file, line))
  }

  /// Takes a token; blocks the thread until there is one.
  ///
  /// - Throws: ``BorrowError/alreadyBorrows(_:)`` or ``BorrowError/closed``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func acquire<Key: Hashable & Sendable>(
    onBehalfOf borrower: Key = Borrower.current, file: StaticString = #fileID, line: UInt = #line
  ) throws(BorrowError) {
    try acquire(Borrower(borrower), until: nil, MonotonicClock(), SourcePlace(file, line))
  }

  /// Takes a token; blocks the thread until there is one, or until `timeout` has passed.
  ///
  /// - Throws: ``BorrowError``, but for a cancellation.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func acquire<Key: Hashable & Sendable, C: DeadlineClock>(
    onBehalfOf borrower: Key = Borrower.current, timeout: Duration, clock: C = MonotonicClock(),
    file: StaticString = #fileID, line: UInt = #line
  ) throws(BorrowError) {
    let deadline = clock.now.advanced(by: timeout)
    try acquire(Borrower(borrower), until: deadline, clock, SourcePlace(file, line))
  }

  private func acquire<C: DeadlineClock>(
    _ borrower: Borrower, until deadline: C.Instant?, _ clock: C, _ place: SourcePlace
  ) async throws(BorrowError) {
    var request = Loans.Request(borrower, at: place)
    if try lend(to: request) { return }
    do {
      request = try await waiters.wait(
        for: request, until: deadline, clock: clock, at: place, admit: Loans.admit)
    } catch {
      throw BorrowError(error)
    }
    if request.isSecond { throw .alreadyBorrows(borrower) }
  }

  @available(*, noasync)
  private func acquire<C: DeadlineClock>(
    _ borrower: Borrower, until deadline: C.Instant?, _ clock: C, _ place: SourcePlace
  ) throws(BorrowError) {
    var request = Loans.Request(borrower, at: place)
    if try lend(to: request) { return }
    do {
      request = try waiters.wait(
        for: request, until: deadline, clock: clock, at: place, admit: Loans.admit)
    } catch {
      throw BorrowError(error)
    }
    if request.isSecond { throw .alreadyBorrows(borrower) }
  }

  /// Takes a token if there is one and nobody waits.
  private func lend(to request: Loans.Request) throws(BorrowError) -> Bool {
    try waiters.withLock { guarded, _ -> Result<Bool, BorrowError> in
      if guarded.isClosed { return .failure(.closed) }
      var request = request
      let isLent = Loans.admit(&guarded, &request)
      return request.isSecond ? .failure(.alreadyBorrows(request.borrower)) : .success(isLent)
    }.get()
  }
}

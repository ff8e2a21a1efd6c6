public import CSkein

extension OrderedQueue {
  // MARK: Putting

  /// Puts an element in; suspends the task while the queue is full.
  ///
  /// - Throws: ``WaitError/closed`` once the queue is shut down, ``WaitError/cancelled``. The element was then
  ///   not taken.
  /// - Cancellation: a task that waits leaves the queue, and the element stays with the caller. A task that
  ///   does not have to wait puts the element in, cancelled or not.
  @inlinable
  public final func put(
    _ element: Element, file: StaticString = #fileID, line: UInt = #line
  ) async throws(WaitError) {
    if try isPut(element) { return }
    try await put(element, until: nil, MonotonicClock(), SourcePlace(file, line))
  }

  /// Puts an element in; suspends the task while the queue is full, until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - element: what to put.
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Throws: ``WaitError``; the element was then not taken.
  /// - Cancellation: as for `put`.
  @inlinable
  public final func put<C: DeadlineClock>(
    _ element: Element, timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID,
    line: UInt = #line
  ) async throws(WaitError) {
    if try isPut(element) { return }
    try await put(element, until: clock.now.advanced(by: timeout), clock, SourcePlace(file, line))
  }

  /// Puts an element in; blocks the thread while the queue is full.
  ///
  /// - Throws: ``WaitError/closed`` once the queue is shut down; the element was then not taken.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable
  public final func put(
    _ element: Element, file: StaticString = #fileID, line: UInt = #line
  ) throws(WaitError) {
    if try isPutSoon(element) { return }
    try put(element, until: nil, MonotonicClock(), SourcePlace(file, line))
  }

  /// Puts an element in; blocks the thread while the queue is full, until `timeout` has passed.
  ///
  /// - Throws: ``WaitError/timedOut`` or ``WaitError/closed``; the element was then not taken.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable
  public final func put<C: DeadlineClock>(
    _ element: Element, timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID,
    line: UInt = #line
  ) throws(WaitError) {
    if try isPutSoon(element) { return }
    try put(element, until: clock.now.advanced(by: timeout), clock, SourcePlace(file, line))
  }

  // MARK: Getting

  /// Gets the element whose turn it is; suspends the task until one is ready.
  ///
  /// - Throws: ``WaitError/closed`` when the queue is shut down and nothing is left,
  ///   ``WaitError/cancelled``.
  /// - Cancellation: a task that waits leaves the queue and takes no element with it. A task that does not
  ///   have to wait gets its element, cancelled or not, as does one that was served in the same instant.
  @inlinable
  public final func get(
    file: StaticString = #fileID, line: UInt = #line
  ) async throws(WaitError) -> Element {
    if let element = try gotten() { return element }
    return try await get(until: nil, MonotonicClock(), SourcePlace(file, line))
  }

  /// Gets the element whose turn it is; suspends the task until one is ready, or `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Throws: ``WaitError``.
  /// - Cancellation: as for `get`.
  @inlinable
  public final func get<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) async throws(WaitError) -> Element {
    if let element = try gotten() { return element }
    return try await get(until: clock.now.advanced(by: timeout), clock, SourcePlace(file, line))
  }

  /// Gets the element whose turn it is; blocks the thread until one is ready.
  ///
  /// - Throws: ``WaitError/closed`` when the queue is shut down and nothing is left.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable
  public final func get(file: StaticString = #fileID, line: UInt = #line) throws(WaitError) -> Element {
    if let element = try gottenSoon() { return element }
    return try get(until: nil, MonotonicClock(), SourcePlace(file, line))
  }

  /// Gets the element whose turn it is; blocks the thread until one is ready, or `timeout` has passed.
  ///
  /// - Throws: ``WaitError/timedOut`` or ``WaitError/closed``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable
  public final func get<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) throws(WaitError) -> Element {
    if let element = try gottenSoon() { return element }
    return try get(until: clock.now.advanced(by: timeout), clock, SourcePlace(file, line))
  }

  // MARK: At once, or by waiting

  @inlinable
  final func isPut(_ element: Element) throws(WaitError) -> Bool {
    switch attemptPut(element) {
    case .done: return true
    case .mustWait: return false
    case .refused: throw .closed
    }
  }

  @inlinable
  final func gotten() throws(WaitError) -> Element? {
    let (element, attempt) = attemptGet()
    if attempt == .refused { throw .closed }
    return element
  }

  /// Tries to put until it is time to sleep: while nobody has entered the line of those who wait, nobody is
  /// overtaken.
  @inlinable
  final func isPutSoon(_ element: Element) throws(WaitError) -> Bool {
    var backoff = Backoff()
    repeat {
      if try isPut(element) { return true }
    } while backoff.pause()
    return false
  }

  @inlinable
  final func gottenSoon() throws(WaitError) -> Element? {
    var backoff = Backoff()
    repeat {
      if let element = try gotten() { return element }
    } while backoff.pause()
    return nil
  }

  @inlinable
  final func put<C: DeadlineClock>(
    _ element: Element, until deadline: C.Instant?, _ clock: C, _ place: SourcePlace
  ) async throws(WaitError) {
    let request = Request(.put, element: element)
    let granted = try await waiters.wait(
      for: request, until: deadline, clock: clock, at: place, admit: State.admit)
    if granted.isRefused { throw .closed }
    notePut()
  }

  @available(*, noasync)
  @inlinable
  final func put<C: DeadlineClock>(
    _ element: Element, until deadline: C.Instant?, _ clock: C, _ place: SourcePlace
  ) throws(WaitError) {
    let request = Request(.put, element: element)
    let granted = try waiters.wait(
      for: request, until: deadline, clock: clock, at: place, admit: State.admit)
    if granted.isRefused { throw .closed }
    notePut()
  }

  @inlinable
  final func get<C: DeadlineClock>(
    until deadline: C.Instant?, _ clock: C, _ place: SourcePlace
  ) async throws(WaitError) -> Element {
    let granted = try await waiters.wait(
      for: Request(.get), until: deadline, clock: clock, at: place, admit: State.admit,
      didEnter: { if Order.isTimed { setAlarm() } })
    if granted.isRefused { throw .closed }
    if skein_observed() != 0 { noteUse(.got) }
    return granted.element!
  }

  @available(*, noasync)
  @inlinable
  final func get<C: DeadlineClock>(
    until deadline: C.Instant?, _ clock: C, _ place: SourcePlace
  ) throws(WaitError) -> Element {
    let granted = try waiters.wait(
      for: Request(.get), until: deadline, clock: clock, at: place, admit: State.admit,
      didEnter: { if Order.isTimed { setAlarm() } })
    if granted.isRefused { throw .closed }
    if skein_observed() != 0 { noteUse(.got) }
    return granted.element!
  }
}

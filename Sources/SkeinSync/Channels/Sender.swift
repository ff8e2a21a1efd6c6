/// The end of a channel at which elements are sent; made by ``makeChannel(of:capacity:name:file:line:)``.
///
/// A sender is a handle: copies of it share the handle, ``clone()`` opens another one. Senders that wait for
/// room are served first in, first out.
///
/// ```swift
/// do {
///   try await sender.send(page)
/// } catch {
///   print("\(error.element) was not sent: \(error.reason)")
/// }
/// ```
///
/// - Invariant: an element that was sent is received at most once; one that was not sent is handed back.
/// - Source: ends, errors and disconnection after crossbeam's channels; handles and their clones after trio's.
public struct Sender<Element: Sendable>: Sendable {
  @usableFromInline let handle: ChannelHandle<Element>

  @inlinable
  init(_ handle: ChannelHandle<Element>) { self.handle = handle }

  // MARK: Sending

  /// Sends an element if that needs no wait.
  ///
  /// - Returns: `false` when the channel is full, or, with capacity 0, when no receiver waits.
  /// - Throws: ``SendError``, with the reason ``SendError/Reason/closed`` or
  ///   ``SendError/Reason/disconnected``.
  /// - Complexity: O(1).
  @inlinable
  public func trySend(_ element: Element) throws(SendError<Element>) -> Bool {
    switch handle.trySend(element) {
    case .sent: return true
    case .full: return false
    case .closed: throw SendError(.closed, element)
    case .disconnected: throw SendError(.disconnected, element)
    }
  }

  /// Sends an element; suspends the task until there is room, or, with capacity 0, until it is received.
  ///
  /// - Throws: ``SendError`` with the element, when it was not sent.
  /// - Cancellation: the task leaves the queue and gets the element back, unless it was sent already.
  /// - Complexity: O(1).
  @inlinable
  public func send(
    _ element: Element, file: StaticString = #fileID, line: UInt = #line
  ) async throws(SendError<Element>) {
    if handle.trySend(element) == .sent { return }
    try await wait(element, until: nil, clock: MonotonicClock(), at: SourcePlace(file, line))
  }

  /// Sends an element; suspends the task until there is room, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - element: what is sent.
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Throws: ``SendError`` with the element, when it was not sent.
  /// - Cancellation: as for `send`.
  @inlinable
  public func send<C: DeadlineClock>(
    _ element: Element, timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID,
    line: UInt = #line
  ) async throws(SendError<Element>) {
    if handle.trySend(element) == .sent { return }
    let deadline = clock.now.advanced(by: timeout)
    try await wait(element, until: deadline, clock: clock, at: SourcePlace(file, line))
  }

  /// Sends an element; blocks the thread until there is room, or, with capacity 0, until it is received.
  ///
  /// - Throws: ``SendError`` with the element, when it was not sent.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable
  public func send(
    _ element: Element, file: StaticString = #fileID, line: UInt = #line
  ) throws(SendError<Element>) {
    if handle.trySendSoon(element) == .sent { return }
    try wait(element, until: nil, clock: MonotonicClock(), at: SourcePlace(file, line))
  }

  /// Sends an element; blocks the thread until there is room, or until `timeout` has passed.
  ///
  /// - Throws: ``SendError`` with the element, when it was not sent.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable
  public func send<C: DeadlineClock>(
    _ element: Element, timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID,
    line: UInt = #line
  ) throws(SendError<Element>) {
    if handle.trySendSoon(element) == .sent { return }
    let deadline = clock.now.advanced(by: timeout)
    try wait(element, until: deadline, clock: clock, at: SourcePlace(file, line))
  }

  @inlinable
  func wait<C: DeadlineClock>(
    _ element: Element, until deadline: C.Instant?, clock: C, at place: SourcePlace
  ) async throws(SendError<Element>) {
    try await handle.wait(for: element, until: deadline, clock: clock, at: place).outcome.orThrow(element)
  }

  @available(*, noasync)
  @inlinable
  func wait<C: DeadlineClock>(
    _ element: Element, until deadline: C.Instant?, clock: C, at place: SourcePlace
  ) throws(SendError<Element>) {
    try handle.wait(for: element, until: deadline, clock: clock, at: place).outcome.orThrow(element)
  }

  // MARK: Handles

  /// Opens another handle on the same channel.
  ///
  /// The channel counts it as a sender of its own, to be closed on its own: a producer that is given one ends
  /// its part by closing or dropping it. The clone of a closed handle is closed.
  @inlinable
  public func clone() -> Sender { Sender(handle.clone()) }

  /// Closes this handle, in all its copies. Closing it again changes nothing.
  ///
  /// Sends through it that wait, and later ones, end with ``SendError/Reason/closed``. When it was the last
  /// sender, receivers get what is buffered and then ``ReceiveError/disconnected``. Dropping the last copy
  /// does the same.
  ///
  /// - Complexity: O(waiters).
  @inlinable
  public func close() { handle.close() }

  // MARK: Looking

  /// How many elements are in the channel at this instant.
  public var count: Int { handle.count }

  /// How many threads and tasks wait at this instant, to send or to receive.
  public var waiterCount: Int { handle.waiterCount }

  /// The channel at this instant.
  ///
  /// - Complexity: O(waiters).
  public var statistics: ChannelStatistics { handle.statistics }
}

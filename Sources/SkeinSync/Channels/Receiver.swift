/// The end of a channel at which elements are received; made by
/// ``makeChannel(of:capacity:name:file:line:)``.
///
/// A receiver is a handle: copies of it share the handle, ``clone()`` opens another one. All receivers of a
/// channel compete: an element goes to one of them. Those who wait are served first in, first out, and an
/// element goes straight to the first of them: no newcomer can take it.
///
/// A receiver is an asynchronous sequence, which ends with the channel:
///
/// ```swift
/// for await page in receiver { index(page) }
/// ```
///
/// - Invariant: an element is received at most once; one that is not received stays in the channel, whoever
///   is cancelled or out of time.
/// - Source: ends, errors and disconnection after crossbeam's channels; handles and their clones after trio's.
public struct Receiver<Element: Sendable>: Sendable {
  @usableFromInline let handle: ChannelHandle<Element>

  @inlinable
  init(_ handle: ChannelHandle<Element>) { self.handle = handle }

  // MARK: Receiving

  /// Receives an element if that needs no wait.
  ///
  /// - Returns: `nil` when the channel is empty.
  /// - Throws: ``ReceiveError/closed``, or ``ReceiveError/disconnected`` once it will stay empty for ever.
  /// - Complexity: O(1).
  @inlinable
  public func tryReceive() throws(ReceiveError) -> Element? {
    switch handle.tryReceive() {
    case .received(let element): return element
    case .empty: return nil
    case .closed: throw .closed
    case .disconnected: throw .disconnected
    }
  }

  /// Receives an element; suspends the task until there is one.
  ///
  /// - Throws: ``ReceiveError/closed``, ``ReceiveError/disconnected`` or ``ReceiveError/cancelled``.
  /// - Cancellation: the task leaves the queue, and takes nothing. An element that was handed over in the same
  ///   instant is returned as usual.
  /// - Complexity: O(1).
  @inlinable
  public func receive(
    file: StaticString = #fileID, line: UInt = #line
  ) async throws(ReceiveError) -> Element {
    if case .received(let element) = handle.tryReceive() { return element }
    return try await wait(until: nil, clock: MonotonicClock(), at: SourcePlace(file, line))
  }

  /// Receives an element; suspends the task until there is one, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Throws: ``ReceiveError``.
  /// - Cancellation: as for `receive`.
  @inlinable
  public func receive<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) async throws(ReceiveError) -> Element {
    if case .received(let element) = handle.tryReceive() { return element }
    let deadline = clock.now.advanced(by: timeout)
    return try await wait(until: deadline, clock: clock, at: SourcePlace(file, line))
  }

  /// Receives an element; blocks the thread until there is one.
  ///
  /// - Throws: ``ReceiveError/closed`` or ``ReceiveError/disconnected``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable
  public func receive(
    file: StaticString = #fileID, line: UInt = #line
  ) throws(ReceiveError) -> Element {
    if case .received(let element) = handle.tryReceiveSoon() { return element }
    return try wait(until: nil, clock: MonotonicClock(), at: SourcePlace(file, line))
  }

  /// Receives an element; blocks the thread until there is one, or until `timeout` has passed.
  ///
  /// - Throws: ``ReceiveError/closed``, ``ReceiveError/disconnected`` or ``ReceiveError/timedOut``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable
  public func receive<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) throws(ReceiveError) -> Element {
    if case .received(let element) = handle.tryReceiveSoon() { return element }
    let deadline = clock.now.advanced(by: timeout)
    return try wait(until: deadline, clock: clock, at: SourcePlace(file, line))
  }

  @inlinable
  func wait<C: DeadlineClock>(
    until deadline: C.Instant?, clock: C, at place: SourcePlace
  ) async throws(ReceiveError) -> Element {
    let wait = await handle.wait(for: nil, until: deadline, clock: clock, at: place)
    try wait.outcome.orThrow()
    return wait.place.request.element.take()!
  }

  @available(*, noasync)
  @inlinable
  func wait<C: DeadlineClock>(
    until deadline: C.Instant?, clock: C, at place: SourcePlace
  ) throws(ReceiveError) -> Element {
    let wait = handle.wait(for: nil, until: deadline, clock: clock, at: place)
    try wait.outcome.orThrow()
    return wait.place.request.element.take()!
  }

  // MARK: Handles

  /// Opens another handle on the same channel.
  ///
  /// The channel counts it as a receiver of its own, to be closed on its own. The clone of a closed handle is
  /// closed.
  @inlinable
  public func clone() -> Receiver { Receiver(handle.clone()) }

  /// Closes this handle, in all its copies. Closing it again changes nothing.
  ///
  /// Receives through it that wait, and later ones, end with ``ReceiveError/closed``. When it was the last
  /// receiver, senders get their elements back with ``SendError/Reason/disconnected``, and what is buffered
  /// is dropped. Dropping the last copy does the same.
  ///
  /// - Complexity: O(waiters + buffered elements).
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

extension Receiver: AsyncSequence {
  /// Receives one element after another; iterators of one channel compete for them.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline let receiver: Receiver

    @inlinable
    init(_ receiver: Receiver) { self.receiver = receiver }

    /// Receives an element; suspends the task until there is one.
    ///
    /// - Returns: `nil` once the channel is empty and its last sender gone, the receiver is closed, or the
    ///   task is cancelled. What is in the channel stays there.
    @inlinable
    public func next() async -> Element? {
      guard !Task.isCancelled else { return nil }
      do { return try await receiver.receive() } catch { return nil }
    }

    /// Receives an element on behalf of an actor.
    @inlinable
    public func next(isolation actor: isolated (any Actor)?) async -> Element? {
      guard !Task.isCancelled else { return nil }
      do { return try await receiver.receive() } catch { return nil }
    }
  }

  /// An iterator that competes with all other receivers.
  @inlinable
  public func makeAsyncIterator() -> Iterator { Iterator(self) }
}

internal import FoundationEssentials
public import SkeinSync
internal import SkeinWork

/// A queue in the process of a ``SharedManager``: of any number of items, unless it has a capacity.
///
/// Items are taken in the order in which they were put, each by one, and who waits is served in the order of asking. An
/// item that the process which was to get it did not live to receive is there for the next one.
///
/// All operations throw ``ManagerError``, and `EncodingError` or `DecodingError` for what can not be encoded, or was put in
/// as something else.
///
/// - Source: behaviour after the queue of CPython's `multiprocessing.Manager`. ``SharedQueue`` is faster, and bounded.
public struct ManagedQueue<Element: Codable & Sendable>: ManagedObject {
  /// Which object of which manager it stands for.
  public let reference: ManagedReference

  private func request(_ operation: QueueOperation) -> ManagerRequest { .queue(reference.id, operation) }

  private func ask(_ operation: QueueOperation) throws -> ManagerReply {
    let reply = try reference.client.ask(request(operation))
    if case .closed = reply { throw WaitError.closed }
    return reply
  }

  private func wait<C: DeadlineClock>(
    _ operation: QueueOperation, until deadline: C.Instant?, clock: C
  ) async throws -> ManagerReply {
    reference.client.end(
      try await reference.client.wait(for: request(operation), until: deadline, clock: clock))
  }

  @available(*, noasync)
  private func wait(
    _ operation: QueueOperation, timeout: Duration?, at place: SourcePlace
  ) throws -> ManagerReply {
    reference.client.end(try reference.client.wait(for: request(operation), timeout: timeout, at: place))
  }

  // MARK: Putting

  /// Puts an item; suspends the task while there is no room.
  ///
  /// - Throws: `WaitError.closed`, `WaitError.cancelled`.
  /// - Cancellation: the item was not put.
  public func put(_ element: Element) async throws {
    _ = try await wait(
      .put(try messageCodec.encode(element)), until: MonotonicClock.Instant?.none, clock: MonotonicClock())
  }

  /// Puts an item; suspends the task while there is no room, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - element: the item.
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Throws: `WaitError.closed`, `WaitError.timedOut`, `WaitError.cancelled`.
  /// - Cancellation: the item was not put.
  public func put<C: DeadlineClock>(
    _ element: Element, timeout: Duration, clock: C = MonotonicClock()
  ) async throws {
    _ = try await wait(
      .put(try messageCodec.encode(element)), until: clock.now.advanced(by: timeout), clock: clock)
  }

  /// Puts an item; blocks the thread while there is no room, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - element: the item.
  ///   - timeout: how long to wait at the longest; zero or less only looks, and `nil` is without limit.
  /// - Throws: `WaitError.closed`, `WaitError.timedOut`.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func put(
    _ element: Element, timeout: Duration? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws {
    _ = try wait(.put(try messageCodec.encode(element)), timeout: timeout, at: SourcePlace(file, line))
  }

  /// Puts an item if there is room at this instant.
  ///
  /// - Returns: whether there was.
  /// - Throws: `WaitError.closed`.
  public func tryPut(_ element: Element) throws -> Bool {
    try ask(.tryPut(try messageCodec.encode(element))).outcome()
  }

  // MARK: Taking

  /// Takes the oldest item; suspends the task while there is none.
  ///
  /// - Throws: `WaitError.closed` when there will never be one; `WaitError.cancelled`.
  /// - Cancellation: nothing was taken.
  public func get() async throws -> Element {
    try await wait(.get, until: MonotonicClock.Instant?.none, clock: MonotonicClock()).decodePresent(
      Element.self)
  }

  /// Takes the oldest item; suspends the task while there is none, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Throws: `WaitError.closed` when there will never be one; `WaitError.timedOut`, `WaitError.cancelled`.
  /// - Cancellation: nothing was taken.
  public func get<C: DeadlineClock>(timeout: Duration, clock: C = MonotonicClock()) async throws -> Element {
    try await wait(.get, until: clock.now.advanced(by: timeout), clock: clock).decodePresent(Element.self)
  }

  /// Takes the oldest item; blocks the thread while there is none, or until `timeout` has passed.
  ///
  /// - Parameter timeout: how long to wait at the longest; zero or less only looks, and `nil` is without limit.
  /// - Throws: `WaitError.closed` when there will never be one; `WaitError.timedOut`.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func get(
    timeout: Duration? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Element {
    try wait(.get, timeout: timeout, at: SourcePlace(file, line)).decodePresent(Element.self)
  }

  /// Takes the oldest item if there is one at this instant; `nil` when there is none.
  ///
  /// - Throws: `WaitError.closed` when there will never be one.
  public func tryGet() throws -> Element? { try ask(.tryGet).decode(Element.self) }

  /// How many items are in it at this instant.
  public func count() throws -> Int { try ask(.count).number() }

  /// Takes nothing any more: who puts gets `WaitError.closed`, and who takes does once the queue is empty.
  public func close() throws { _ = try ask(.close) }
}

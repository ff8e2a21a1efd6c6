/// Elements that threads and tasks hand over, each from its own instant on: the one that was due first,
/// first.
///
/// A get waits until an element is due, though others may be held. One that is put while somebody waits, and
/// is due earlier, is served earlier. A queue that drains gives its elements out when they are due.
///
/// ```swift
/// let queue = DelayQueue<String>()
/// try await queue.put("later", after: .seconds(5))
/// try await queue.put("sooner", after: .seconds(1))
/// let first = try await queue.get().element
/// ```
///
/// See ``OrderedQueue`` for everything that it can do.
public final class DelayQueue<Value: Sendable, TimeSource: DeadlineClock>:
  OrderedQueue<DelayOrder<Value, TimeSource>>, @unchecked Sendable
{
  // Sendable as its base class is; the clock is a constant.
  @usableFromInline let clock: TimeSource

  /// Creates an empty queue.
  ///
  /// - Parameters:
  ///   - clock: what tells when an element is due.
  ///   - capacity: how many elements it holds at the most, due or not; `nil` means no limit.
  ///   - name: what traps and diagnosis call it.
  /// - Precondition: `capacity` is positive.
  @inlinable
  public init(
    clock: TimeSource, capacity: Int? = nil, name: String? = nil, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    self.clock = clock
    let identity = ObjectIdentity("DelayQueue", name: name, place: SourcePlace(file, line))
    super.init(DelayOrder(clock: clock), capacity: capacity, identity: identity)
  }

  /// Puts a value in that is due after a while; suspends the task while the queue is full.
  ///
  /// - Parameters:
  ///   - value: what to put.
  ///   - delay: how long from now on it is not given out; zero or less means it is due at once.
  /// - Throws: ``WaitError``; the value was then not taken.
  /// - Cancellation: a task that waits leaves the queue, and the value stays with the caller.
  @inlinable
  public func put(
    _ value: Value, after delay: Duration, file: StaticString = #fileID, line: UInt = #line
  ) async throws(WaitError) {
    try await put(Delayed(value, due: clock.now.advanced(by: delay)), file: file, line: line)
  }

  /// Puts a value in that is due after a while; blocks the thread while the queue is full.
  ///
  /// - Throws: ``WaitError/closed`` once the queue is shut down; the value was then not taken.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable
  public func put(
    _ value: Value, after delay: Duration, file: StaticString = #fileID, line: UInt = #line
  ) throws(WaitError) {
    try put(Delayed(value, due: clock.now.advanced(by: delay)), file: file, line: line)
  }
}

extension DelayQueue where TimeSource == MonotonicClock {
  /// Creates an empty queue on the system's monotonic clock.
  ///
  /// - Precondition: `capacity` is positive.
  @inlinable
  public convenience init(
    capacity: Int? = nil, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(clock: MonotonicClock(), capacity: capacity, name: name, file: file, line: line)
  }
}

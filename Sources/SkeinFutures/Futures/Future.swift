public import SkeinSync

/// One result that comes later, a value or an error; threads block for it, tasks await it.
///
/// ```swift
/// let future = try pool.submit { try parse(file) }
/// let pages = future.map { $0.pages.count }
/// print(try await pages.value)
/// ```
///
/// Pools give out futures for what is submitted; a ``Promise`` is the other end of one that is completed by hand.
///
/// - Invariant: the result never changes, and everybody gets it.
/// - Source: behaviour after CPython's `concurrent.futures.Future`; composition after Scala's futures.
public class Future<Value: Sendable>: AnyFuture, @unchecked Sendable {
  // Sendable because `stored` is written by the one who has claimed the completion, before it is published, and read
  // after that.
  @exclusivity(unchecked) @usableFromInline final var stored = StoredResult<Value>.none

  @usableFromInline
  override package init(place: SourcePlace, poolID: UInt32) { super.init(place: place, poolID: poolID) }

  /// Creates a future that has its result.
  public convenience init(
    _ result: Result<Value, any Error>, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(place: SourcePlace(file, line), poolID: 0)
    _ = complete(with: result)
  }

  // MARK: The result

  /// The result, if there is one at this instant; `nil` as long as there is none.
  @inlinable public final var currentResult: Result<Value, any Error>? {
    switch state {
    case .finished: stored.result
    case .cancelled: .failure(FutureError.cancelled)
    case .pending, .running: nil
    }
  }

  @usableFromInline
  final override var failure: (any Error)? {
    if case .failure(let error)? = currentResult { error } else { nil }
  }

  /// The value, which the task awaits.
  ///
  /// - Throws: the error that the future has instead; ``FutureError/cancelled``; `WaitError.cancelled` when the task
  ///   is cancelled.
  /// - Cancellation: the task stops waiting; the future goes on. To cancel both, cancel the future.
  public final var value: Value {
    get async throws { try await result() }
  }

  /// Suspends the task until the future is done.
  ///
  /// - Returns: the value.
  /// - Throws: the error that the future has instead; ``FutureError/cancelled``; `WaitError.cancelled` when the task
  ///   is cancelled.
  /// - Cancellation: the task stops waiting; the future goes on.
  @discardableResult
  @inlinable
  public final func result(file: StaticString = #fileID, line: UInt = #line) async throws -> Value {
    if !isDone { try await wait(until: nil, clock: MonotonicClock(), at: SourcePlace(file, line)) }
    return try currentResult!.get()
  }

  /// Suspends the task until the future is done, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Returns: the value.
  /// - Throws: `WaitError.timedOut`, and the future goes on; else as `result(file:line:)`.
  /// - Cancellation: the task stops waiting; the future goes on.
  @discardableResult
  @inlinable
  public final func result<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) async throws -> Value {
    try await wait(until: clock.now.advanced(by: timeout), clock: clock, at: SourcePlace(file, line))
    return try currentResult!.get()
  }

  /// Blocks the thread until the future is done.
  ///
  /// - Returns: the value.
  /// - Throws: the error that the future has instead; ``FutureError/cancelled``;
  ///   ``FutureError/wouldStarve(pool:workers:)`` when the caller is a worker of the pool that is to do the work, and
  ///   all other ones wait as well.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @discardableResult
  @inlinable
  public final func result(file: StaticString = #fileID, line: UInt = #line) throws -> Value {
    if !isDone { try wait(until: nil, clock: MonotonicClock(), at: SourcePlace(file, line)) }
    return try currentResult!.get()
  }

  /// Blocks the thread until the future is done, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Returns: the value.
  /// - Throws: `WaitError.timedOut`, and the future goes on; else the error that the future has instead.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @discardableResult
  @inlinable
  public final func result<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) throws -> Value {
    try wait(until: clock.now.advanced(by: timeout), clock: clock, at: SourcePlace(file, line))
    return try currentResult!.get()
  }

  /// Has `body` called with the result once there is one: on the thread that completes the future, or at once if it
  /// is done.
  ///
  /// - Parameter body: gets the value or the error. One that throws disturbs nobody: its error goes to
  ///   `UncaughtError.setHandler(_:)`.
  public final func onResult(_ body: @escaping @Sendable (Result<Value, any Error>) throws -> Void) {
    onDone { try body(unsafeDowncast($0, to: Future.self).currentResult!) }
  }

  // MARK: Completing

  /// Gives the future its result, unless it has one or was cancelled.
  @inlinable
  final func complete(with result: Result<Value, any Error>) -> Bool {
    guard claim() else { return false }
    stored = StoredResult(result)
    publish()
    return true
  }
}

/// What a future keeps of its result.
///
/// One type with one parameter, where an optional `Result` would be two: the end of a future has to look its metadata up
/// at run time, which for two takes half as long as all the rest.
@usableFromInline
enum StoredResult<Value: Sendable>: Sendable {
  case none
  case value(Value)
  case failure(any Error)

  @inlinable
  init(_ result: Result<Value, any Error>) {
    switch result {
    case .success(let value): self = .value(value)
    case .failure(let error): self = .failure(error)
    }
  }

  @inlinable var result: Result<Value, any Error>? {
    switch self {
    case .none: nil
    case .value(let value): .success(value)
    case .failure(let error): .failure(error)
    }
  }
}

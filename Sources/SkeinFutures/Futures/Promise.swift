internal import SkeinSync

/// The end of a future that gives it its result.
///
/// ```swift
/// let promise = Promise<Int>()
/// legacy.load { number in promise.tryComplete(with: .success(number)) }
/// return promise.future
/// ```
///
/// A promise that goes without having been kept fails its future with ``FutureError/promiseDropped``: nobody waits
/// for ever.
public final class Promise<Value: Sendable>: Sendable {
  /// The future that this promise completes.
  public let future: Future<Value>

  /// Creates a promise, and its future.
  public init(file: StaticString = #fileID, line: UInt = #line) {
    future = Future(place: SourcePlace(file, line), poolID: 0)
  }

  deinit { _ = future.complete(with: .failure(FutureError.promiseDropped)) }

  /// Tells that the work begins: from now on the future can not be cancelled.
  ///
  /// - Returns: whether to do the work; `false` when the future was cancelled.
  /// - Throws: ``FutureError/alreadyCompleted`` when it runs or is done.
  public func begin() throws(FutureError) -> Bool {
    if future.begin() { return true }
    if future.isCancelled { return false }
    throw .alreadyCompleted
  }

  /// Gives the future its value.
  ///
  /// - Throws: ``FutureError/alreadyCompleted`` when it has a result or was cancelled.
  public func succeed(_ value: Value) throws(FutureError) { try complete(with: .success(value)) }

  /// Gives the future an error.
  ///
  /// - Throws: ``FutureError/alreadyCompleted`` when it has a result or was cancelled.
  public func fail(_ error: any Error) throws(FutureError) { try complete(with: .failure(error)) }

  /// Gives the future its result.
  ///
  /// - Throws: ``FutureError/alreadyCompleted`` when it has a result or was cancelled.
  public func complete(with result: Result<Value, any Error>) throws(FutureError) {
    guard future.complete(with: result) else { throw .alreadyCompleted }
  }

  /// Gives the future its result, if it has none: for several who race to.
  ///
  /// - Returns: whether the future took it; `false` when it has a result or was cancelled.
  @discardableResult
  public func tryComplete(with result: Result<Value, any Error>) -> Bool { future.complete(with: result) }
}

extension Promise where Value == Void {
  /// Gives the future its result.
  ///
  /// - Throws: ``FutureError/alreadyCompleted`` when it has a result or was cancelled.
  public func succeed() throws(FutureError) { try complete(with: .success(())) }
}

/// A value that several processes read and change, guarded by a ``SharedLock`` of its own.
///
/// ```swift
/// let best = try SharedValue(0.0)
/// try best.withLock { $0 = max($0, score) }
/// ```
///
/// The value is plain bytes: no references, no pointers. A process that dies while it changes the value leaves it
/// half changed; ``SharedLock/ownerDeathCount`` of ``lock`` tells of that.
///
/// - Source: behaviour after CPython's `multiprocessing.Value`.
public final class SharedValue<Value: BitwiseCopyable & Sendable>: Sendable, Codable {
  private let array: SharedArray<Value>

  /// Makes a shared value.
  ///
  /// - Throws: ``SharedMemoryError`` when the system has no memory or no descriptor left.
  public init(_ value: Value) throws(SharedMemoryError) {
    array = try SharedArray(repeating: value, count: 1, kind: .value)
  }

  /// The lock that guards the value.
  public var lock: SharedLock { array.lock }

  /// Runs `body` with exclusive access to the value; blocks the thread until it can have it.
  ///
  /// - Throws: what `body` throws.
  /// - Precondition: the calling thread does not have the lock already.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @_disfavoredOverload
  public func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try array.withLock { try body(&$0[0]) }
  }

  /// Runs `body` with exclusive access to the value; suspends the task until it can have it.
  ///
  /// - Throws: `WaitError.cancelled`, else what `body` throws.
  /// - Cancellation: a waiting task gives up.
  public func withLock<Result>(_ body: (inout Value) throws -> Result) async throws -> Result {
    try await array.withLock { try body(&$0[0]) }
  }

  /// A copy of the value; the thread waits for the lock.
  @available(*, noasync, message: "this blocks the thread; await withLock instead")
  public var value: Value {
    get { withLock { $0 } }
    set { withLock { $0 = newValue } }
  }

  /// Takes the value that came with a message.
  ///
  /// - Throws: ``SharedMemoryError`` when something else came.
  public init(from decoder: any Decoder) throws { array = try SharedArray(from: decoder, kind: .value) }

  /// Puts the value beside the message that is being encoded.
  public func encode(to encoder: any Encoder) throws { try array.encode(to: encoder) }
}

/// Elements that threads and tasks hand over, first in, first out.
///
/// ```swift
/// let queue = Queue<Int>(capacity: 64)
/// Task { for number in 1...100 { try await queue.put(number) } }
/// let first = try await queue.get()
/// ```
///
/// See ``OrderedQueue`` for everything that it can do.
public final class Queue<Element: Sendable>: OrderedQueue<FIFOOrder<Element>>, @unchecked Sendable {
  // Sendable as its base class is; it adds no state.

  /// Creates an empty queue.
  ///
  /// - Parameters:
  ///   - capacity: how many elements it holds at the most; `nil` means no limit.
  ///   - name: what traps and diagnosis call it.
  /// - Precondition: `capacity` is positive.
  @inlinable
  public init(
    capacity: Int? = nil, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    let identity = ObjectIdentity("Queue", name: name, place: SourcePlace(file, line))
    super.init(FIFOOrder(), capacity: capacity, identity: identity)
  }
}

/// Elements that threads and tasks hand over, last in, first out.
///
/// See ``OrderedQueue`` for everything that it can do.
public final class LIFOQueue<Element: Sendable>: OrderedQueue<LIFOOrder<Element>>, @unchecked Sendable {
  // Sendable as its base class is; it adds no state.

  /// Creates an empty queue.
  ///
  /// - Parameters:
  ///   - capacity: how many elements it holds at the most; `nil` means no limit.
  ///   - name: what traps and diagnosis call it.
  /// - Precondition: `capacity` is positive.
  @inlinable
  public init(
    capacity: Int? = nil, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    let identity = ObjectIdentity("LIFOQueue", name: name, place: SourcePlace(file, line))
    super.init(LIFOOrder(), capacity: capacity, identity: identity)
  }
}

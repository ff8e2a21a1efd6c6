/// Elements that threads and tasks hand over, the one that precedes all others first; equal ones in the order
/// in which they came.
///
/// ```swift
/// let queue = PriorityQueue<Job>(by: { $0.urgency > $1.urgency })
/// ```
///
/// See ``OrderedQueue`` for everything that it can do.
public final class PriorityQueue<Element: Sendable>: OrderedQueue<PriorityOrder<Element>>,
  @unchecked Sendable
{
  // Sendable as its base class is; it adds no state.

  /// Creates an empty queue with an order of its own.
  ///
  /// - Parameters:
  ///   - precedes: whether the first element comes out before the second one: a strict weak ordering, called
  ///     under the queue's lock, so that it must not use the queue.
  ///   - capacity: how many elements it holds at the most; `nil` means no limit.
  ///   - name: what traps and diagnosis call it.
  /// - Precondition: `capacity` is positive.
  @inlinable
  public init(
    by precedes: @escaping @Sendable (Element, Element) -> Bool, capacity: Int? = nil,
    name: String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    let identity = ObjectIdentity("PriorityQueue", name: name, place: SourcePlace(file, line))
    super.init(PriorityOrder(by: precedes), capacity: capacity, identity: identity)
  }
}

extension PriorityQueue where Element: Comparable {
  /// Creates an empty queue that gives out the smallest element first.
  ///
  /// - Precondition: `capacity` is positive.
  @inlinable
  public convenience init(
    capacity: Int? = nil, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(by: { $0 < $1 }, capacity: capacity, name: name, file: file, line: line)
  }
}

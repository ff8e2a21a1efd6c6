public import HeapModule

/// The smallest first, and of equal ones the oldest.
public struct PriorityOrder<Element: Sendable>: QueueDiscipline {
  @usableFromInline
  struct Entry: Comparable, Sendable {
    @usableFromInline let element: Element
    @usableFromInline let number: UInt64
    @usableFromInline let precedes: @Sendable (Element, Element) -> Bool

    @inlinable
    init(element: Element, number: UInt64, precedes: @escaping @Sendable (Element, Element) -> Bool) {
      self.element = element
      self.number = number
      self.precedes = precedes
    }

    @inlinable
    static func < (left: Entry, right: Entry) -> Bool {
      if left.precedes(left.element, right.element) { return true }
      if left.precedes(right.element, left.element) { return false }
      return left.number < right.number
    }

    @inlinable
    static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }
  }

  @usableFromInline var entries = Heap<Entry>()
  @usableFromInline var nextNumber: UInt64 = 0
  @usableFromInline let precedes: @Sendable (Element, Element) -> Bool

  /// Creates an order that holds nothing.
  ///
  /// - Parameter precedes: whether the first element comes out before the second one; a strict weak ordering.
  @inlinable
  public init(by precedes: @escaping @Sendable (Element, Element) -> Bool) {
    self.precedes = precedes
  }

  /// How many elements are held.
  @inlinable public var count: Int { entries.count }

  /// Takes an element in. O(log n).
  @inlinable
  public mutating func insert(_ element: Element) {
    entries.insert(Entry(element: element, number: nextNumber, precedes: precedes))
    nextNumber += 1
  }

  /// Takes out the element that precedes all others. O(log n).
  @inlinable public mutating func next() -> Element { entries.removeMin().element }

  /// Takes out everything.
  @inlinable
  public mutating func removeAll() -> [Element] {
    defer { entries = Heap() }
    return entries.unordered.map(\.element)
  }
}

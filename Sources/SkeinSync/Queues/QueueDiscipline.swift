public import DequeModule

/// In which order a queue gives out what it holds: the policy under ``Queue``, ``LIFOQueue``,
/// ``PriorityQueue`` and ``DelayQueue``.
///
/// A queue calls it under its lock, so that it is plain data and needs no synchronisation.
public protocol QueueDiscipline<Element>: Sendable {
  /// What is queued.
  associatedtype Element: Sendable

  /// How many elements are held.
  var count: Int { get }

  /// Whether ``next()`` would give an element at this instant.
  var isReady: Bool { get }

  /// Takes an element in.
  mutating func insert(_ element: Element)

  /// Takes out the element whose turn it is.
  ///
  /// - Precondition: ``isReady`` is true.
  mutating func next() -> Element

  /// Takes out everything, in no particular order, whether its time has come or not.
  mutating func removeAll() -> [Element]

  /// Whether an element can become ready by the passing of time alone.
  static var isTimed: Bool { get }

  /// How to be told when the first element is ready; `nil` when no element is held, or time changes nothing.
  ///
  /// The answer is called under no lock.
  func alarm() -> QueueAlarm?
}

/// Schedules an action for the instant at which an element is ready.
public typealias QueueAlarm = @Sendable (_ action: @escaping @Sendable () -> Void) -> ScheduledAction

extension QueueDiscipline {
  /// An element is ready as soon as there is one.
  @inlinable public var isReady: Bool { count > 0 }

  /// Time changes nothing.
  @inlinable public static var isTimed: Bool { false }

  /// Nothing comes with time.
  @inlinable public func alarm() -> QueueAlarm? { nil }
}

/// First in, first out.
public struct FIFOOrder<Element: Sendable>: QueueDiscipline {
  @usableFromInline var elements = Deque<Element>()

  /// Creates an order that holds nothing.
  @inlinable
  public init() {}

  /// How many elements are held.
  @inlinable public var count: Int { elements.count }

  /// Takes an element in, behind all others. O(1) amortised.
  @inlinable public mutating func insert(_ element: Element) { elements.append(element) }

  /// Takes out the oldest element. O(1).
  @inlinable public mutating func next() -> Element { elements.removeFirst() }

  /// Takes out everything.
  @inlinable
  public mutating func removeAll() -> [Element] {
    defer { elements.removeAll() }
    // An array of an empty deque would write to the memory that all empty arrays share, which ThreadSanitizer minds.
    return elements.map(\.self)
  }
}

/// Last in, first out.
public struct LIFOOrder<Element: Sendable>: QueueDiscipline {
  @usableFromInline var elements: [Element] = []

  /// Creates an order that holds nothing.
  @inlinable
  public init() {}

  /// How many elements are held.
  @inlinable public var count: Int { elements.count }

  /// Takes an element in, before all others. O(1) amortised.
  @inlinable public mutating func insert(_ element: Element) { elements.append(element) }

  /// Takes out the youngest element. O(1).
  @inlinable public mutating func next() -> Element { elements.removeLast() }

  /// Takes out everything.
  @inlinable
  public mutating func removeAll() -> [Element] {
    defer { elements.removeAll() }
    return elements
  }
}

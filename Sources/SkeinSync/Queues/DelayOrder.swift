public import HeapModule

/// An element and the instant from which on a ``DelayQueue`` gives it out.
public struct Delayed<Element: Sendable, Instant: InstantProtocol>: Sendable {
  /// What is queued.
  public var element: Element
  /// When its time has come.
  public var due: Instant

  /// Pairs an element with its time.
  @inlinable
  public init(_ element: Element, due: Instant) {
    self.element = element
    self.due = due
  }
}

/// The one that is due first, first, and none before its time; of equal ones the oldest.
public struct DelayOrder<Value: Sendable, TimeSource: DeadlineClock>: QueueDiscipline {
  /// What is queued: a value with its time.
  public typealias Element = Delayed<Value, TimeSource.Instant>

  @usableFromInline var elements: PriorityOrder<Element>
  @usableFromInline let clock: TimeSource

  /// Creates an order that holds nothing.
  @inlinable
  public init(clock: TimeSource) {
    self.clock = clock
    elements = PriorityOrder { $0.due < $1.due }
  }

  /// How many elements are held, those that are not due yet included.
  @inlinable public var count: Int { elements.count }

  /// Whether an element is due.
  @inlinable
  public var isReady: Bool {
    guard let first = elements.entries.min else { return false }
    return first.element.due <= clock.now
  }

  /// Takes an element in. O(log n).
  @inlinable public mutating func insert(_ element: Element) { elements.insert(element) }

  /// Takes out the element that was due first. O(log n).
  @inlinable public mutating func next() -> Element { elements.next() }

  /// Takes out everything, due or not.
  @inlinable public mutating func removeAll() -> [Element] { elements.removeAll() }

  /// Elements become due as time passes.
  @inlinable public static var isTimed: Bool { true }

  /// Schedules an action for the instant at which the first element is due.
  @inlinable
  public func alarm() -> QueueAlarm? {
    guard let due = elements.entries.min?.element.due else { return nil }
    return { [clock] action in clock.schedule(at: due, action) }
  }
}

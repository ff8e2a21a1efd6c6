/// What a queue holds and counts, and whom it serves: the deciding half of ``OrderedQueue``.
///
/// | phase | put | get |
/// |---|---|---|
/// | open | waits while full | waits while nothing is ready |
/// | draining | is refused | until nothing is held, then is refused |
/// | ended | is refused | is refused |
///
/// - Invariant: `held.count <= capacity`; `unfinished` counts what was taken in and is not done.
@usableFromInline
struct QueueState<Order: QueueDiscipline>: Sendable {
  @usableFromInline typealias Guarded = WaitPoint<QueueState, QueueRequest<Order.Element>>.Guarded
  @usableFromInline typealias Place = WaitQueue<QueueRequest<Order.Element>>.Place

  @usableFromInline
  enum Phase: Sendable {
    case open
    case draining
    case ended
  }

  @usableFromInline var held: Order
  @usableFromInline let capacity: Int
  @usableFromInline var phase = Phase.open
  @usableFromInline var unfinished = 0
  @usableFromInline var statistics = QueueStatistics()
  /// Whether waiters of several kinds may stand in the queue: then the first is not the only one to look at.
  @usableFromInline var isMixed = false
  /// Serves the getters when the first element's time has come.
  @usableFromInline var alarm: ScheduledAction?
  /// Moves on whenever somebody looks when the alarm has to be.
  @usableFromInline var alarmNumber = 0

  @inlinable
  init(_ order: Order, capacity: Int) {
    held = order
    self.capacity = capacity
  }

  /// Whether a request can be granted to whom nobody precedes.
  @inlinable
  func grants(_ kind: QueueRequest<Order.Element>.Kind) -> Bool {
    switch kind {
    case .put: phase == .open && held.count < capacity
    case .get: held.isReady
    case .join: unfinished == 0
    }
  }

  /// Whether a request can not be granted any more.
  @inlinable
  func refuses(_ kind: QueueRequest<Order.Element>.Kind) -> Bool {
    switch kind {
    case .put: phase != .open
    case .get: phase != .open && held.count == 0
    case .join: false
    }
  }

  @inlinable
  mutating func insert(_ element: Order.Element) {
    held.insert(element)
    unfinished += 1
    statistics.put += 1
    if held.count > statistics.peak { statistics.peak = held.count }
  }

  @inlinable
  mutating func next() -> Order.Element {
    statistics.got += 1
    return held.next()
  }

  /// Does what was granted.
  @inlinable
  mutating func perform(_ request: inout QueueRequest<Order.Element>) {
    switch request.kind {
    case .put: insert(request.element.take()!)
    case .get: request.element = next()
    case .join: return
    }
  }

  /// Shuts down. Returns what is dropped, to be let go under no lock.
  mutating func shutDown(_ mode: QueueShutdown) -> [Order.Element] {
    switch mode {
    case .drain:
      if phase == .open { phase = .draining }
      return []
    case .immediate:
      phase = .ended
      let dropped = held.removeAll()
      statistics.dropped += dropped.count
      unfinished -= dropped.count
      return dropped
    }
  }
}

/// What somebody wants of a queue.
@usableFromInline
struct QueueRequest<Element: Sendable>: Sendable {
  @usableFromInline
  enum Kind: Sendable {
    case put
    case get
    case join
  }

  @usableFromInline let kind: Kind
  /// What is to be put, or what was got.
  @usableFromInline var element: Element?
  /// Whether the queue was shut down before the request came.
  @usableFromInline var isRefused = false

  @inlinable
  init(_ kind: Kind, element: Element? = nil) {
    self.kind = kind
    self.element = element
  }
}

internal import DequeModule
internal import FoundationEssentials

/// The sessions at a lock: who has it, and who comes next, in the order of asking.
struct LockLine: Sendable {
  private(set) var owner: ManagerState.Session?
  var waiters: Deque<ManagerState.Session> = []
  /// Whether the last owner died with it.
  private var isDamaged = false

  /// Takes the lock, if it is free.
  ///
  /// - Returns: whether its last owner died with it; `nil` when it is not free.
  mutating func take(for session: ManagerState.Session) -> Bool? {
    guard owner == nil else { return nil }
    owner = session
    defer { isDamaged = false }
    return isDamaged
  }

  /// Takes the lock from its owner, and gives it to the next, if there is one.
  mutating func pass(ownerDied: Bool) -> (next: ManagerState.Session, ownerDied: Bool)? {
    owner = nil
    if ownerDied { isDamaged = true }
    guard let next = waiters.popFirst() else { return nil }
    return (next, take(for: next)!)
  }
}

/// The items of a queue, who waits for one, and who waits for room.
///
/// - Invariant: nobody waits for an item while there is one, nor for room while there is some.
struct ItemLine: Sendable {
  typealias Session = ManagerState.Session
  typealias Delivery = ManagerState.Delivery

  /// What comes of a request.
  struct Step {
    var deliveries: [Delivery] = []
    /// Whether the session that asked waits from now on.
    var isWaiting = false
  }

  let capacity: Int?
  private var items: Deque<Data> = []
  private var isClosed = false
  private var getters: Deque<Session> = []
  private var putters: Deque<(session: Session, item: Data)> = []

  init(capacity: Int?) { self.capacity = capacity }

  var waiters: [Session] { getters + putters.map(\.session) }

  mutating func perform(_ operation: QueueOperation, from session: Session) -> Step {
    switch operation {
    case .put(let item): put(item, from: session, waits: true)
    case .tryPut(let item): put(item, from: session, waits: false)
    case .get: get(for: session, waits: true)
    case .tryGet: get(for: session, waits: false)
    case .close: close(for: session)
    case .count: Step(deliveries: [Delivery(session: session, reply: .number(items.count))])
    }
  }

  private mutating func put(_ item: Data, from session: Session, waits: Bool) -> Step {
    let isPut = Delivery(session: session, reply: .outcome(true))
    if isClosed { return Step(deliveries: [Delivery(session: session, reply: .closed)]) }
    if let getter = getters.popFirst() {
      return Step(deliveries: [isPut, Delivery(session: getter, reply: .value(item))])
    }
    if items.count < capacity ?? .max {
      items.append(item)
      return Step(deliveries: [isPut])
    }
    guard waits else { return Step(deliveries: [Delivery(session: session, reply: .outcome(false))]) }
    putters.append((session, item))
    return Step(isWaiting: true)
  }

  private mutating func get(for session: Session, waits: Bool) -> Step {
    if let item = items.popFirst() {
      return Step(deliveries: [Delivery(session: session, reply: .value(item))] + admit())
    }
    if isClosed { return Step(deliveries: [Delivery(session: session, reply: .closed)]) }
    guard waits else { return Step(deliveries: [Delivery(session: session, reply: .value(nil))]) }
    getters.append(session)
    return Step(isWaiting: true)
  }

  /// Lets the first who waits for room put its item, if there is some.
  private mutating func admit() -> [Delivery] {
    guard items.count < capacity ?? .max, let (session, item) = putters.popFirst() else { return [] }
    items.append(item)
    return [Delivery(session: session, reply: .outcome(true))]
  }

  private mutating func close(for session: Session) -> Step {
    isClosed = true
    defer { (getters, putters) = ([], []) }
    return Step(
      deliveries: [Delivery(session: session, reply: .done)]
        + waiters.map { Delivery(session: $0, reply: .closed) })
  }

  /// Takes an item back that nobody got.
  mutating func restore(_ item: Data) -> [Delivery] {
    if let getter = getters.popFirst() { return [Delivery(session: getter, reply: .value(item))] }
    items.prepend(item)
    return []
  }

  mutating func stopWaiting(_ session: Session) {
    getters.removeAll { $0 == session }
    putters.removeAll { $0.session == session }
  }
}

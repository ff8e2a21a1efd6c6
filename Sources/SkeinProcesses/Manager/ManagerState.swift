internal import DequeModule
internal import FoundationEssentials

/// What a manager holds, and who waits for it: it decides what is answered to whom, and does nothing else.
///
/// Values are bytes here; what they mean is the business of those who put them in. A session is one connection of a
/// client: it asks for one thing at a time, and owns what it got until it ends.
///
/// - Invariant: a session waits for one object at the most, and holds one lock at the most; both end with it.
struct ManagerState: Sendable {
  typealias Session = UInt64

  /// An answer on its way.
  struct Delivery: Sendable, Hashable {
    var session: Session
    var reply: ManagerReply
    /// The queue whose item it brings: back to there if nobody gets it.
    var source: ManagedID?
  }

  private var lastNumber: UInt64 = 0
  private var dictionaries: [ManagedID: [Data: Data]] = [:]
  private var lists: [ManagedID: Deque<Data>] = [:]
  private var counters: [ManagedID: Int] = [:]
  private var locks: [ManagedID: LockLine] = [:]
  private var queues: [ManagedID: ItemLine] = [:]
  /// Which lock or queue a session waits for.
  private var waits: [Session: ManagedID] = [:]
  /// Which lock a session has.
  private var holds: [Session: ManagedID] = [:]

  // MARK: Requests

  /// Does what a session asks for.
  ///
  /// - Returns: the answers that are due now, to this session and to others.
  mutating func perform(_ request: ManagerRequest, from session: Session) -> [Delivery] {
    switch request {
    case .makeDictionary: answer(session, .made(make { $0.dictionaries[$1] = [:] }))
    case .makeList: answer(session, .made(make { $0.lists[$1] = [] }))
    case .makeCounter(let value): answer(session, .made(make { $0.counters[$1] = value }))
    case .makeLock: answer(session, .made(make { $0.locks[$1] = LockLine() }))
    case .makeQueue(let capacity):
      if let capacity, capacity < 1 {
        answer(session, .failed(.invalidCapacity(capacity)))
      } else {
        answer(session, .made(make { $0.queues[$1] = ItemLine(capacity: capacity) }))
      }
    case .remove(let id): remove(id, for: session)
    case .dictionary(let id, let operation): answer(session, perform(operation, on: id))
    case .list(let id, let operation): answer(session, perform(operation, on: id))
    case .counter(let id, let operation): answer(session, perform(operation, on: id))
    case .lock(let id, let operation): perform(operation, onLock: id, from: session)
    case .queue(let id, let operation): perform(operation, onQueue: id, from: session)
    case .giveUp: giveUp(session)
    }
  }

  private func answer(_ session: Session, _ reply: ManagerReply) -> [Delivery] {
    [Delivery(session: session, reply: reply)]
  }

  private mutating func make(_ store: (inout Self, ManagedID) -> Void) -> ManagedID {
    lastNumber += 1
    let id = ManagedID(number: lastNumber)
    store(&self, id)
    return id
  }

  /// Who waits for the object learns that it has gone.
  private mutating func remove(_ id: ManagedID, for session: Session) -> [Delivery] {
    let waiters = (locks[id]?.waiters).map { $0.map(\.self) } ?? queues[id]?.waiters ?? []
    if let owner = locks[id]?.owner { holds[owner] = nil }
    // Numbers are not used twice: it is one of these at the most.
    let isKnown =
      dictionaries.removeValue(forKey: id) != nil || lists.removeValue(forKey: id) != nil
      || counters.removeValue(forKey: id) != nil || locks.removeValue(forKey: id) != nil
      || queues.removeValue(forKey: id) != nil
    for waiter in waiters { waits[waiter] = nil }
    return answer(session, isKnown ? .done : .failed(.noSuchObject))
      + waiters.map { Delivery(session: $0, reply: .failed(.noSuchObject)) }
  }

  // MARK: Values

  private mutating func perform(_ operation: DictionaryOperation, on id: ManagedID) -> ManagerReply {
    dictionaries[id]?.perform(operation) ?? .failed(.noSuchObject)
  }

  private mutating func perform(_ operation: ListOperation, on id: ManagedID) -> ManagerReply {
    lists[id]?.perform(operation) ?? .failed(.noSuchObject)
  }

  private mutating func perform(_ operation: CounterOperation, on id: ManagedID) -> ManagerReply {
    guard let value = counters[id] else { return .failed(.noSuchObject) }
    switch operation {
    case .add(let summand):
      let (sum, overflows) = value.addingReportingOverflow(summand)
      guard !overflows else { return .failed(.overflow) }
      counters[id] = sum
      return .number(sum)
    case .exchange(let new):
      counters[id] = new
      return .number(value)
    }
  }

  // MARK: Locks

  private mutating func perform(
    _ operation: LockOperation, onLock id: ManagedID, from session: Session
  ) -> [Delivery] {
    guard locks[id] != nil else { return answer(session, .failed(.noSuchObject)) }
    switch operation {
    case .release: return locks[id]!.owner == session ? release(id) : answer(session, .failed(.notHeld))
    case .acquire, .tryAcquire:
      if let ownerDied = locks[id]!.take(for: session) {
        holds[session] = id
        return answer(session, .acquired(ownerDied: ownerDied))
      }
      if case .tryAcquire = operation { return answer(session, .outcome(false)) }
      locks[id]!.waiters.append(session)
      waits[session] = id
      return []
    }
  }

  /// Takes the lock from its owner, who gets an answer, and gives it to the next.
  private mutating func release(_ id: ManagedID) -> [Delivery] {
    guard let owner = locks[id]?.owner else { return [] }
    return answer(owner, .done) + pass(id, from: owner, ownerDied: false)
  }

  private mutating func pass(_ id: ManagedID, from owner: Session, ownerDied: Bool) -> [Delivery] {
    holds[owner] = nil
    guard let (next, isDamaged) = locks[id]?.pass(ownerDied: ownerDied) else { return [] }
    waits[next] = nil
    holds[next] = id
    return answer(next, .acquired(ownerDied: isDamaged))
  }

  // MARK: Queues

  private mutating func perform(
    _ operation: QueueOperation, onQueue id: ManagedID, from session: Session
  ) -> [Delivery] {
    guard let step = queues[id]?.perform(operation, from: session) else {
      return answer(session, .failed(.noSuchObject))
    }
    if step.isWaiting { waits[session] = id }
    for other in step.deliveries where other.session != session { waits[other.session] = nil }
    return step.deliveries.map { delivery in
      var delivery = delivery
      if case .value(.some) = delivery.reply { delivery.source = id }
      return delivery
    }
  }

  // MARK: Ends

  private mutating func giveUp(_ session: Session) -> [Delivery] {
    // Its wait is over, and the answer on its way.
    guard stopWaiting(session) else { return [] }
    return answer(session, .gaveUp)
  }

  private mutating func stopWaiting(_ session: Session) -> Bool {
    guard let id = waits.removeValue(forKey: session) else { return false }
    locks[id]?.waiters.removeAll { $0 == session }
    queues[id]?.stopWaiting(session)
    return true
  }

  /// The session's client has gone: what it had is given to the next.
  mutating func end(_ session: Session) -> [Delivery] {
    _ = stopWaiting(session)
    guard let id = holds[session] else { return [] }
    return pass(id, from: session, ownerDied: true)
  }

  /// An answer did not get to its session: an item in it is there again, in front of all others.
  mutating func restore(_ delivery: Delivery) -> [Delivery] {
    guard let id = delivery.source, case .value(let item?) = delivery.reply, queues[id] != nil else {
      return []
    }
    return queues[id]!.restore(item).map { delivery in
      waits[delivery.session] = nil
      return Delivery(session: delivery.session, reply: delivery.reply, source: id)
    }
  }
}

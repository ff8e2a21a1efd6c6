internal import Synchronization

/// Which of several ready cases a `select` takes.
public enum SelectOrder: Hashable, Sendable {
  /// Any of them, each with the same probability.
  case fair
  /// The first, in the order in which they are written.
  case biased
  /// Any of them, by the random numbers of a seed, so that a test can repeat it.
  case seeded(UInt64)
}

/// One `select` at work.
///
/// At first each case is tried under its own lock, in the order of choice, by a thread several times. When
/// none is ready, all locks are taken, in the order of their addresses, and all cases are tried again: only
/// when none was ready *at one instant* the caller waits. One waiter then stands in all queues, and whoever
/// claims it first has chosen the case.
///
/// It is inlinable and the cases are values of their own types, so that nothing is allocated before the caller
/// waits.
///
/// - Source: Go's `selectgo` (the locks in order, the one waiter); crossbeam's `Select` (the tries before).
@usableFromInline
struct Selection<Cases: SelectCase> {
  @usableFromInline var cases: Cases
  @usableFromInline let count: Int
  @usableFromInline let isBiased: Bool
  @usableFromInline var random: SelectRandom

  @inlinable
  init(_ cases: consuming Cases, _ order: SelectOrder) {
    count = cases.count
    self.cases = cases
    isBiased = order == .biased
    random = SelectRandom(order)
    checkContract(count > 0, "a select without cases would wait for ever")
    checkContract(count < 1 << 24, "a select has less than \(1 << 24) cases, not \(count)")
  }

  /// Takes a case that is ready; `nil` when, at one instant, none was.
  @inlinable
  mutating func attempt() -> Int? { attemptEach() ?? attemptAll() }

  /// Blocks the thread until a case is chosen.
  @available(*, noasync)
  @inlinable
  mutating func wait(at place: SourcePlace) -> Int {
    if let index = attemptSoon() { return index }
    let waiter = SelectWaiter(Asker(at: place, isTimed: isAny(.isTimed), isThread: true))
    if let index = attemptAll(orEnqueue: waiter) { return index }
    ask(0, .noteBlocking(place))
    return conclude(waiter, waiter.park(until: -1)!)!
  }

  /// Suspends the task until a case is chosen.
  @inlinable
  mutating func wait(at place: SourcePlace) async throws(WaitError) -> Int {
    if let index = attemptEach() { return index }
    let waiter = SelectWaiter(Asker(at: place, isTimed: isAny(.isTimed), isThread: false))
    if let index = attemptAll(orEnqueue: waiter) { return index }
    let outcome = await waiter.suspend(until: nil, clock: MonotonicClock())
    guard let index = conclude(waiter, outcome) else { throw .cancelled }
    return index
  }

  // MARK: Steps

  /// Tries until it is time to sleep, if trying again can help.
  @inlinable
  mutating func attemptSoon() -> Int? {
    if let index = attemptEach() { return index }
    guard isAny(.isWorthTryingAgain) else { return nil }
    var backoff = Backoff()
    while backoff.pause() {
      if let index = isBiased ? attempt() : attemptEach() { return index }
    }
    return nil
  }

  @inlinable
  mutating func attemptEach() -> Int? {
    var turn = SelectTurn()
    // A biased choice of any case but the first must know that those before it are not ready *then*.
    return firstReady(of: isBiased ? 1 : count, .attempt, &turn)
  }

  @inlinable
  mutating func attemptAll(orEnqueue waiter: SelectWaiter? = nil) -> Int? {
    var turn = SelectTurn()
    let index = withUnsafeTemporaryAllocation(of: SelectLock.self, capacity: count) { memory in
      let locks = distinctLocks(in: memory)
      for lock in locks { ask(lock.index, .lock) }
      let index = firstReady(of: count, .attemptLocked, &turn)
      if index == nil, let waiter {
        turn.waiter = waiter
        askEach(&turn) { .enqueue($0) }
      }
      for lock in locks { ask(lock.index, .unlock) }
      return index
    }
    if turn.waiter != nil { askEach(&turn) { .didEnqueue($0) } }
    turn.end()
    return index
  }

  /// Asks one case for what leaves nothing in the turn.
  @discardableResult
  @inlinable
  mutating func ask(_ index: Int, _ step: SelectStep) -> Bool {
    var turn = SelectTurn()
    turn.step = step
    return cases.perform(&turn, at: index)
  }

  @inlinable
  mutating func askEach(_ turn: inout SelectTurn, _ step: (UInt32) -> SelectStep) {
    for index in 0..<count {
      turn.step = step(UInt32(index))
      _ = cases.perform(&turn, at: index)
    }
  }

  @inlinable
  mutating func isAny(_ step: SelectStep) -> Bool {
    for index in 0..<count where ask(index, step) { return true }
    return false
  }

  /// Writes one case for each lock into `memory`, in the order in which the locks are taken.
  @inlinable
  mutating func distinctLocks(
    in memory: UnsafeMutableBufferPointer<SelectLock>
  ) -> Slice<UnsafeMutableBufferPointer<SelectLock>> {
    var locks = memory
    var turn = SelectTurn()
    turn.step = .nameLock
    for index in 0..<count {
      _ = cases.perform(&turn, at: index)
      locks.initializeElement(at: index, to: SelectLock(order: turn.lockOrder, index: index))
    }
    locks.sort { $0.order < $1.order }
    var (end, last) = (0, UInt(0))
    for lock in locks where lock.order != last {
      locks[end] = lock
      last = lock.order
      end += 1
    }
    return locks[..<end]
  }

  /// Tries cases, in the order of choice, until one is ready. Every case that is ready is equally likely to be
  /// the first of a random permutation.
  @inlinable
  mutating func firstReady(of count: Int, _ step: SelectStep, _ turn: inout SelectTurn) -> Int? {
    turn.step = step
    guard !isBiased else {
      for index in 0..<count where cases.perform(&turn, at: index) { return index }
      return nil
    }
    return withUnsafeTemporaryAllocation(of: Int.self, capacity: count) { order in
      for index in 0..<count { order.initializeElement(at: index, to: index) }
      for step in 0..<count {
        order.swapAt(step, Int.random(in: step..<count, using: &random))
        if cases.perform(&turn, at: order[step]) { return order[step] }
      }
      return nil
    }
  }

  /// Takes the waiter out of all queues. Returns the case that was chosen, if one was.
  @inlinable
  mutating func conclude(_ waiter: SelectWaiter, _ outcome: Waiter.Outcome) -> Int? {
    let winner = outcome == .granted || outcome == .closed ? waiter.claimedIndex : nil
    for index in 0..<count { ask(index, index == winner ? .win(outcome) : .withdraw) }
    return winner
  }
}

/// The lock of a case.
@usableFromInline
struct SelectLock {
  @usableFromInline var order: UInt
  @usableFromInline var index: Int

  @inlinable
  init(order: UInt, index: Int) {
    self.order = order
    self.index = index
  }
}

extension SelectTurn {
  /// Puts the waiter into the queue of a wait point, under its lock.
  @inlinable
  mutating func enqueue<State, Request>(
    _ index: UInt32, for request: Request, at point: WaitPoint<State, Request>
  ) -> WaitPoint<State, Request>.Place {
    let place = WaitPoint<State, Request>.Place(
      waiter: waiter!, index: index, asker: waiter!.asker, request: request)
    if let source = point.append(place, &point.guarded.state.pointee) { firstSources.append(source) }
    return place
  }

  /// Does what had to wait for the end of the locks.
  @inlinable
  consuming func end() {
    for source in firstSources { WaitSources.register(source) }
    wakes.resumeAll()
  }
}

/// Random numbers for the choice among ready cases: SplitMix64 over one counter for the whole process, or
/// over a seed.
@usableFromInline
struct SelectRandom: RandomNumberGenerator {
  private static let counter = Atomic<UInt64>(UInt64.random(in: 0 ... .max))
  @usableFromInline static let step: UInt64 = 0x9e37_79b9_7f4a_7c15

  @usableFromInline var state: UInt64

  @usableFromInline
  init(_ order: SelectOrder) {
    switch order {
    case .fair: state = Self.mixed(Self.counter.wrappingAdd(Self.step, ordering: .relaxed).newValue)
    case .biased: state = 0
    case .seeded(let seed): state = seed
    }
  }

  @inlinable
  mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mixed(state)
  }

  @inlinable
  static func mixed(_ state: UInt64) -> UInt64 {
    let once = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
    let twice = (once ^ (once >> 27)) &* 0x94d0_49bb_1331_11eb
    return twice ^ (twice >> 31)
  }
}

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
/// At first each case is tried under its own lock, in the order of choice. When none is ready, all locks are
/// taken, in the order of their addresses, and all cases are tried again: only when none was ready *at one
/// instant* the caller waits. One waiter then stands in all queues, and whoever claims it first has chosen
/// the case.
///
/// - Source: Go's `selectgo` (the locks in order, the one waiter); crossbeam's `Select` (the tries before).
@usableFromInline
struct Selection {
  private let arms: ContiguousArray<SelectArm>
  private let isBiased: Bool
  private var random: SelectRandom

  @usableFromInline
  init(_ arms: ContiguousArray<SelectArm>, _ order: SelectOrder) {
    checkContract(!arms.isEmpty, "a select without cases would wait for ever")
    checkContract(arms.count < 1 << 24, "a select has less than \(1 << 24) cases, not \(arms.count)")
    self.arms = arms
    isBiased = order == .biased
    random = SelectRandom(order)
  }

  /// Takes a case that is ready; `nil` when, at one instant, none was.
  @usableFromInline
  mutating func attempt() -> Int? { attemptEach() ?? attemptAll() }

  /// Blocks the thread until a case is chosen.
  @available(*, noasync)
  @usableFromInline
  mutating func wait(at place: SourcePlace) -> Int {
    if let index = attemptEach() { return index }
    let waiter = SelectWaiter(Asker(at: place, isTimed: arms.contains { $0.isTimed }, isThread: true))
    if let index = attemptAll(orEnqueue: waiter) { return index }
    Self.ask(arms[0], .noteBlocking(place))
    return conclude(waiter, waiter.park(until: -1)!)!
  }

  /// Suspends the task until a case is chosen.
  @usableFromInline
  mutating func wait(at place: SourcePlace) async throws(WaitError) -> Int {
    if let index = attemptEach() { return index }
    let waiter = SelectWaiter(Asker(at: place, isTimed: arms.contains { $0.isTimed }, isThread: false))
    if let index = attemptAll(orEnqueue: waiter) { return index }
    let outcome = await waiter.suspend(until: nil, clock: MonotonicClock())
    guard let index = conclude(waiter, outcome) else { throw .cancelled }
    return index
  }

  // MARK: Steps

  private mutating func attemptEach() -> Int? {
    // A biased choice of any case but the first must know that those before it are not ready *then*.
    let count = isBiased ? 1 : arms.count
    return firstReady(of: count) { Self.ask($0, .attempt) }
  }

  private mutating func attemptAll(orEnqueue waiter: SelectWaiter? = nil) -> Int? {
    var wakes = WakeList()
    let locks = distinctLocks()
    for arm in locks { Self.ask(arm, .lock) }
    let index = firstReady(of: arms.count) { $0.perform(.attemptLocked, &wakes) }
    let waiter = index == nil ? waiter : nil
    if let waiter { askEach { .enqueue(waiter, index: $0) } }
    for arm in locks { Self.ask(arm, .unlock) }
    wakes.resumeAll()
    if let waiter { askEach { .didEnqueue(waiter, index: $0) } }
    return index
  }

  /// Asks an arm for what wakes nobody, or wakes those by itself.
  @discardableResult
  private static func ask(_ arm: SelectArm, _ action: SelectAction) -> Bool {
    var wakes = WakeList()
    return arm.perform(action, &wakes)
  }

  private func askEach(_ action: (UInt32) -> SelectAction) {
    for (index, arm) in arms.enumerated() { Self.ask(arm, action(UInt32(index))) }
  }

  /// One arm for each lock, in the order in which the locks are taken.
  private func distinctLocks() -> ContiguousArray<SelectArm> {
    var locks = ContiguousArray(arms.filter { $0.order != 0 })
    locks.sort { $0.order < $1.order }
    var last: UInt = 0
    locks.removeAll { arm in
      defer { last = arm.order }
      return arm.order == last
    }
    return locks
  }

  /// Tries arms, in the order of choice, until one is ready. Every case that is ready is equally likely to be
  /// the first of a random permutation.
  private mutating func firstReady(of count: Int, _ isReady: (SelectArm) -> Bool) -> Int? {
    if isBiased { return arms.prefix(count).firstIndex(where: isReady) }
    return withUnsafeTemporaryAllocation(of: Int.self, capacity: count) { order in
      for index in 0..<count { order[index] = index }
      for step in 0..<count {
        order.swapAt(step, Int.random(in: step..<count, using: &random))
        if isReady(arms[order[step]]) { return order[step] }
      }
      return nil
    }
  }

  /// Takes the waiter out of all queues. Returns the case that was chosen, if one was.
  private func conclude(_ waiter: Waiter, _ outcome: Waiter.Outcome) -> Int? {
    let winner = outcome == .granted || outcome == .closed ? waiter.claimedIndex : nil
    for (index, arm) in arms.enumerated() { Self.ask(arm, index == winner ? .win(outcome) : .withdraw) }
    return winner
  }
}

/// Random numbers for the choice among ready cases: SplitMix64 over one counter for the whole process, or
/// over a seed.
private struct SelectRandom: RandomNumberGenerator {
  private static let counter = Atomic<UInt64>(UInt64.random(in: 0 ... .max))
  private static let step: UInt64 = 0x9e37_79b9_7f4a_7c15

  private var state: UInt64

  init(_ order: SelectOrder) {
    switch order {
    case .fair: state = Self.mixed(Self.counter.wrappingAdd(Self.step, ordering: .relaxed).newValue)
    case .biased: state = 0
    case .seeded(let seed): state = seed
    }
  }

  mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mixed(state)
  }

  private static func mixed(_ state: UInt64) -> UInt64 {
    let once = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
    let twice = (once ^ (once >> 27)) &* 0x94d0_49bb_1331_11eb
    return twice ^ (twice >> 31)
  }
}

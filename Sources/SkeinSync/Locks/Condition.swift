/// Where threads wait until the state of a lock is as they need it.
///
/// A condition belongs to one ``Lock``. A wait always names what it waits for, as a predicate over the state,
/// and what it does then, with the lock still held: a bare wait, which a spurious wake-up or a faster thread
/// turns into a fault, does not exist. Who changes the state notifies, with the lock held.
///
/// ```swift
/// let buffer = Lock([Int]())
/// let notEmpty = Condition(of: buffer)
/// buffer.withLock {
///   $0.append(1)
///   notEmpty.notify()
/// }
/// let first = try notEmpty.withLock(when: { !$0.isEmpty }) { $0.removeFirst() }
/// ```
///
/// Threads are woken in the order in which they came; one that is woken in vain, because a newcomer was faster,
/// keeps its place. A notification is never lost on a thread that leaves without its turn, because its time was
/// over or an error was thrown: it goes to the next. All who wait at one condition should wait for the same;
/// where the predicates differ, use one condition each, or ``notifyAll()``.
///
/// It blocks threads. Tasks wait on an `AsyncCondition`.
///
/// - Invariant: a predicate and a body run with the lock held, and at no time together with another one.
/// - Source: behaviour after CPython's `threading.Condition`, `wait_for` alone.
public final class Condition<State: ~Copyable & Sendable>: Sendable {
  @usableFromInline let lock: Lock<State>
  /// Who waits, each with the number under which it came; the state is the last number. The point's own lock
  /// is taken inside of `lock`.
  private let waiters: WaitPoint<UInt64, UInt64>

  /// Creates a condition of a lock's state.
  ///
  /// - Parameters:
  ///   - lock: the lock that guards what the predicates look at.
  ///   - name: what traps and diagnosis call this condition.
  public init(
    of lock: Lock<State>, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.lock = lock
    let identity = ObjectIdentity("Condition", name: name, place: SourcePlace(file, line))
    let description = WaitDescription<UInt64, UInt64>(
      state: { _ in "of \(lock.identity)" }, purpose: { _ in "to be notified" })
    waiters = WaitPoint(0, identity: identity, description: description) { _, _ in }
  }

  /// The name that traps and diagnosis show.
  public var name: String? { waiters.identity.name }

  /// How many threads wait at this instant.
  public var waiterCount: Int { waiters.waiterCount }

  // MARK: Waiting

  /// Runs `body` with the lock held once `predicate` holds; blocks the thread until then.
  ///
  /// The lock is free while the thread waits.
  ///
  /// - Parameters:
  ///   - predicate: whether the state is as needed. It runs with the lock held, at first and after each
  ///     notification, and must not wait for anything.
  ///   - body: gets the state for the length of the call, as `predicate` saw it.
  /// - Returns: what `body` returns.
  /// - Throws: ``WaitError/closed`` when the condition is closed and `predicate` does not hold; else what
  ///   `predicate` or `body` throws. The lock is released then too.
  /// - Precondition: the calling thread does not hold the lock already.
  /// - Complexity: O(1) when the predicate holds at once, beside the predicate itself.
  @available(*, noasync, message: "a condition blocks its thread; wait on an AsyncCondition instead")
  @inlinable
  public func withLock<Result: ~Copyable>(
    when predicate: (borrowing State) throws -> Bool,
    file: StaticString = #fileID, line: UInt = #line,
    _ body: (inout State) throws -> Result
  ) throws -> Result {
    try withLock(when: predicate, until: nil, MonotonicClock(), at: SourcePlace(file, line), body)
  }

  /// Runs `body` with the lock held once `predicate` holds, unless it does not in time; blocks the thread.
  ///
  /// - Parameters:
  ///   - predicate: whether the state is as needed. It runs with the lock held, at first, after each
  ///     notification, and at the deadline: one that holds then is in time.
  ///   - timeout: how long to wait for the predicate at the longest; zero or less only looks. The lock itself
  ///     is waited for as long as it takes.
  ///   - clock: what measures it.
  ///   - body: gets the state for the length of the call, as `predicate` saw it.
  /// - Returns: what `body` returns.
  /// - Throws: ``WaitError/timedOut``; ``WaitError/closed``; else what `predicate` or `body` throws.
  /// - Precondition: the calling thread does not hold the lock already.
  @available(*, noasync, message: "a condition blocks its thread; wait on an AsyncCondition instead")
  @inlinable
  public func withLock<C: DeadlineClock, Result: ~Copyable>(
    when predicate: (borrowing State) throws -> Bool,
    timeout: Duration, clock: C = MonotonicClock(),
    file: StaticString = #fileID, line: UInt = #line,
    _ body: (inout State) throws -> Result
  ) throws -> Result {
    let deadline = clock.now.advanced(by: timeout)
    return try withLock(when: predicate, until: deadline, clock, at: SourcePlace(file, line), body)
  }

  @available(*, noasync)
  @inlinable
  func withLock<C: DeadlineClock, Result: ~Copyable>(
    when predicate: (borrowing State) throws -> Bool, until deadline: C.Instant?, _ clock: C,
    at source: SourcePlace, _ body: (inout State) throws -> Result
  ) throws -> Result {
    lock.enter(at: source)
    defer { lock.leave() }
    if try predicate(lock.state.pointee) { return try body(&lock.state.pointee) }
    return try waitWithLock(when: predicate, until: deadline, clock, at: source, body)
  }

  @available(*, noasync)
  @usableFromInline
  func waitWithLock<C: DeadlineClock, Result: ~Copyable>(
    when predicate: (borrowing State) throws -> Bool, until deadline: C.Instant?, _ clock: C,
    at source: SourcePlace, _ body: (inout State) throws -> Result
  ) throws -> Result {
    var wait = Wait(source: source)
    do {
      repeat {
        if let deadline, deadline <= clock.now { throw WaitError.timedOut }
        try sleep(&wait, until: deadline, clock)
      } while try !predicate(lock.state.pointee)
      return try body(&lock.state.pointee)
    } catch {
      // Whoever was woken for what this thread leaves undone.
      if wait.isNotified { wake(1) }
      throw error
    }
  }

  /// What a thread keeps from one sleep to the next.
  private struct Wait {
    let source: SourcePlace
    /// Zero before it has slept.
    var arrival: UInt64 = 0
    var isNotified = false
  }

  /// Sleeps without the lock until notified, timed out or closed. Called and left with the lock held.
  private func sleep<C: DeadlineClock>(
    _ wait: inout Wait, until deadline: C.Instant?, _ clock: C
  ) throws(WaitError) {
    let asker = Asker(at: wait.source, isTimed: deadline != nil, isThread: true)
    let place = WaitPoint<UInt64, UInt64>.Place(asker: asker, request: wait.arrival)
    try enter(place)
    wait.arrival = place.request
    // From here on a notification finds the place: whoever changes the state needs the lock first.
    lock.leave()
    waiters.noteBlocking(at: wait.source)
    let outcome = waiters.park(place, until: deadline, clock: clock)
    lock.enter(at: wait.source)
    wait.isNotified = outcome == .granted
  }

  /// Queues a place: last at its first arrival, and at its old position later on.
  private func enter(_ place: WaitPoint<UInt64, UInt64>.Place) throws(WaitError) {
    let arrival = place.request
    let early = waiters.enter(place) { guarded, request in
      if request == 0 {
        guarded.state += 1
        request = guarded.state
      }
      return false
    }
    try early?.get()
    if arrival != 0 { waiters.withLock { guarded, _ in guarded.queue.moveForward(place) { $0 > arrival } } }
  }

  // MARK: Notifying

  /// Wakes the threads that wait longest, for each to look at its predicate.
  ///
  /// A woken thread goes on when the caller has left the lock.
  ///
  /// - Parameter count: how many, when so many wait.
  /// - Precondition: the calling thread holds the lock; `count` is not negative.
  /// - Complexity: O(count).
  public func notify(_ count: Int = 1) {
    checkContract(count >= 0, "\(waiters.identity) can not wake \(count) threads")
    requireLock()
    wake(count)
  }

  /// Wakes all threads that wait, for each to look at its predicate.
  ///
  /// - Precondition: the calling thread holds the lock.
  /// - Complexity: O(waiters).
  public func notifyAll() {
    requireLock()
    wake(.max)
  }

  /// Ends every wait whose predicate does not hold, now and later, with ``WaitError/closed``.
  ///
  /// It needs no lock. What the state holds can still be taken: a predicate that holds is not refused.
  public func close() {
    waiters.close()
  }

  private func wake(_ count: Int) {
    waiters.withLock { guarded, wakes in
      var left = count
      while left > 0, guarded.queue.claimFirst(as: .granted, &wakes) != nil { left -= 1 }
    }
  }

  private func requireLock() {
    checkContract(
      lock.word.isMine, "\(waiters.identity) is notified by a thread that does not hold \(lock.identity)")
  }
}

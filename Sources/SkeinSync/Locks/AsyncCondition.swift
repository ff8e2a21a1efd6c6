/// Where tasks wait until the state of an async lock is as they need it.
///
/// A condition belongs to one ``AsyncLock``. A wait always names what it waits for, as a predicate over the
/// state, and what it does then, with the lock still held. Who changes the state notifies, with the lock
/// held.
///
/// ```swift
/// let buffer = AsyncLock([Int]())
/// let notEmpty = AsyncCondition(of: buffer)
/// try await buffer.withLock { numbers in
///   numbers.append(try await produce())
///   notEmpty.notify()
/// }
/// let first = try await notEmpty.withLock(when: { !$0.isEmpty }) { $0.removeFirst() }
/// ```
///
/// Tasks are notified in the order in which they came, and then stand in the lock's own queue in that
/// order; one whose predicate does not hold, because a task ahead was faster, keeps its place. A
/// notification is never lost on a task that leaves without its turn, because it was cancelled, its time
/// was over or an error was thrown: it goes to the next. All who wait at one condition should wait for the
/// same; where the predicates differ, use one condition each, or ``notifyAll()``.
///
/// - Invariant: a predicate and a body run with the lock held, and at no time together with another one.
/// - Source: behaviour after CPython's `asyncio.Condition`, `wait_for` alone.
public final class AsyncCondition<State: ~Copyable & Sendable>: Sendable {
  private let lock: AsyncLock<State>
  private let queue: AsyncConditionQueue

  /// Creates a condition of a lock's state.
  ///
  /// - Parameters:
  ///   - lock: the lock that guards what the predicates look at.
  ///   - name: what traps and diagnosis call this condition.
  public init(
    of lock: AsyncLock<State>, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.lock = lock
    let identity = ObjectIdentity("AsyncCondition", name: name, place: SourcePlace(file, line))
    queue = AsyncConditionQueue(identity, of: lock.core)
  }

  /// The name that traps and diagnosis show.
  public var name: String? { queue.waiters.identity.name }

  /// How many tasks wait to be notified, at this instant.
  public var waiterCount: Int { queue.waiters.waiterCount }

  // MARK: Waiting

  /// Runs `body` with the lock held once `predicate` holds; suspends the task until then.
  ///
  /// The lock is free while the task waits.
  ///
  /// - Parameters:
  ///   - predicate: whether the state is as needed. It runs with the lock held, at first and after each
  ///     notification.
  ///   - body: gets the state for the length of the call, as `predicate` saw it, on the caller's actor.
  /// - Returns: what `body` returns.
  /// - Throws: ``WaitError/cancelled``; ``WaitError/closed`` when the condition is closed and `predicate`
  ///   does not hold, or the lock is closed; else what `predicate` or `body` throws. The lock is released
  ///   then too.
  /// - Precondition: neither the calling task nor one whose structured child it is holds the lock.
  /// - Cancellation: a waiting task leaves without the lock; if it was notified already, the next one is.
  /// - Complexity: O(1) when the predicate holds at once, beside the predicate itself.
  public func withLock<Result>(
    when predicate: (borrowing State) throws -> Bool,
    file: StaticString = #fileID, line: UInt = #line,
    _ body: (inout sending State) async throws -> sending Result
  ) async throws -> sending Result {
    let place = SourcePlace(file, line)
    let holder = HolderNote(at: place)
    lock.core.hold.noteWanted(at: place)
    if !lock.core.ownership.take(holder) { try await lock.core.acquire(holder, at: place) }
    return try await proceed(when: predicate, holder, until: nil, MonotonicClock(), at: place, body)
  }

  /// Runs `body` with the lock held once `predicate` holds, unless it does not in time.
  ///
  /// - Parameters:
  ///   - predicate: whether the state is as needed. It runs with the lock held, at first and after each
  ///     notification.
  ///   - timeout: how long to wait, for the lock and for the predicate together, at the longest; zero or less
  ///     only looks. `body` takes the time that it takes.
  ///   - clock: what measures it.
  ///   - body: gets the state for the length of the call, as `predicate` saw it, on the caller's actor.
  /// - Returns: what `body` returns.
  /// - Throws: ``WaitError``; ``LockError/wouldDeadlock(_:)`` when the calling task, or one whose structured
  ///   child it is, holds the lock already; else what `predicate` or `body` throws.
  /// - Cancellation: a waiting task leaves without the lock; if it was notified already, the next one is.
  public func withLock<Result, C: DeadlineClock>(
    when predicate: (borrowing State) throws -> Bool, timeout: Duration, clock: C = MonotonicClock(),
    file: StaticString = #fileID, line: UInt = #line,
    _ body: (inout sending State) async throws -> sending Result
  ) async throws -> sending Result {
    let place = SourcePlace(file, line)
    let holder = HolderNote(at: place)
    let deadline = clock.now.advanced(by: timeout)
    lock.core.hold.noteWanted(at: place)
    if !lock.core.ownership.take(holder) {
      if lock.core.hold.isHeldAround { throw LockError.wouldDeadlock(lock.name) }
      try await lock.core.acquire(holder, until: deadline, clock, at: place)
    }
    return try await proceed(when: predicate, holder, until: deadline, clock, at: place, body)
  }

  /// Waits, for a caller that has taken the lock, then runs `body` and lets go.
  private func proceed<Result, C: DeadlineClock>(
    when predicate: (borrowing State) throws -> Bool, _ holder: HolderNote,
    until deadline: C.Instant?, _ clock: C, at place: SourcePlace,
    _ body: (inout sending State) async throws -> sending Result
  ) async throws -> sending Result {
    var arrival: UInt64?
    while try !holds(predicate, afterNotification: arrival != nil) {
      arrival = try await queue.sleep(holder, arrival: arrival, until: deadline, clock, at: place)
    }
    lock.core.hold.begin(at: place)
    defer { lock.core.end() }
    do {
      return try await body(&lock.state.pointee)
    } catch {
      if arrival != nil { queue.notify(1) }
      throw error
    }
  }

  /// Looks at the state; lets go of the lock, and of a notification, when that throws.
  private func holds(_ predicate: (borrowing State) throws -> Bool, afterNotification: Bool) throws -> Bool {
    do {
      return try predicate(lock.state.pointee)
    } catch {
      lock.core.release()
      if afterNotification { queue.notify(1) }
      throw error
    }
  }

  // MARK: Notifying

  /// Lets the tasks that wait longest look at their predicates, one after the other.
  ///
  /// A notified task goes on when the caller has left the lock, and all who waited for the lock before it.
  ///
  /// - Parameter count: how many, when so many wait.
  /// - Precondition: the calling task holds the lock; `count` is not negative.
  /// - Complexity: O(count).
  public func notify(_ count: Int = 1) {
    checkContract(count >= 0, "\(queue.waiters.identity) can not notify \(count) tasks")
    requireLock()
    queue.notify(count)
  }

  /// Lets all tasks that wait look at their predicates, one after the other.
  ///
  /// - Precondition: the calling task holds the lock.
  /// - Complexity: O(waiters).
  public func notifyAll() {
    requireLock()
    queue.notify(.max)
  }

  private func requireLock() {
    checkContract(
      lock.core.ownership.isMine,
      "\(queue.waiters.identity) is notified by a task that does not hold \(lock.core.hold.identity)")
  }

  /// Ends every wait whose predicate does not hold, now and later, with ``WaitError/closed``.
  ///
  /// It needs no lock. What the state holds can still be taken: a predicate that holds is not refused.
  /// Closing the lock closes its conditions too.
  public func close() {
    queue.waiters.close()
  }
}

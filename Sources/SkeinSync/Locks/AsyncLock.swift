/// A mutual-exclusion lock that a task may hold across `await`, and that owns the state it guards.
///
/// It belongs to a *task*. Who waits is suspended, not blocked, and the lock is handed over strictly first
/// in, first out: once somebody waits, nobody overtakes. It is held by the scoped forms alone, so that no
/// task can end while it holds the lock. For a few instructions without an `await`, a ``Lock`` is several
/// times cheaper.
///
/// ```swift
/// let cache = AsyncLock([URL: Data](), name: "cache")
/// let page = try await cache.withLock { pages in
///   if let page = pages[url] { return page }
///   pages[url] = try await fetch(url)
///   return pages[url]!
/// }
/// ```
///
/// ### Taking it again
///
/// A wait for a lock that the same task holds would never end. Neither would one of its structured
/// children's (an `async let`, a child of a group that was opened inside the body), because the body can
/// not end before they do. Both are found: ``withLock(file:line:_:)`` traps with the lock's name, the
/// others throw ``LockError/wouldDeadlock(_:)``. A `Task { }` that is started inside the body waits its
/// turn, as a stranger does; if the body awaits such a task, or a child that was started *before* the lock
/// was taken, that deadlock is not found here: diagnosis then shows who waits, for whom.
///
/// - Invariant: only the task whose address the word carries touches the state.
/// - Source: behaviour after CPython's `asyncio.Lock` and trio's `Lock`.
public final class AsyncLock<State: ~Copyable>: @unchecked Sendable {
  // Sendable because `state` is touched only by the task that holds the lock, between an acquiring and a
  // releasing operation on its word.
  let state: UnsafeMutablePointer<State>
  let core: AsyncLockCore

  /// Creates a lock around a state.
  ///
  /// - Parameters:
  ///   - state: what the lock guards; the lock is its only owner from here on.
  ///   - name: what traps and diagnosis call this lock.
  public init(
    _ state: consuming sending State, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.state = .allocate(capacity: 1)
    self.state.initialize(to: state)
    core = AsyncLockCore(ObjectIdentity("AsyncLock", name: name, place: SourcePlace(file, line)))
  }

  deinit {
    state.deinitialize(count: 1)
    state.deallocate()
  }

  /// The name that traps and diagnosis show.
  public var name: String? { core.hold.identity.name }

  /// Whether a task holds the lock at this instant.
  public var isLocked: Bool { !core.ownership.isFree }

  /// How many tasks wait for the lock at this instant.
  public var waiterCount: Int { core.waiters.waiterCount }

  // MARK: Holding

  /// Runs `body` with exclusive access to the state; suspends the task until it has the lock.
  ///
  /// - Parameter body: gets the state for the length of the call, on the caller's actor. It may await.
  /// - Returns: what `body` returns.
  /// - Throws: ``WaitError/cancelled`` or ``WaitError/closed``; else what `body` throws. The lock is released
  ///   then too.
  /// - Precondition: neither the calling task nor one whose structured child it is holds this lock.
  /// - Cancellation: a waiting task leaves the queue without the lock; a task that is cancelled already still
  ///   takes a free one. A running `body` sees the cancellation itself.
  /// - Complexity: O(1); one atomic operation to take a free lock and one to leave it, beside a task-local
  ///   binding.
  public func withLock<Result>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: (inout sending State) async throws -> sending Result
  ) async throws -> sending Result {
    let place = SourcePlace(file, line)
    let holder = HolderNote(at: place)
    core.hold.noteWanted(at: place)
    if !core.ownership.take(holder) { try await core.acquire(holder, at: place) }
    core.hold.begin(at: place)
    defer { core.end() }
    return try await body(&state.pointee)
  }

  /// Runs `body` with exclusive access to the state, unless the lock can not be had in time.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait for the lock at the longest; zero or less only looks. `body` takes the
  ///     time that it takes.
  ///   - clock: what measures it.
  ///   - body: gets the state for the length of the call, on the caller's actor. It may await.
  /// - Throws: ``WaitError``; ``LockError/wouldDeadlock(_:)`` when the calling task, or one whose structured
  ///   child it is, holds the lock already; else what `body` throws.
  /// - Cancellation: as for ``withLock(file:line:_:)``.
  public func withLock<Result, C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line,
    _ body: (inout sending State) async throws -> sending Result
  ) async throws -> sending Result {
    let place = SourcePlace(file, line)
    let holder = HolderNote(at: place)
    core.hold.noteWanted(at: place)
    if !core.ownership.take(holder) {
      if core.hold.isHeldAround { throw LockError.wouldDeadlock(name) }
      try await core.acquire(holder, until: clock.now.advanced(by: timeout), clock, at: place)
    }
    core.hold.begin(at: place)
    defer { core.end() }
    return try await body(&state.pointee)
  }

  /// Runs `body` if the lock is free at this instant and nobody waits for it.
  ///
  /// - Returns: what `body` returns; `nil` when another task holds the lock.
  /// - Throws: ``LockError/wouldDeadlock(_:)`` when the calling task, or one whose structured child it is,
  ///   holds the lock already; ``WaitError/closed``; else what `body` throws.
  public func tryLock<Result>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: (inout sending State) async throws -> sending Result
  ) async throws -> sending Result? {
    guard core.ownership.take(HolderNote(at: SourcePlace(file, line))) else {
      if core.hold.isHeldAround { throw LockError.wouldDeadlock(name) }
      if core.waiters.isClosed { throw WaitError.closed }
      return nil
    }
    core.hold.begin(at: SourcePlace(file, line))
    defer { core.end() }
    return try await body(&state.pointee)
  }

  /// Ends every wait for the lock and for its conditions, now and later, with ``WaitError/closed``.
  ///
  /// A task that holds the lock is not disturbed.
  public func close() {
    core.close()
  }
}

extension AsyncLock where State == Void {
  /// Creates a lock that guards no value of its own.
  public convenience init(name: String? = nil, file: StaticString = #fileID, line: UInt = #line) {
    self.init((), name: name, file: file, line: line)
  }
}

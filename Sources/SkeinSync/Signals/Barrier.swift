/// A place where a fixed number of parties, threads or tasks, wait for one another.
///
/// When the last of them has come, all go on, and the barrier is ready for their next meeting. A party that
/// is back before slow ones have woken up waits for the next generation, and does not disturb the last.
///
/// ```swift
/// let barrier = Barrier(parties: 3) { grid.swap() }
/// for part in 0..<3 {
///   Task {
///     for _ in 0..<100 {
///       grid.compute(part)
///       try await barrier.wait()
///     }
///   }
/// }
/// ```
///
/// A party that runs out of time *breaks* the barrier, because the others would wait for ever: they, and
/// all who come until ``reset()``, get ``BarrierError/broken``. A cancelled task just leaves, and somebody
/// else can come in its place. Once the last party has come the meeting is decided: time-outs,
/// cancellations and aborts that come later do not touch it, but only a failure of the action.
///
/// - Invariant: either all parties of a generation go on, with the indices 0 to n - 1, or none does.
/// - Source: behaviour after CPython's `threading.Barrier`, and of `asyncio.Barrier` where a task is
///   cancelled.
public final class Barrier: Sendable {
  private typealias Point = WaitPoint<BarrierRounds, BarrierRounds.Turn>

  private let waiters: Point
  private let action: (@Sendable () throws -> Void)?

  /// Creates a barrier.
  ///
  /// - Parameters:
  ///   - parties: how many have to come.
  ///   - name: what traps and diagnosis call it.
  ///   - action: what is to be done once in each generation, before anybody goes on. The last party to come
  ///     runs it, whether it is a thread or a task, while the others wait: it should be short. If it throws,
  ///     the barrier is broken.
  /// - Precondition: `parties` is positive.
  public init(
    parties: Int, name: String? = nil, file: StaticString = #fileID, line: UInt = #line,
    action: (@Sendable () throws -> Void)? = nil
  ) {
    let identity = ObjectIdentity("Barrier", name: name, place: SourcePlace(file, line))
    checkContract(parties > 0, "\(identity) can not have \(parties) parties")
    self.action = action
    let rounds = BarrierRounds(parties: parties, hasAction: action != nil)
    let description = WaitDescription<BarrierRounds, BarrierRounds.Turn>(
      state: { $0.isBroken ? "broken" : "for \($0.parties) parties" },
      purpose: { _ in "for the other parties" })
    waiters = WaitPoint(
      rounds, identity: identity, description: description, settle: BarrierRounds.settle)
  }

  /// How many have to come.
  public var parties: Int { waiters.withLock { guarded, _ in guarded.state.parties } }

  /// How many wait for others to come, at this instant.
  public var waiterCount: Int { waiters.waiterCount }

  /// Whether the barrier is broken, at this instant.
  public var isBroken: Bool { waiters.withLock { guarded, _ in guarded.state.isBroken } }

  /// Breaks the barrier: who waits, and who comes until ``reset()``, gets ``BarrierError/broken``.
  public func abort() {
    waiters.update { $0.state.breakUp() }
  }

  /// Makes the barrier as new. Who waits gets ``BarrierError/broken``.
  public func reset() {
    waiters.withLock { guarded, wakes in
      guarded.state.breakUp()
      BarrierRounds.settle(&guarded, &wakes)
      guarded.state.mend()
    }
  }

  /// Ends every wait, now and later, with ``BarrierError/closed``.
  public func close() {
    waiters.close()
  }

  // MARK: Waiting

  /// Suspends the task until all parties have come.
  ///
  /// - Returns: which party the caller was, in the order of arrival: 0 to `parties - 1`, each once in a
  ///   generation. It can pick the one that does something for all.
  /// - Throws: ``BarrierError``, but for a time-out.
  /// - Cancellation: the task leaves, and its place is free again; the others wait on. Once all have come, a
  ///   cancellation comes too late.
  @discardableResult
  public func wait(file: StaticString = #fileID, line: UInt = #line) async throws(BarrierError) -> Int {
    try await wait(until: nil, MonotonicClock(), SourcePlace(file, line))
  }

  /// Suspends the task until all parties have come; breaks the barrier when `timeout` passes before.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less does not wait for anybody.
  ///   - clock: what measures it.
  /// - Returns: which party the caller was, as `wait` does.
  /// - Throws: ``BarrierError``.
  /// - Cancellation: as for `wait`: a cancelled task does not break the barrier.
  @discardableResult
  public func wait<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) async throws(BarrierError) -> Int {
    try await wait(until: clock.now.advanced(by: timeout), clock, SourcePlace(file, line))
  }

  /// Blocks the thread until all parties have come.
  ///
  /// - Returns: which party the caller was, in the order of arrival: 0 to `parties - 1`, each once in a
  ///   generation.
  /// - Throws: ``BarrierError/broken``, ``BarrierError/closed`` or ``BarrierError/actionFailed(_:)``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @discardableResult
  public func wait(file: StaticString = #fileID, line: UInt = #line) throws(BarrierError) -> Int {
    try wait(until: nil, MonotonicClock(), SourcePlace(file, line))
  }

  /// Blocks the thread until all parties have come; breaks the barrier when `timeout` passes before.
  ///
  /// - Throws: ``BarrierError``, but for a cancellation.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @discardableResult
  public func wait<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) throws(BarrierError) -> Int {
    try wait(until: clock.now.advanced(by: timeout), clock, SourcePlace(file, line))
  }

  private func wait<C: DeadlineClock>(
    until deadline: C.Instant?, _ clock: C, _ place: SourcePlace
  ) async throws(BarrierError) -> Int {
    var generation = 0
    let turn: BarrierRounds.Turn
    do {
      turn = try await waiters.wait(for: .waits, until: deadline, clock: clock, at: place) {
        generation = $0.state.generation
        return BarrierRounds.admit(&$0, &$1)
      }
    } catch {
      throw leave(generation, error)
    }
    return try take(turn)
  }

  @available(*, noasync)
  private func wait<C: DeadlineClock>(
    until deadline: C.Instant?, _ clock: C, _ place: SourcePlace
  ) throws(BarrierError) -> Int {
    var generation = 0
    let turn: BarrierRounds.Turn
    do {
      turn = try waiters.wait(for: .waits, until: deadline, clock: clock, at: place) {
        generation = $0.state.generation
        return BarrierRounds.admit(&$0, &$1)
      }
    } catch {
      throw leave(generation, error)
    }
    return try take(turn)
  }

  private func take(_ turn: BarrierRounds.Turn) throws(BarrierError) -> Int {
    switch turn {
    case .passes(let index): return index
    case .leads(let generation): return try lead(generation)
    case .isBroken, .waits: throw .broken
    }
  }

  /// Runs the action, then lets the others of the generation go on, or tells them that it failed.
  private func lead(_ generation: Int) throws(BarrierError) -> Int {
    let result = Result { try action!() }
    if case .failure(let error) = result {
      waiters.update { $0.state.endAction(of: generation, hasFailed: true) }
      throw .actionFailed(error)
    }
    return waiters.update { guarded in
      guarded.state.endAction(of: generation, hasFailed: false)
      return guarded.state.parties - 1
    }
  }

  /// What a wait that ended without the others leaves behind.
  private func leave(_ generation: Int, _ error: WaitError) -> BarrierError {
    if error == .timedOut {
      // Unless the others met in the meantime, with somebody else in its place.
      waiters.update { if $0.state.generation == generation { $0.state.breakUp() } }
    }
    return BarrierError(error)
  }
}

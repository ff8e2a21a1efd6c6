internal import CSkein
public import SkeinSync
internal import Synchronization

/// What futures of all types have in common: a state, who waits, what is called at the end.
///
/// ```text
///             begin                  complete
///  pending ──────────► running ────────────────► finished
///     │    └───────────── complete ─────────────────▲
///     └── cancel ──► cancelled
/// ```
///
/// - Invariant: finished and cancelled are final; a result is there before anybody can see `finished`.
/// - Source: the states of CPython's `concurrent.futures.Future`.
public class AnyFuture: @unchecked Sendable {
  // Sendable because its constants are, and everything that changes is atomic.
  // Not final for Future alone, and for the jobs of pools: the initialiser is not public.

  /// Where a future stands.
  public enum State: UInt8, Hashable, Sendable {
    /// Its work has not begun; it can be cancelled.
    case pending
    /// Its work runs.
    case running
    /// It was cancelled before its work began.
    case cancelled
    /// It has a result: a value or an error.
    case finished
  }

  /// The state's raw value, or that the result is being written.
  private let stateWord = Atomic<UInt8>(State.pending.rawValue)
  private static let completing: UInt8 = 4
  private let callbacks = CallbackStack()
  /// The wait point, once somebody has waited.
  private let pointWord = Atomic<UInt>(0)
  /// How many futures made of this one are there that were not cancelled, and callbacks, which can not be.
  private let takerCount = Atomic<Int>(0)
  /// The kernel's id of the thread that runs the work; zero when it is not known.
  private let runnerWord = Atomic<UInt32>(0)

  /// Where the work was handed in.
  @usableFromInline package final let place: SourcePlace
  private let poolIDWord: Atomic<UInt32>

  @usableFromInline
  package init(place: SourcePlace, poolID: UInt32) {
    self.place = place
    poolIDWord = Atomic(poolID)
  }

  deinit {
    let point = pointWord.load(ordering: .acquiring)
    if point != 0 { Unmanaged<FuturePoint>.fromOpaque(UnsafeRawPointer(bitPattern: point)!).release() }
  }

  /// The pool that does the work, or the next step of it; zero when it is none.
  @usableFromInline
  var poolID: UInt32 {
    get { poolIDWord.load(ordering: .relaxed) }
    set { poolIDWord.store(newValue, ordering: .relaxed) }
  }

  // MARK: At this instant

  /// Where the future stands.
  public final var state: State {
    State(rawValue: stateWord.load(ordering: .acquiring)) ?? .running
  }

  /// Whether there is a result, or there never will be because the future was cancelled.
  public final var isDone: Bool {
    let state = stateWord.load(ordering: .acquiring)
    return state == State.finished.rawValue || state == State.cancelled.rawValue
  }

  /// Whether it was cancelled before its work began.
  public final var isCancelled: Bool { state == .cancelled }

  /// Whether its work runs.
  public final var isRunning: Bool { state == .running }

  /// How many threads and tasks wait for it.
  public final var waiterCount: Int { existingPoint?.waiterCount ?? 0 }

  /// The error of a future that is done without a value.
  @usableFromInline
  var failure: (any Error)? { nil }

  // MARK: Changing the state

  /// Moves on from pending, so that the work can not be cancelled any more; `false` when it was.
  @usableFromInline
  final func begin() -> Bool {
    guard move(from: State.pending.rawValue, to: State.running.rawValue) else { return false }
    runnerWord.store(skein_thread_id(), ordering: .relaxed)
    return true
  }

  /// Gives the caller alone the right to write the result; then comes ``publish()``.
  @usableFromInline
  final func claim() -> Bool {
    move(from: State.running.rawValue, to: Self.completing)
      || move(from: State.pending.rawValue, to: Self.completing)
  }

  /// Lets the result be seen, wakes who waits, and calls who wants to be called.
  @usableFromInline
  final func publish() { conclude(State.finished) }

  /// Cancels the future if its work has not begun: nobody gets a result, and the work is left out.
  ///
  /// The cancellation travels on to what the future is made of, if nobody else wants that.
  ///
  /// - Returns: whether the future is cancelled now; `false` when its work runs or has ended.
  @discardableResult
  public final func cancel() -> Bool {
    guard move(from: State.pending.rawValue, to: Self.completing) else { return isCancelled }
    conclude(.cancelled)
    didCancel()
    return true
  }

  private func move(from: UInt8, to: UInt8) -> Bool {
    stateWord.compareExchange(expected: from, desired: to, ordering: .acquiringAndReleasing).exchanged
  }

  private func conclude(_ state: State) {
    // Either this thread sees the wait point that a newcomer puts there, or that one sees the state.
    stateWord.store(state.rawValue, ordering: .sequentiallyConsistent)
    if pointWord.load(ordering: .sequentiallyConsistent) != 0 { existingPoint!.update { _ in } }
    callbacks.close(with: self)
  }

  /// What follows a cancellation; overridden by what is made of other futures, and by jobs.
  @usableFromInline
  func didCancel() {}

  // MARK: Calling back

  /// Has `body` called once the future is done: on the thread that completes it, or at once if it is done.
  ///
  /// Callbacks run in the order in which they were added. One that throws disturbs no other one, nor the result: its
  /// error goes to `UncaughtError.setHandler(_:)`. They should be short, and must not wait for anything.
  ///
  /// - Parameter body: gets the future, which is done.
  /// - Complexity: O(1).
  public final func onDone(_ body: @escaping @Sendable (AnyFuture) throws -> Void) {
    takerCount.add(1, ordering: .relaxed)
    addCallback(body)
  }

  /// As ``onDone(_:)``, for those who can lose interest by ``releaseTaker()``.
  final func addTaker(_ body: @escaping @Sendable (AnyFuture) -> Void) {
    takerCount.add(1, ordering: .relaxed)
    addCallback(body)
  }

  /// Adds a callback that does not count as somebody who wants the result.
  final func addCallback(_ body: @escaping @Sendable (AnyFuture) throws -> Void) {
    callbacks.add(body, of: self)
  }

  /// One of those who wanted the result was cancelled. When nobody is left, this one is, too.
  final func releaseTaker() {
    let left = takerCount.subtract(1, ordering: .acquiringAndReleasing).newValue
    if left == 0, waiterCount == 0 { cancel() }
  }

  // MARK: Waiting

  private var existingPoint: FuturePoint? {
    UnsafeRawPointer(bitPattern: pointWord.load(ordering: .sequentiallyConsistent)).map {
      Unmanaged<FuturePoint>.fromOpaque($0).takeUnretainedValue()
    }
  }

  /// The wait point; made by the first who waits.
  private var point: FuturePoint {
    if let existingPoint { return existingPoint }
    let new = Unmanaged.passRetained(makePoint())
    let (isFirst, _) = pointWord.compareExchange(
      expected: 0, desired: UInt(bitPattern: new.toOpaque()), ordering: .sequentiallyConsistent)
    if !isFirst { new.release() }
    return existingPoint!
  }

  private func makePoint() -> FuturePoint {
    let description = WaitDescription<FutureLink, Void>(
      holders: { $0.future?.holders ?? .unknown }, state: { $0.future.map { "\($0.state)" } ?? "" },
      purpose: { _ in "for its result" }, kept: { $0.future })
    return FuturePoint(
      FutureLink(future: self), identity: ObjectIdentity("Future", name: nil, place: place),
      description: description
    ) { guarded, wakes in
      // Looked up when the state is final, by who has made it so, or by a waiter that leaves.
      if guarded.state.future?.isDone ?? true { guarded.queue.claimAll(as: .granted, &wakes) }
    }
  }

  /// Who can end a wait: the thread that does the work, else any worker of the pool that is to do it.
  private var holders: ObservedObject.Holders {
    let runner = runnerWord.load(ordering: .relaxed)
    if state == .running, runner != 0 { return .all([.init(.unnamedThread(runner))]) }
    guard let workers = PoolRegistry.workers(of: poolID), !workers.isEmpty else { return .unknown }
    return .any(workers.map { .init(.unnamedThread($0)) })
  }

  /// Blocks the thread until the future is done.
  ///
  /// - Throws: `WaitError.timedOut`; ``FutureError/wouldStarve(pool:workers:)``.
  @available(*, noasync)
  @usableFromInline
  final func wait<C: DeadlineClock>(until deadline: C.Instant?, clock: C, at place: SourcePlace) throws {
    if isDone { return }
    guard let worker = PoolWorker.current, worker.poolID == poolID else {
      return try park(until: deadline, clock: clock, at: place)
    }
    try worker.wait(for: self, isTimed: deadline != nil) {
      try park(until: deadline, clock: clock, at: place)
    }
  }

  @available(*, noasync)
  private func park<C: DeadlineClock>(
    until deadline: C.Instant?, clock: C, at place: SourcePlace
  ) throws(WaitError) {
    try point.wait(for: (), until: deadline, clock: clock, at: place, admit: { _, _ in isDone })
  }

  /// Suspends the task until the future is done.
  @usableFromInline
  final func wait<C: DeadlineClock>(
    until deadline: C.Instant?, clock: C, at place: SourcePlace
  ) async throws(WaitError) {
    if isDone { return }
    try await point.wait(for: (), until: deadline, clock: clock, at: place, admit: { _, _ in isDone })
  }
}

/// Where threads and tasks wait for a future.
private typealias FuturePoint = WaitPoint<FutureLink, Void>

/// The future that a wait point belongs to. A look at the point may outlive it.
private struct FutureLink: Sendable {
  weak let future: AnyFuture?
}

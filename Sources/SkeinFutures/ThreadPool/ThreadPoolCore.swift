internal import CSkein
internal import DequeModule
public import SkeinSync
internal import SkeinThreads
internal import Synchronization

/// The performing half of ``ThreadPool``: what the workers keep, and what outlives the handle until they have ended.
@usableFromInline
final class ThreadPoolCore: PoolRegistry.Member {
  typealias Point = WaitPoint<PoolState, PoolRequest>

  @usableFromInline let id = PoolRegistry.newID()
  let maximum: Int
  private let point: Point
  private let whenFull: RejectionPolicy
  private let isDaemon: Bool
  private let stackSize: Int?
  private let initialiser: (@Sendable () throws -> Void)?
  private let idleLimit: any IdleLimit
  private let lastWorkerNumber = Atomic<Int>(0)
  /// The threads of the workers, but for those that have left because there was nothing to do.
  private let threads = Lock<[ObjectIdentifier: OSThread<Void>]>([:], internalTo: "ThreadPool")

  init(
    _ state: PoolState, identity: ObjectIdentity, whenFull: RejectionPolicy, isDaemon: Bool, stackSize: Int?,
    initialiser: (@Sendable () throws -> Void)?, idleLimit: any IdleLimit
  ) {
    maximum = state.maximum
    self.whenFull = whenFull
    self.isDaemon = isDaemon
    self.stackSize = stackSize
    self.initialiser = initialiser
    self.idleLimit = idleLimit
    let description = WaitDescription<PoolState, PoolRequest>(
      state: { "\($0.workers) workers, \($0.queue.count) jobs in the queue" },
      purpose: \.purpose.rawValue)
    point = WaitPoint(state, identity: identity, description: description, settle: PoolState.settle)
  }

  deinit { PoolRegistry.remove(id) }

  var name: String { point.identity.name! }

  var statistics: ThreadPoolStatistics {
    point.withLock { guarded, _ in
      var statistics = guarded.state.counts
      statistics.workers = guarded.state.workers
      statistics.idle = guarded.state.idle
      statistics.queued = guarded.state.queue.count
      var next = guarded.queue.first
      while let place = next {
        if place.request.isForRoom { statistics.waiting += 1 }
        next = place.next
      }
      return statistics
    }
  }

  var workerThreadIDs: [UInt32] { threads.withLock { $0.values.compactMap(\.kernelID) } }

  // MARK: Taking work in

  /// Hands a job in; `false` when who submits has to wait for room.
  ///
  /// - Parameter waits: whether it would wait.
  @usableFromInline
  func offer(_ job: PoolTask, waits: Bool) throws(PoolError) -> Bool {
    switch point.withLock({ PoolState.take(job, &$0, &$1) }) {
    case .taken: return true
    case .needsWorker:
      try startWorker(with: job)
      return true
    case .isRefused(let phase): throw refusal(phase)
    case .isFull: return try offerToFull(job, waits: waits)
    }
  }

  private func offerToFull(_ job: PoolTask, waits: Bool) throws(PoolError) -> Bool {
    switch whenFull {
    case .block where waits:
      guard PoolWorker.current?.poolID == id else { return false }
      job.run()
      return true
    case .block, .fail:
      countRejected()
      throw .full(pool: name, capacity: point.withLock { guarded, _ in guarded.state.capacity })
    case .runInCaller:
      countRejected()
      job.run()
      return true
    case .dropOldest:
      countRejected()
      return try replaceOldest(with: job, waits: waits)
    }
  }

  /// Drops the oldest job in favour of a new one. A queue without places has none to drop.
  private func replaceOldest(with job: PoolTask, waits: Bool) throws(PoolError) -> Bool {
    let (isPossible, oldest) = point.withLock { guarded, _ in
      guard guarded.state.isOpen, guarded.state.queue.count >= guarded.state.capacity,
        let oldest = guarded.state.queue.popFirst()
      else { return (guarded.state.capacity > 0, nil as PoolTask?) }
      guarded.state.queue.append(job)
      guarded.state.counts.submitted += 1
      return (true, oldest)
    }
    if let oldest {
      oldest.fail(with: PoolError.dropped(pool: name))
      return true
    }
    // There is room now, or the pool was shut down, meanwhile.
    if isPossible { return try offer(job, waits: waits) }
    throw .full(pool: name, capacity: 0)
  }

  private func countRejected() { point.withLock { guarded, _ in guarded.state.counts.rejected += 1 } }

  private func refusal(_ phase: PoolState.Phase) -> PoolError {
    if case .broken(let error) = phase { .broken(pool: name, error) } else { .shutDown(pool: name) }
  }

  @available(*, noasync)
  @usableFromInline
  func waitForRoom(for job: PoolTask, at place: SourcePlace) throws {
    let isRefused: Bool
    do {
      isRefused = try point.wait(
        for: .room(for: job), until: nil, clock: MonotonicClock(), at: place, admit: PoolState.admitRoom
      ).isRefused
    } catch {
      throw roomError(error)
    }
    if isRefused { throw roomError(.closed) }
  }

  @usableFromInline
  func waitForRoom(for job: PoolTask, at place: SourcePlace) async throws {
    let isRefused: Bool
    do {
      isRefused = try await point.wait(
        for: .room(for: job), until: nil, clock: MonotonicClock(), at: place, admit: PoolState.admitRoom
      ).isRefused
    } catch {
      throw roomError(error)
    }
    if isRefused { throw roomError(.closed) }
  }

  private func roomError(_ error: WaitError) -> any Error {
    error == .closed ? refusal(point.withLock { guarded, _ in guarded.state.phase }) : error
  }

  // MARK: Workers

  /// Starts a worker that is counted already.
  ///
  /// - Parameter job: what it does first; queued if the system gives no thread, and there are other workers.
  private func startWorker(with job: PoolTask?) throws(PoolError) {
    let worker = ThreadPoolWorker(of: self)
    let thread = OSThread<Void>(
      name: "\(name)-\(worker.number)", isDaemon: isDaemon, stackSize: stackSize
    ) { [self] in worker.whileCurrent { work(worker, first: job) } }
    // Before it runs: it takes itself out.
    threads.withLock { $0[ObjectIdentifier(worker)] = thread }
    do {
      try thread.start()
    } catch {
      threads.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(worker)) }
      try giveBack(job, as: error)
    }
  }

  func nextWorkerNumber() -> Int { lastWorkerNumber.add(1, ordering: .relaxed).newValue }

  private func giveBack(_ job: PoolTask?, as error: ThreadError) throws(PoolError) {
    let (isTaken, orphans) = point.update { guarded -> (Bool, Deque<PoolTask>) in
      guarded.state.workers -= 1
      // Others may have come to rely on this worker.
      guard guarded.state.workers > 0 else { return (job == nil, guarded.state.takeQueue()) }
      if let job { guarded.state.queue.append(job) }
      return (true, [])
    }
    for orphan in orphans { orphan.fail(with: PoolError.noWorker(pool: name, error)) }
    if !isTaken { throw .noWorker(pool: name, error) }
  }

  private func work(_ worker: ThreadPoolWorker, first: PoolTask?) {
    do {
      try initialiser?()
    } catch {
      return breakUp(error, workersLess: 1, first: first)
    }
    var job = first
    worker.isBusy = job != nil
    while let current = job ?? next(worker) {
      job = nil
      current.run()
    }
  }

  /// The next job, which a worker may wait for; `nil` when it is to leave.
  private func next(_ worker: ThreadPoolWorker) -> PoolTask? {
    while true {
      let (job, leaves) = point.withLock { guarded, wakes -> (PoolTask?, Bool) in
        if worker.isBusy {
          worker.isBusy = false
          guarded.state.counts.completed += 1
        }
        let mayServe = !guarded.queue.isEmpty
        let job = PoolState.takeNext(&guarded)
        let leaves = job == nil && !guarded.state.isOpen
        if leaves { guarded.state.workers -= 1 }
        if mayServe { PoolState.settle(&guarded, &wakes) }
        return (job, leaves)
      }
      if job != nil || leaves {
        worker.isBusy = job != nil
        return job
      }
      switch idleLimit.wait(at: point, isLimited: isAboveCore) {
      case .success(let request):
        if request.job != nil {
          worker.isBusy = true
          return request.job
        }
      case .failure:
        if point.update({ $0.state.endsIdleWait() }) {
          threads.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(worker)) }
          return nil
        }
      }
    }
  }

  private var isAboveCore: Bool {
    point.withLock { guarded, _ in guarded.state.workers > guarded.state.core }
  }

  /// Fails everything that has not begun, and that comes: who sees one of them fail is refused from then on.
  ///
  /// - Parameters:
  ///   - workersLess: how many workers end with it at once; the others do when they have done what they do.
  ///   - first: what such a worker was to begin with.
  func breakUp(_ error: any Error, workersLess: Int, first: PoolTask? = nil) {
    let jobs = point.update { guarded in
      guarded.state.workers -= workersLess
      if guarded.state.isOpen { guarded.state.phase = .broken(error) }
      return guarded.state.takeQueue()
    }
    first?.fail(with: PoolError.broken(pool: name, error))
    for job in jobs { job.fail(with: PoolError.broken(pool: name, error)) }
  }

  // MARK: Waiting for the own pool

  /// Waits, as a worker, for a future of this pool.
  @available(*, noasync)
  func wait(
    _ worker: ThreadPoolWorker, for future: AnyFuture, isTimed: Bool, _ park: () throws -> Void
  ) throws {
    let needsWorker = point.withLock { guarded, _ in guarded.state.makesRoom() }
    if needsWorker { try? startWorker(with: nil) }
    // A wait that ends by itself starves nobody.
    if isTimed { return try park() }
    let id = ObjectIdentifier(worker)
    let (starves, workers) = point.withLock { guarded, _ in
      guarded.state.blocked.append(PoolState.BlockedWorker(id: id, future: future))
      return (guarded.state.starves(in: self.id), guarded.state.workers)
    }
    defer { point.withLock { guarded, _ in guarded.state.blocked.removeAll { $0.id == id } } }
    if starves { throw FutureError.wouldStarve(pool: name, workers: workers) }
    try park()
  }

  // MARK: The end

  /// Takes nothing any more; lets the workers go when nothing is left.
  func close(cancelPending: Bool) {
    let dropped = point.update { guarded in
      if guarded.state.isOpen { guarded.state.phase = .draining }
      return cancelPending ? guarded.state.takeQueue() : []
    }
    for job in dropped { job.future.cancel() }
  }

  func noteCancellation() {
    point.withLock { guarded, wakes in
      guarded.state.cancelledInQueue += 1
      guard guarded.state.queue.count >= guarded.state.capacity else { return }
      guarded.state.dropCancelled()
      PoolState.settle(&guarded, &wakes)
    }
  }

  /// Waits until there is no worker any more, of those that are being started at this instant either.
  @available(*, noasync)
  func joinWorkers() {
    _ = try? point.wait(
      for: .end, until: nil, clock: MonotonicClock(), at: SourcePlace(),
      admit: { guarded, _ in guarded.state.workers == 0 })
    for thread in threads.withLock({ Array($0.values) }) { try? thread.join() }
  }

  func joinWorkers() async {
    // In a task of its own, which is not cancelled.
    await Task { [self] in
      _ = try? await point.wait(
        for: .end, until: nil, clock: MonotonicClock(), at: SourcePlace(),
        admit: { guarded, _ in guarded.state.workers == 0 })
      for thread in threads.withLock({ Array($0.values) }) { try? await thread.join() }
    }.value
  }

  func shutDownAtExit() { close(cancelPending: false) }
}

/// A thread of a ``ThreadPool``.
final class ThreadPoolWorker: PoolWorker, @unchecked Sendable {
  // Sendable because its state is touched by its own thread alone.
  let number: Int
  private unowned let core: ThreadPoolCore
  /// Whether it has a job that is yet to be counted as done.
  @exclusivity(unchecked) var isBusy = true

  init(of core: ThreadPoolCore) {
    self.core = core
    number = core.nextWorkerNumber()
    super.init(poolID: core.id)
  }

  @available(*, noasync)
  override func wait(for future: AnyFuture, isTimed: Bool, _ park: () throws -> Void) throws {
    try core.wait(self, for: future, isTimed: isTimed, park)
  }
}

/// How long a worker stays idle.
protocol IdleLimit: Sendable {
  /// Waits for work.
  @available(*, noasync)
  func wait(at point: ThreadPoolCore.Point, isLimited: Bool) -> Result<PoolRequest, WaitError>
}

/// A limit on some clock.
struct KeepAlive<C: DeadlineClock>: IdleLimit {
  let limit: Duration
  let clock: C

  @available(*, noasync)
  func wait(at point: ThreadPoolCore.Point, isLimited: Bool) -> Result<PoolRequest, WaitError> {
    do {
      let deadline = isLimited ? clock.now.advanced(by: limit) : nil
      return .success(
        try point.wait(
          for: .work, until: deadline, clock: clock, at: SourcePlace(), admit: PoolState.admitWork))
    } catch {
      return .failure(error)
    }
  }
}

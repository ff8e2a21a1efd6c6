internal import SkeinSync
internal import SkeinThreads
internal import Synchronization

/// The performing half of ``ParallelPool``: its workers, how they find work, and how they sleep.
///
/// A worker looks at what it has forked, at its queue, at what came from outside, then at what the others have. When it
/// has found nothing for a while it sleeps. Who brings work wakes one worker, unless another one is looking anyway;
/// that one wakes the next when it has found something.
///
/// - Invariant: a worker that looks after work was brought sees it, or else one is woken.
/// - Source: the sleeping of Go's scheduler and of tokio.
@usableFromInline
final class ParallelCore: PoolRegistry.Member {
  @usableFromInline let id: UInt32
  let identity: ObjectIdentity
  let workers: [ParallelWorker]
  private let inbox = ItemQueue()
  private let gate: Lock<Gate>
  private let threads = Lock<[OSThread<Void>]>([], internalTo: "ParallelPool")

  /// Workers that have nothing to do, and how they are woken.
  private let idlers = Sleepers()
  /// Workers that wait for a job of theirs that another one does. They do nothing but what was forked.
  private let joiners = Sleepers()
  private let searchers = Atomic<Int>(0)

  /// Who may bring work, and who is there to do it.
  private struct Gate {
    var isOpen = true
    var workers: Int
  }

  init(threads: Int, identity: ObjectIdentity) {
    let id = PoolRegistry.newID()
    self.id = id
    self.identity = identity
    workers = (0..<threads).map { ParallelWorker(index: $0, poolID: id) }
    gate = Lock(Gate(workers: threads), internalTo: "ParallelPool")
    for worker in workers { worker.core = self }
  }

  deinit { PoolRegistry.remove(id) }

  var name: String { identity.name! }

  func start(isDaemon: Bool, stackSize: Int?) throws(PoolError) {
    for (count, worker) in workers.enumerated() {
      do {
        let thread = try OSThread<Void>.start(
          name: "\(name)-\(worker.index + 1)", isDaemon: isDaemon, stackSize: stackSize
        ) { [self] in worker.whileCurrent { work(worker) } }
        threads.withLock { $0.append(thread) }
      } catch {
        gate.withLock { $0.workers = count }
        close(cancelPending: true)
        throw .noWorker(pool: name, error)
      }
    }
  }

  // MARK: Bringing work

  @usableFromInline
  func submit(_ job: PoolTask) throws(PoolError) {
    let isTaken = gate.withLock { gate in
      if gate.isOpen { bring(.job(job)) }
      return gate.isOpen
    }
    guard isTaken else { throw .shutDown(pool: name) }
    noteWork()
  }

  /// Takes a task, which has to be run, come what may: on the global executor if no worker is left.
  func enqueue(_ task: UnownedJob, on executor: UnownedTaskExecutor) -> Bool {
    let isTaken = gate.withLock { gate in
      if gate.workers > 0 { bring(.task(task, on: executor)) }
      return gate.workers > 0
    }
    if isTaken { noteWork() }
    return isTaken
  }

  private func bring(_ item: ParallelItem) {
    if let worker = ParallelWorker.current(in: id) { worker.queue.append(item) } else { inbox.append(item) }
  }

  private func noteWork() {
    if searchers.load(ordering: .sequentiallyConsistent) == 0 { idlers.wakeOne() }
  }

  /// A worker has forked a job.
  func noteForked() {
    if searchers.load(ordering: .sequentiallyConsistent) == 0, !idlers.wakeOne() { joiners.wakeOne() }
  }

  /// A job is done that its worker may wait for.
  func noteDone() { joiners.wakeAll() }

  // MARK: Finding work

  private enum Work {
    case forked(UnsafeMutableRawPointer)
    case item(ParallelItem)
  }

  private func find(for worker: ParallelWorker) -> Work? {
    if let job = worker.forked.pop() { return .forked(job) }
    if worker.isTurnOfOthers(), let item = inbox.popFirst() { return .item(item) }
    if let item = worker.queue.popFirst() ?? inbox.popFirst() { return .item(item) }
    if let job = steal(for: worker) { return .forked(job) }
    return firstOfOthers(worker) { $0.queue.popFirst() }.map { .item($0) }
  }

  private func steal(for worker: ParallelWorker) -> UnsafeMutableRawPointer? {
    firstOfOthers(worker) { $0.forked.steal() }
  }

  /// What the first of the other workers has, from one chosen at random on.
  private func firstOfOthers<Found>(_ worker: ParallelWorker, _ take: (ParallelWorker) -> Found?) -> Found? {
    let start = worker.randomStart(below: workers.count)
    for offset in 0..<workers.count {
      let other = workers[(start + offset) % workers.count]
      if other !== worker, let found = take(other) { return found }
    }
    return nil
  }

  private func perform(_ work: Work) {
    switch work {
    case .item(let item): item.run()
    case .forked(let job):
      ForkedJob.run(job)
      noteDone()
    }
  }

  // MARK: What workers do

  /// Works until the pool is shut down and nothing is left.
  private func work(_ worker: ParallelWorker) {
    work(worker, until: leaves, onSight: { false })
  }

  /// Works until a future is done that the worker waits for.
  func work(_ worker: ParallelWorker, untilDone future: AnyFuture) {
    future.addCallback { [weak self] _ in self?.idlers.wakeAll() }
    work(worker, until: { future.isDone }, onSight: { future.isDone })
    // A wake that came for work, and found this worker at its end, is passed on.
    noteWork()
  }

  /// - Parameters:
  ///   - isOver: whether to end; asked when there is nothing to do.
  ///   - isOverOnSight: the same, asked before everything that is done.
  private func work(_ worker: ParallelWorker, until isOver: () -> Bool, onSight isOverOnSight: () -> Bool) {
    while !isOverOnSight(), let work = find(for: worker) ?? search(for: worker, until: isOver) {
      perform(work)
    }
  }

  /// Looks for work for a while, then sleeps until there may be some; `nil` when it is over.
  private func search(for worker: ParallelWorker, until isOver: () -> Bool) -> Work? {
    while true {
      searchers.add(1, ordering: .sequentiallyConsistent)
      var backoff = Backoff()
      repeat {
        if let work = find(for: worker) {
          endSearch()
          return work
        }
      } while backoff.pause()
      var found: Work?
      var isEnd = false
      idlers.sleep {
        searchers.subtract(1, ordering: .sequentiallyConsistent)
        found = find(for: worker)
        isEnd = found == nil && isOver()
        return found == nil && !isEnd
      }
      if found != nil || isEnd { return found }
    }
  }

  /// The last one who looks has others look on.
  private func endSearch() {
    if searchers.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 { idlers.wakeOne() }
  }

  /// Whether a worker without work is to leave; then it is counted off.
  private func leaves() -> Bool {
    gate.withLock { gate in
      guard !gate.isOpen, inbox.isEmpty else { return false }
      gate.workers -= 1
      return true
    }
  }

  /// Does what others have forked until `isDone`: as long as it waits, a worker does nothing that may take long.
  func help(_ worker: ParallelWorker, until isDone: () -> Bool) {
    var backoff = Backoff()
    while !isDone() {
      if let job = steal(for: worker) {
        perform(.forked(job))
        backoff = Backoff()
      } else if !backoff.pause() {
        joiners.sleep { !isDone() && workers.allSatisfy { $0 === worker || $0.forked.isEmpty } }
      }
    }
  }

  // MARK: The end

  func close(cancelPending: Bool) {
    gate.withLock { $0.isOpen = false }
    if cancelPending {
      for queue in [inbox] + workers.map(\.queue) { for job in queue.takeJobs() { job.future.cancel() } }
    }
    idlers.wakeAll()
  }

  @available(*, noasync)
  func joinWorkers() {
    for thread in threads.withLock({ $0 }) { try? thread.join() }
  }

  func joinWorkers() async {
    let threads = threads.withLock { $0 }
    // In a task of its own, which is not cancelled.
    await Task { for thread in threads { try? await thread.join() } }.value
  }

  // MARK: For the registry

  var workerThreadIDs: [UInt32] { threads.withLock { $0.compactMap(\.kernelID) } }

  func noteCancellation() {}

  func shutDownAtExit() { close(cancelPending: false) }
}

/// Workers that sleep, and how they are woken.
private final class Sleepers: Sendable {
  private let count = Atomic<Int>(0)
  private let epoch = FutexWord()

  /// Sleeps until woken, unless `isNeeded` says that there is no need any more. It is asked when whoever brings
  /// something from now on sees this sleeper.
  func sleep(if isNeeded: () -> Bool) {
    let seen = epoch.value
    count.add(1, ordering: .sequentiallyConsistent)
    if isNeeded() { epoch.wait(while: seen, until: -1) }
    count.subtract(1, ordering: .sequentiallyConsistent)
  }

  /// Wakes one; `false` when nobody sleeps.
  @discardableResult
  func wakeOne() -> Bool {
    guard count.load(ordering: .sequentiallyConsistent) > 0 else { return false }
    epoch.advance(waking: 1)
    return true
  }

  func wakeAll() {
    if count.load(ordering: .sequentiallyConsistent) > 0 { epoch.advance() }
  }
}

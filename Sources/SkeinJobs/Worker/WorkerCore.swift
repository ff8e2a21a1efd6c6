internal import FoundationEssentials
internal import Logging
internal import Metrics
internal import SkeinFutures
internal import SkeinSync

/// What the parts of a running worker share.
final class WorkerCore: Sendable {
  /// How far a worker has gone in stopping.
  enum Phase: Int, Comparable, Sendable {
    /// It takes jobs.
    case working
    /// It takes none, and finishes what runs.
    case finishing
    /// It gives back what runs.
    case leaving

    static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
  }

  struct State {
    var phase = Phase.working
    var running: [Int: Execution] = [:]
    var plan: ClaimPlan
    var hasSuspect = false
    var reportedUnknown: Set<UnknownJob> = []
    var failure: (any Error)?
  }

  let store: any JobStore
  let membership: any WorkerMembership
  let registry: JobRegistry
  let options: WorkerOptions
  let logger: Logger
  let knows: [String: Int]
  let buffer = JobBuffer()
  /// Where the code of jobs that block runs: it holds up other such jobs at the most, and never the worker, which renews
  /// its lease and stores results meanwhile. Daemons: a job that does not end must not keep the process from ending.
  ///
  /// `nil` when no job of the registry blocks.
  let blockingThreads: ParallelPool?
  /// Where the code of jobs runs that are isolated; `nil` when the worker isolates none.
  let processes: JobProcesses?
  /// Rung when the claimer should look again.
  let bell = Event(name: "worker's bell")
  /// Set when something runs, for the reporter.
  let isRunning = Event(name: "worker runs")
  let unacked: Semaphore
  let state: Lock<State>

  /// Joins a store.
  static func joining(
    _ store: any JobStore, registry: JobRegistry, options: WorkerOptions, logger: Logger
  ) async throws -> WorkerCore {
    let blockingThreads = try registry.hasBlockingJobs ? makeBlockingThreads(options) : nil
    let membership = try await store.join(WorkerDescription(options, knows: registry.knows))
    return WorkerCore(
      store: store, membership: membership, registry: registry, options: options,
      blockingThreads: blockingThreads,
      logger: logger)
  }

  private static func makeBlockingThreads(_ options: WorkerOptions) throws -> ParallelPool {
    try ParallelPool(threads: min(options.concurrency, 64), name: "skein-job", isDaemon: true)
  }

  private init(
    store: any JobStore, membership: any WorkerMembership, registry: JobRegistry, options: WorkerOptions,
    blockingThreads: ParallelPool?, logger: Logger
  ) {
    self.store = store
    self.membership = membership
    self.registry = registry
    self.options = options
    self.blockingThreads = blockingThreads
    self.logger = logger
    processes =
      options.isolation == .process
      ? JobProcesses(logger: logger, passesOutputOn: options.passesOutputOn) : nil
    knows = registry.knows
    unacked = Semaphore(permits: options.unackedLimit, isBounded: true, name: "ends not stored")
    state = Lock(State(plan: ClaimPlan(concurrency: options.concurrency)), name: "worker")
  }

  var phase: Phase { state.withLock { $0.phase } }
  var running: [Execution] { state.withLock { Array($0.running.values) } }

  func step(_ step: WorkerStep, _ token: ClaimToken) { options.onStep?(step, token) }

  /// Begins to stop, or to stop faster. Never goes back.
  func stop(_ phase: Phase, because failure: (any Error)? = nil) {
    let executions = state.withLock { state -> [Execution] in
      guard phase > state.phase else { return [] }
      state.phase = phase
      state.failure = state.failure ?? failure
      return phase == .leaving ? Array(state.running.values) : []
    }
    bell.set()
    for execution in executions { leave(execution) }
  }

  /// Stops because of an error that ``JobQueueError/endsWorker``.
  func loseStore(_ error: JobQueueError) {
    // It is learnt at several places at once, and told once.
    let isNews = state.withLock { state in
      defer { state.failure = state.failure ?? error }
      return state.failure == nil
    }
    if isNews { logger.critical("\(error)") }
    stop(.leaving, because: error)
  }

  /// Asks the store which of the running jobs somebody wants to end, and cancels their tasks.
  func hearRequests() async {
    let running = running
    guard !running.isEmpty else { return }
    do {
      let requested = try await Set(membership.cancelRequests())
      for execution in running where requested.contains(execution.job.token) { execution.cancelOnRequest() }
    } catch let error as JobQueueError where error.endsWorker {
      loseStore(error)
    } catch {
      logger.error("requests can not be read now", metadata: ["error": "\(error)"])
    }
  }

  /// Gives a running job back at once. Its processes are ended first, since another worker may start it right away.
  private func leave(_ execution: Execution) {
    guard execution.settle() else { return execution.leave() }
    execution.killProcess()
    if let group = execution.context.notes.read({ $0.processGroup }) { ProcessGroup(id: group).kill() }
    Task {
      await record(execution, .handedBack)
      execution.leave()
    }
  }

  // MARK: The run of an attempt

  func begin(_ execution: Execution) {
    membership.noteStart(of: execution.job.token, place: execution.place)
    let isLeaving = state.withLock { state in
      state.running[execution.place] = execution
      return state.phase == .leaving
    }
    isRunning.set()
    if isLeaving { leave(execution) }
  }

  func end(_ execution: Execution) {
    membership.noteEnd(place: execution.place)
    let age = execution.age
    state.withLock { state in
      state.running[execution.place] = nil
      if state.running.isEmpty { isRunning.reset() }
      if execution.job.life.isSuspect { state.hasSuspect = false }
      state.plan.note(age)
    }
  }

  /// Stores the end of an attempt. Only for who has settled it.
  func record(_ execution: Execution, _ outcome: RunOutcome) async {
    // Whoever is handing over a piece of the log goes first.
    await execution.reporting.acquireShielded()
    let notes = execution.context.notes.takeNews()
    var randomness = options.randomness(execution.job)
    let finished = verdict(execution, notes).decide(
      outcome, log: notes?.log ?? Data(), using: &randomness)
    step(.decided, execution.job.token)
    await storeEnd(of: execution, finished)
    execution.reporting.release()
    step(.stored, execution.job.token)
    execution.didRecord(outcome)
  }

  private func verdict(_ execution: Execution, _ notes: AttemptNotes.State?) -> Verdict {
    let current = execution.context.notes.read { ($0.processGroup, $0.isCancelRequested) }
    // The wall clock may have been set meanwhile: the start is told on the one that ends the attempt, so that how long it
    // took is true.
    let age = execution.age
    let now = store.now
    return Verdict(
      job: execution.job, worker: options.name, startedAt: now.addingTimeInterval(-age.seconds), endedAt: now,
      processGroup: current.0, isCancelRequested: current.1)
  }

  /// Stores until the store has answered: a full disk, for one, may be cured while the worker waits.
  private func storeEnd(of execution: Execution, _ finished: FinishedAttempt) async {
    let token = execution.job.token
    for attempt in 1... {
      do {
        if try await membership.finish(token, finished) {
          count(execution, finished)
        } else {
          execution.context.logger.warning(
            "the job was given to another worker: the end of this attempt is dropped")
        }
        return
      } catch let error as JobQueueError where error.endsWorker {
        return loseStore(error)
      } catch {
        execution.context.logger.error(
          "the end of the attempt is not stored yet", metadata: ["error": "\(error)", "tries": "\(attempt)"])
        guard phase < .leaving, await pause(.seconds(min(attempt, 10))) else { return }
      }
    }
  }

  /// Waits, unless the worker must leave at once; says whether to go on.
  func pause(_ duration: Duration) async -> Bool {
    try? await MonotonicClock().sleep(until: MonotonicClock().now.advanced(by: duration))
    return phase < .leaving
  }

  private func count(_ execution: Execution, _ finished: FinishedAttempt) {
    let attempt = finished.attempt
    let dimensions = [
      ("queue", execution.job.queue), ("name", execution.job.kind.name), ("outcome", attempt.outcome.name),
    ]
    Counter(label: "skein.jobs.attempts", dimensions: dimensions).increment()
    Metrics.Timer(label: "skein.jobs.duration", dimensions: dimensions)
      .recordSeconds((attempt.endedAt ?? store.now).timeIntervalSince(attempt.startedAt))
  }
}

extension JobQueueError {
  /// Whether a worker can not go on: the store knows it no more, so that what it runs is not its own, or can not say any
  /// more what is on the disk.
  var endsWorker: Bool { code == .wrongState || code == .notSynced }
}

internal import FoundationEssentials
internal import Logging
internal import SkeinSync
internal import Synchronization

/// One attempt under way: its task, its limits, and the race for who says how it ended.
///
/// - Invariant: exactly one caller of ``settle()`` gets `true`, and that one stores the end of the attempt.
final class Execution: Sendable {
  let job: ClaimedJob
  let place: Int
  let startedAt: Date
  private let began = MonotonicClock().now
  private let store: any JobStore
  let context: JobContext
  /// Held by whoever hands the attempt's log to the store, so that its pieces keep their order.
  let reporting = Semaphore(permits: 1, name: "reporting")
  private let ended = Event(name: "attempt ended")
  private let recorded = Event(name: "end of attempt stored")
  private let isSettled = Atomic(false)
  private let state = Lock(State(), name: "execution")

  private struct State {
    var task: Task<Void, Never>?
    var outcome: RunOutcome?
    var recorded: RunOutcome?
    var softLimit: TimeLimitExceeded?
    var isCancelled = false
    var limits: [ScheduledAction] = []
    /// In which process its code runs, if not in this one.
    var process: JobProcess?
    var isKilled = false
  }

  init(
    job: ClaimedJob, place: Int, store: any JobStore, logger: Logger,
    processGroupStarted: @escaping @Sendable (Int32) -> Void
  ) {
    self.job = job
    self.place = place
    self.store = store
    startedAt = store.now
    let limit = job.kind.hardTimeLimit ?? job.kind.softTimeLimit
    context = JobContext(
      id: job.id, attempt: job.attempt, queue: job.queue, deadline: limit.map { .now.advanced(by: $0) },
      clock: { store.now }, logger: logger, notes: AttemptNotes(processGroupStarted: processGroupStarted))
  }

  /// For how long it has run, whatever becomes of the wall clock; in a store that has a time of its own, by that.
  var age: Duration {
    store.hasOwnTime
      ? .seconds(store.now.timeIntervalSince(startedAt)) : began.duration(to: MonotonicClock().now)
  }

  /// Claims the right to say how the attempt ended.
  func settle() -> Bool {
    isSettled.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
  }

  /// Runs `body` in a task of its own, which limits and requests can cancel, and waits until it has ended or is left
  /// to itself.
  ///
  /// - Parameter executor: what the task prefers, if it does.
  func run(
    on executor: (any TaskExecutor)?, _ body: @escaping @Sendable () async throws -> Data
  ) async -> RunOutcome? {
    let task = Task(executorPreference: executor) { [self] in
      let outcome: RunOutcome
      do { outcome = .returned(try await body()) } catch { outcome = .threw(error) }
      state.withLock { $0.outcome = outcome }
      ended.set()
    }
    let isLate = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isLate { task.cancel() }
    // Ended by the task, or by `leave()`; the place stays taken until then, whatever becomes of the worker's own task.
    await ended.waitShielded()
    return endOfRun()
  }

  private func endOfRun() -> RunOutcome? {
    let (outcome, softLimit, limits) = state.withLock { state in
      defer { state.limits = [] }
      return (state.outcome, state.softLimit, state.limits)
    }
    for limit in limits { limit.cancel() }
    if case .threw = outcome, let softLimit { return .timedOut(softLimit) }
    return outcome
  }

  /// Tells that the end of the attempt is stored, or that nobody will store it any more.
  func didRecord(_ outcome: RunOutcome) {
    state.withLock { $0.recorded = outcome }
    recorded.set()
  }

  /// Waits for ``didRecord(_:)``, which is sure to be called once the attempt is settled.
  func waitForRecord() async -> RunOutcome {
    await recorded.waitShielded()
    return state.withLock { $0.recorded! }
  }

  /// Sets the limits off. `expired` is called once if the hard one passes while the attempt runs.
  func arm(hardLimitPassed: @escaping @Sendable (TimeLimitExceeded) -> Void) {
    let clock = MonotonicClock()
    var limits: [ScheduledAction] = []
    if let soft = job.kind.softTimeLimit {
      limits.append(
        clock.schedule(at: clock.now.advanced(by: soft)) { [weak self] in
          self?.state.withLock { $0.softLimit = TimeLimitExceeded(limit: soft, isHard: false) }
          self?.cancelTask()
        })
    }
    if let hard = job.kind.hardTimeLimit {
      limits.append(
        clock.schedule(at: clock.now.advanced(by: hard)) { [weak self] in
          hardLimitPassed(TimeLimitExceeded(limit: hard, isHard: true))
          self?.killProcess()
          self?.cancelTask()
        })
    }
    guard !limits.isEmpty else { return }
    state.withLock { $0.limits = limits }
  }

  /// Cancels the task on behalf of somebody who wants the job to end.
  func cancelOnRequest() {
    context.notes.update { $0.isCancelRequested = true }
    cancelTask()
  }

  /// Its code runs in a process now, or no more.
  func runs(in process: JobProcess?) {
    state.withLock { state in
      state.process = process
      if state.isKilled { process?.kill() }
    }
  }

  /// Ends the process in which its code runs, if that is not this one.
  func killProcess() {
    // Under the lock, so that it is not another job's by then.
    state.withLock { state in
      state.isKilled = true
      state.process?.kill()
    }
  }

  /// Cancels the task and stops waiting for it.
  func leave() {
    cancelTask()
    ended.set()
  }

  private func cancelTask() {
    let task = state.withLock { state in
      state.isCancelled = true
      return state.task
    }
    task?.cancel()
  }

  /// What the attempt looks like while it runs, with its news.
  func report(worker: String, _ news: AttemptNotes.State?) -> AttemptReport {
    var attempt = AttemptRecord(
      number: job.attempt, delivery: job.token.delivery, worker: worker, startedAt: startedAt)
    attempt.processGroup = context.notes.read { $0.processGroup }
    return AttemptReport(
      token: job.token, attempt: attempt, progress: news?.progress, log: news?.log ?? Data())
  }
}

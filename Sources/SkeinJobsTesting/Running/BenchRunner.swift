internal import FoundationEssentials
internal import SkeinJobs
internal import SkeinSync
internal import SkeinTesting

/// Runs the jobs of a bench's store.
///
/// It has no store of its own: the store keeps it, for what has to follow a producer's change.
final class BenchRunner: Sendable {
  /// Whether nothing follows an enqueue of this task, whatever the mode.
  @TaskLocal static var isHeldBack = false

  private struct State {
    /// The jobs that run now, by number.
    var running: [Int64: Running] = [:]
    /// The jobs that have lost a success already.
    var lost: Set<Int64> = []
    var runs: [JobRun] = []
    var prunedAt: Date?
  }

  private struct Running {
    var worker: SingleWorker
    var ended = Event(name: "attempt on a bench")
  }

  private let registry: JobRegistry
  private let mode: JobBench.Mode
  private let options: JobBenchOptions
  private let workerOptions: WorkerOptions
  private let state = Lock(State(), name: "bench")

  init(registry: JobRegistry, mode: JobBench.Mode, options: JobBenchOptions) {
    self.registry = registry
    self.mode = mode
    self.options = options
    var workerOptions = WorkerOptions()
    workerOptions.name = "bench"
    workerOptions.concurrency = 1
    workerOptions.randomness = { [seed = options.seed] job in
      var generator = SeededGenerator(seed: seed &+ UInt64(job.token.sequence))
      return SeededGenerator(seed: generator.next() &+ UInt64(job.attempt))
    }
    self.workerOptions = workerOptions
  }

  /// The types that can run.
  var knows: [String: Int] { registry.knows }

  /// All attempts so far, in the order of their ends.
  var runs: [JobRun] { state.withLock { $0.runs } }

  // MARK: Running

  /// Runs what can run, until nothing can or the task is cancelled.
  func drain(
    _ store: MemoryJobStore, _ queue: String? = nil, deliveringTwice: Bool = false
  ) async throws -> DrainReport {
    let nesting = Nesting.current ?? Nesting()
    var report = DrainReport()
    while !Task.isCancelled {
      if nesting.isSpent(options.mostRuns) { throw JobBenchFailure.restless(options.mostRuns, runs.last) }
      let (run, claim) = try await runNext(
        in: store, from: queue, nesting: nesting, deliveringTwice: deliveringTwice)
      report.unknown.formUnion(claim.unknown)
      report.nextDue = claim.nextDue
      guard let run else { break }
      report.runs.append(run)
    }
    return report
  }

  /// Runs an attempt of the job that comes next.
  func runNext(
    in store: MemoryJobStore, from queue: String?, nesting: Nesting = Nesting.current ?? Nesting(),
    deliveringTwice: Bool = false
  ) async throws -> (run: JobRun?, claim: Claim) {
    // One for each job: what the death of a worker costs concerns this job alone, and none that it runs within.
    let worker = try await SingleWorker(
      store: store, registry: registry, options: workerOptions, logger: options.logger)
    let claim: Claim
    do {
      claim = try await worker.claim(from: queue.map { [$0] })
    } catch {
      try? await worker.leave()
      throw error
    }
    var run: JobRun?
    if let job = claim.jobs.first {
      nesting.countRun()
      run = try await self.run(job, by: worker, in: store, nesting, deliveringTwice)
    }
    try await worker.leave()
    return (run, claim)
  }

  private func run(
    _ job: ClaimedJob, by worker: SingleWorker, in store: MemoryJobStore, _ nesting: Nesting,
    _ deliveringTwice: Bool
  ) async throws -> JobRun {
    let number = job.token.sequence
    let running = Running(worker: worker)
    let isLosing = state.withLock { state in
      state.running[number] = running
      return (deliveringTwice || options.deliversTwice) && !state.lost.contains(number)
    }
    defer {
      state.withLock { $0.running[number] = nil }
      running.ended.set()
    }
    let ended = try await Nesting.$current.withValue(nesting.deeper) {
      try await worker.run(job, losingSuccess: isLosing)
    }
    // The end of one job of a flow may be a request to others.
    await hearRequests()
    let run = try await JobRun(job, ended, in: store)
    state.withLock { state in
      state.runs.append(run)
      if run.attempt.outcome == .crashed { state.lost.insert(number) }
    }
    return run
  }

  private func hearRequests() async {
    for running in state.withLock({ Array($0.running.values) }) { await running.worker.hearRequests() }
  }

  // MARK: Inline

  /// Acts on what a producer has changed, before the producer goes on.
  func follow(_ change: MemoryChange, in store: MemoryJobStore) async throws {
    if change.hasControl { await hearRequests() }
    guard mode != .manual, !Self.isHeldBack, (Nesting.current?.depth ?? 0) < Nesting.deepest else { return }
    var report = DrainReport()
    repeat { report += try await drain(store) } while await waitForOthers(change.enqueued)
    if mode == .inlineThrowing { try report.throwFailures() }
  }

  /// Waits for one of the jobs that another task runs, which enqueues at the same time; says whether there was one.
  private func waitForOthers(_ jobs: [EnqueuedJob]) async -> Bool {
    // One that was there before may be the very job that enqueues here.
    let new = jobs.filter { !$0.isExisting }.map(\.sequence)
    let running = state.withLock { state in new.compactMap { state.running[$0] }.first }
    guard let running else { return false }
    return (try? await running.ended.wait()) != nil
  }

  // MARK: Upkeep

  /// Removes jobs that have been kept long enough, unless that was done less than half a minute ago and is not urgent.
  func prune(_ store: MemoryJobStore, isUrgent: Bool) async throws {
    let now = store.now
    let isDue = state.withLock { state in
      if !isUrgent, let last = state.prunedAt, now.timeIntervalSince(last) < 30 { return false }
      state.prunedAt = now
      return true
    }
    if isDue { _ = try await store.prune(options.retention, limit: .max) }
  }
}

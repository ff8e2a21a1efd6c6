public import SkeinJobs

extension JobBench {
  /// Runs everything that can run now, one job at a time in the order in which a worker would take them, until nothing
  /// can: also what these jobs enqueue, the jobs of flows, retries whose time has come.
  ///
  /// What is scheduled for later stays, and so does what a limit or a paused queue holds back, and jobs of types that the
  /// bench does not know: ``DrainReport/unknown`` has those. A job that does not heed its cancellation holds this call up,
  /// as it holds its place in a worker.
  ///
  /// - Parameters:
  ///   - queue: the queue to drain; `nil` means all, in turn.
  ///   - deliveringTwice: whether the first success of each job is lost: as if its worker was killed after the job had done
  ///     its work, and before that was stored. The job then runs again. A job whose repetition does harm shows it here.
  ///   - throwingFailures: whether to throw when jobs have failed for good, after everything has run.
  /// - Returns: what has run; jobs that have failed are in ``DrainReport/failures``.
  /// - Throws: ``JobBenchFailure`` when the queue does not come to rest, or for jobs that have failed, if that is asked for;
  ///   `CancellationError`.
  /// - Cancellation: the job that runs is given back, as by a worker that must stop at once.
  @discardableResult
  public func drain(
    queue: String? = nil, deliveringTwice: Bool = false, throwingFailures: Bool = false
  ) async throws -> DrainReport {
    let report = try await settle(queue, deliveringTwice: deliveringTwice)
    if throwingFailures { try report.throwFailures() }
    return report
  }

  /// Runs one attempt: of the job that a worker would take next.
  ///
  /// - Parameter queue: the queue to take it from; `nil` means any.
  /// - Returns: `nil` when nothing can run now.
  /// - Throws: `CancellationError`.
  /// - Cancellation: the job is given back.
  @discardableResult
  public func runNext(queue: String? = nil) async throws -> JobRun? {
    try Task.checkCancellation()
    _ = try await store.enqueueDue(now: now)
    let run = try await runner.runNext(in: store, from: queue).run
    try Task.checkCancellation()
    return run
  }

  /// Enqueues a job, drains the queue, and gives the job's result: the way to test one job as it will run, from its stored
  /// form and under its own options.
  ///
  /// ```swift
  /// let width = try await bench.perform(Resize(path: "a.png"))
  /// ```
  ///
  /// - Parameters:
  ///   - job: its stored properties become the input.
  ///   - change: changes the options that the job's type gives.
  /// - Returns: what the job has returned, through its stored form.
  /// - Throws: the error of the job's last attempt, as it was, when it has failed for good; ``JobBenchFailure`` when it has not
  ///   ended, such as one that will be tried again later; `JobQueueError` when it could not be enqueued, or has ended
  ///   otherwise.
  public func perform<J: Job>(
    _ job: J, _ change: (inout JobOptions) -> Void = { _ in }
  ) async throws -> J.Output {
    // Held back, so that what it throws is thrown here in each mode, and not by the enqueue.
    let handle = try await BenchRunner.$isHeldBack.withValue(true) { try await queue.enqueue(job, change) }
    try await drain()
    guard let record = try await queue.job(handle.id) else { throw JobBenchFailure.removed(handle.id) }
    let error = runs.last { $0.job.id == handle.id }?.error
    guard record.state.isFinished else { throw JobBenchFailure.unfinished(record, error) }
    if record.state == .failed, let error { throw error }
    return try await handle.result()
  }

  /// Follows the schedules, then runs what can run.
  func settle(_ queue: String? = nil, deliveringTwice: Bool) async throws -> DrainReport {
    _ = try await store.enqueueDue(now: now)
    let report = try await runner.drain(store, queue, deliveringTwice: deliveringTwice)
    try Task.checkCancellation()
    return report
  }
}

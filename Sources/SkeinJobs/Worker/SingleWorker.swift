package import Logging
internal import SkeinSync

/// A worker for one job: it joins a store, takes what a worker would take next, runs that while its caller waits, and
/// leaves. Every step is that of ``Worker``, in the same code; a bench for tests runs jobs by it.
package struct SingleWorker: Sendable {
  /// How an attempt went.
  package struct Ended: Sendable {
    /// What the attempt threw, or the time limit that ended it.
    package var error: (any Error)?
    /// What the job has said of its progress.
    package var progress: JobProgress?
    /// Whether the job was given back, because the caller's task was cancelled.
    package var isHandedBack: Bool
  }

  private let core: WorkerCore

  /// Joins a store.
  package init(
    store: any JobStore, registry: JobRegistry, options: WorkerOptions, logger: Logger
  ) async throws {
    core = try await .joining(store, registry: registry, options: options, logger: logger)
  }

  /// Takes the next job, if any can run now.
  ///
  /// - Parameter queues: the queues to ask, in this order; `nil` means all, in turn.
  package func claim(from queues: [String]?) async throws -> Claim {
    try await core.membership.claim(ClaimRequest(limit: 1, queues: queues, knows: core.knows))
  }

  /// Runs a job that was taken, and returns when the end of its attempt is stored.
  ///
  /// - Parameter losingSuccess: whether an attempt that succeeds is lost: as if the worker was killed at its end, before
  ///   that was stored. The job is then as it is after the rescue, and this worker is on record no more.
  /// - Cancellation: the job is given back, as by a worker that has to stop at once.
  package func run(_ job: ClaimedJob, losingSuccess: Bool = false) async throws -> Ended {
    try await withTaskCancellationHandler {
      let (execution, outcome) = await Executor(core: core, place: 0).attempt(job)
      defer { core.end(execution) }
      if let outcome, execution.settle() {
        if losingSuccess, case .returned = outcome {
          try await lose(execution)
          return Ended(progress: execution.context.progress, isHandedBack: false)
        }
        await core.record(execution, outcome)
      }
      return Ended(await execution.waitForRecord(), execution.context.progress)
    } onCancel: {
      core.stop(.leaving)
    }
  }

  private func lose(_ execution: Execution) async throws {
    await execution.reporting.acquireShielded()
    defer { execution.reporting.release() }
    let news = execution.context.notes.takeNews()
    try await core.membership.report([execution.report(worker: core.options.name, news)])
    _ = try await core.store.evict(core.membership.id)
  }

  /// Cancels the attempt if somebody has asked for the end of its job.
  package func hearRequests() async { await core.hearRequests() }

  /// Leaves the store.
  package func leave() async throws { try await core.membership.leave() }
}

extension SingleWorker.Ended {
  fileprivate init(_ outcome: RunOutcome, _ progress: JobProgress?) {
    self.progress = progress
    isHandedBack = false
    switch outcome {
    case .returned: break
    case .threw(let thrown): error = thrown
    case .timedOut(let exceeded): error = exceeded
    case .handedBack: isHandedBack = true
    }
  }
}

internal import FoundationEssentials
internal import Instrumentation
internal import Logging
internal import ServiceContextModule
internal import SkeinFutures
internal import SkeinSync
internal import Tracing

/// One place of a worker: runs one job after the other.
///
/// An attempt is a value, ``Execution``, that goes through named steps:
/// place → note → arm → run → settle → record → free.
struct Executor: Sendable {
  let core: WorkerCore
  let place: Int

  func run() async {
    while let job = await core.buffer.next() {
      core.bell.set()
      await run(job)
    }
  }

  private func run(_ job: ClaimedJob) async {
    let (execution, outcome) = await attempt(job)
    if let outcome, execution.settle() {
      await record(execution, outcome)
    } else {
      // Somebody else has the last word: a hard limit, or the worker that leaves. It must not leave before that is said.
      _ = await execution.waitForRecord()
    }
    core.end(execution)
    core.bell.set()
  }

  /// Takes the steps from the place to the end of the job's code; the rest is the caller's.
  ///
  /// - Returns: `nil` for the outcome when the worker has given the job back and does not wait for its code to end.
  func attempt(_ job: ClaimedJob) async -> (Execution, RunOutcome?) {
    core.step(.placed, job.token)
    let execution = place(job)
    core.begin(execution)
    core.step(.noted, job.token)
    arm(execution)
    let outcome = await perform(execution)
    core.step(.ran, job.token)
    return (execution, outcome)
  }

  private func place(_ job: ClaimedJob) -> Execution {
    Execution(job: job, place: place, store: core.store, logger: core.logger) { [core, place] group in
      core.membership.noteProcessGroup(group, place: place)
    }
  }

  private func arm(_ execution: Execution) {
    execution.arm { [core] exceeded in
      guard execution.settle() else { return }
      execution.context.logger.error("\(exceeded)")
      Task { await core.record(execution, .timedOut(exceeded)) }
    }
  }

  private func perform(_ execution: Execution) async -> RunOutcome? {
    let job = execution.job
    guard let entry = core.registry[job.kind.name], entry.payloadVersion >= job.kind.payloadVersion else {
      // The claim leaves such jobs alone; the registry is a value, so this is for a store that does not.
      return .threw(UndecodableInput(message: "this worker does not know job '\(job.kind.name)'"))
    }
    return await execution.run(on: threads(for: entry)) { [core] in
      // Read here and not in the claim: what is joined may be much.
      let inputs = job.ties.contains(.needsOthers) ? try await core.membership.inputs(of: job.token) : []
      let running = RunningJob(id: job.id, rootID: job.payload.rootID ?? job.id)
      return try await RunningJob.$current.withValue(running) {
        try await JobInputs.$current.withValue(JobInputs(inputs)) {
          try await traced(job) {
            if entry.isIsolated, let processes = core.processes {
              return try await processes.run(execution, inputs: inputs)
            }
            return try await entry.run(job.payload, execution.context)
          }
        }
      }
    }
  }

  /// The threads that the code prefers: one that runs elsewhere needs none.
  private func threads(for entry: JobRegistry.Entry) -> ParallelPool? {
    let isElsewhere = entry.isIsolated && core.processes != nil
    return entry.blocks && !isElsewhere ? core.blockingThreads : nil
  }

  /// Stores the end of an attempt: at once for a job that asks for it, else beside the next attempt.
  private func record(_ execution: Execution, _ outcome: RunOutcome) async {
    if execution.job.kind.acknowledgesExactly { return await core.record(execution, outcome) }
    await core.unacked.acquireShielded()
    Task { [core] in
      await core.record(execution, outcome)
      core.unacked.release()
    }
  }
}

/// Runs `body` in a span that continues the producer's trace.
private func traced(_ job: ClaimedJob, _ body: () async throws -> Data) async throws -> Data {
  var context = ServiceContext.current ?? .topLevel
  if let traceparent = job.payload.traceparent {
    InstrumentationSystem.instrument.extract(
      ["traceparent": traceparent], into: &context, using: HeaderCarrier())
  }
  return try await withSpan("job \(job.kind.name)", context: context, ofKind: .consumer) { span in
    span.attributes["skein.job.id"] = job.id.description
    span.attributes["skein.job.attempt"] = job.attempt
    span.attributes["skein.job.queue"] = job.queue
    return try await body()
  }
}

internal import FoundationEssentials
internal import Logging
internal import SkeinProcesses
internal import SkeinSync

/// The processes in which a worker runs its jobs: as many as run at once, kept for the next ones.
final class JobProcesses: Sendable {
  private struct State: Sendable {
    /// Those that run nothing, the one that did last at the end.
    var idle: [JobProcess] = []
    var lastNumber = 0
  }

  private let state = Lock(State(), name: "job processes")
  private let logger: Logger
  private let passesOutputOn: Bool

  init(logger: Logger, passesOutputOn: Bool) {
    self.logger = logger
    self.passesOutputOn = passesOutputOn
  }

  /// Runs an attempt in a process.
  ///
  /// - Cancellation: the job's task is cancelled there; the call ends with the attempt, or with the process.
  func run(_ execution: Execution, inputs: [JobInput]) async throws -> Data {
    let process = try await borrow()
    defer { giveBack(process) }
    // It can be killed from now on: by a hard limit, or by a worker that leaves.
    execution.runs(in: process)
    defer { execution.runs(in: nil) }
    // A task of its own, for this one's cancellation is told to the job, whose end it waits for.
    let running = Task { [logger] in
      try await process.run(JobProcessCall(execution, inputs, logger), execution.context, logger)
    }
    return try await withTaskCancellationHandler {
      try await running.value
    } onCancel: {
      process.cancel(isRequested: execution.context.isCancelRequested)
    }
  }

  private func borrow() async throws -> JobProcess {
    while let process = state.withLock({ $0.idle.popLast() }) {
      if process.isUsable { return process }
    }
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    return try await JobProcess.start(name: "skein-job-\(number)", passesOutputOn: passesOutputOn)
  }

  private func giveBack(_ process: JobProcess) {
    guard process.isUsable else { return }
    state.withLock { $0.idle.append(process) }
  }
}

extension JobProcessCall {
  fileprivate init(_ execution: Execution, _ inputs: [JobInput], _ logger: Logger) {
    let job = execution.job
    id = job.id
    rootID = job.payload.rootID ?? job.id
    attempt = job.attempt
    queue = job.queue
    name = job.kind.name
    input = job.payload.kwargs
    self.inputs = inputs.map { Input(job: $0.job, result: $0.result) }
    logLevel = logger.logLevel.rawValue
    secondsLeft = execution.context.deadline.map { ContinuousClock.now.duration(to: $0) / .seconds(1) }
  }
}

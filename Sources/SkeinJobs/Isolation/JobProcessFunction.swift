internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import SkeinProcesses
internal import SkeinSync
internal import SkeinWork

/// What a process does that runs jobs for a worker: one after the other, until its connection ends.
struct JobProcessFunction: RemoteFunction {
  static let name = "skein.jobs"
  /// The jobs that this program knows. Set before the process becomes a child.
  static let registry = Lock<JobRegistry?>(nil, name: "jobs of processes")

  /// Whether processes of this program can run jobs.
  static var isPrepared: Bool { registry.withLock { $0 != nil } }

  var worker: Connection

  @available(*, noasync)
  func run() throws -> Nothing {
    // A Ctrl-C at the terminal is for the worker, which lets its jobs end.
    setpgid(0, 0)
    let registry = try Self.registry.withLock { $0 } ?? JobRegistry()
    let attempts = IsolatedAttempts(worker, registry)
    try worker.send(JobProcessNews.ready)
    while true {
      let request: JobProcessRequest
      do { request = try worker.receive() } catch ConnectionError.ended { return Nothing() }
      switch request {
      case .run(let call): attempts.begin(call)
      case .cancel(let isRequested): attempts.cancel(isRequested: isRequested)
      }
    }
  }
}

/// The attempt that runs in this process.
private final class IsolatedAttempts: Sendable {
  private struct State {
    var task: Task<Void, Never>?
    var notes: AttemptNotes?
  }

  private let worker: Connection
  private let registry: JobRegistry
  private let state = Lock(State(), name: "isolated attempt")
  /// Who tells what is new: its pieces keep their order.
  private let telling = Semaphore(permits: 1, name: "telling")

  init(_ worker: Connection, _ registry: JobRegistry) {
    self.worker = worker
    self.registry = registry
  }

  func begin(_ call: JobProcessCall) {
    let notes = AttemptNotes(processGroupStarted: { _ in }, onChange: { [weak self] in self?.tell($0) })
    let task = Task { [self] in
      let end: JobProcessNews
      do { end = .returned(try await perform(call, notes)) } catch { end = .threw(JobProcessFailure(error)) }
      tell(notes)
      // A worker that is not there any more needs no answer: this process ends with it.
      try? await worker.send(end)
    }
    state.withLock { $0 = State(task: task, notes: notes) }
  }

  func cancel(isRequested: Bool) {
    let state = state.withLock { state in (state.task, state.notes) }
    if isRequested { state.1?.update { $0.isCancelRequested = true } }
    state.0?.cancel()
  }

  private func perform(_ call: JobProcessCall, _ notes: AttemptNotes) async throws -> Data {
    guard let entry = registry[call.name] else {
      throw UndecodableInput(message: "the worker's process does not know job '\(call.name)'")
    }
    var logger = Logger(label: "skein.job") { [worker] _ in ForwardingLogHandler(worker: worker) }
    logger.logLevel = Logger.Level(rawValue: call.logLevel) ?? .info
    let context = JobContext(
      id: call.id, attempt: call.attempt, queue: call.queue,
      deadline: call.secondsLeft.map { .now.advanced(by: .seconds($0)) }, logger: logger, notes: notes)
    let inputs = JobInputs(call.inputs.map { JobInput(job: $0.job, result: $0.result) })
    return try await RunningJob.$current.withValue(RunningJob(id: call.id, rootID: call.rootID)) {
      try await JobInputs.$current.withValue(inputs) {
        try await entry.run(JobPayload(kwargs: call.input), context)
      }
    }
  }

  /// Tells the worker what the attempt has left: at once, since the next instruction may be the last.
  private func tell(_ notes: AttemptNotes) {
    sendBlocking {
      try telling.withPermit {
        guard let news = notes.takeNews() else { return }
        let told = JobProcessNotes(log: news.log, progress: news.progress, processGroup: news.processGroup)
        try worker.send(JobProcessNews.notes(told))
      }
    }
  }
}

/// Sends from code that can not await, which a worker that is behind holds up.
private func sendBlocking(_ body: () throws -> Void) {
  // A worker that is not there any more hears nothing: this process ends with it.
  try? body()
}

/// Sends records to the worker, which has the log.
private struct ForwardingLogHandler: LogHandler {
  let worker: Connection
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    let record = JobProcessRecord(
      level: event.level.rawValue, message: "\(event.message)", metadata: all.mapValues { "\($0)" })
    sendBlocking { try worker.send(JobProcessNews.logged(record)) }
  }
}

public import FoundationEssentials
public import Logging
internal import SkeinSync
internal import SkeinWork

/// What a job knows of the attempt that runs it, and where it leaves its log and progress.
public struct JobContext: Sendable {
  /// The job's identity.
  public let id: JobID
  /// The number of this attempt, from 1.
  public let attempt: Int
  /// The queue that the job came from.
  public let queue: String
  /// When the attempt must have ended: its hard time limit, else its soft one; `nil` when it has none.
  public let deadline: ContinuousClock.Instant?
  /// Writes to the worker's log, with the job's metadata, and to the log that is kept with the attempt.
  public let logger: Logger

  let notes: AttemptNotes
  private let clock: @Sendable () -> Date

  /// The time by which the queue works: the present, but for tests that move it by hand.
  public var now: Date { clock() }

  /// Creates a context for a job that runs without a queue: in a test, for one.
  ///
  /// What it leaves can be read through ``log`` and ``progress``.
  ///
  /// - Parameters:
  ///   - id: the job's identity.
  ///   - attempt: the number of the attempt.
  ///   - queue: the queue that it is said to come from.
  ///   - logger: where its log goes.
  ///   - clock: tells ``now``.
  public init(
    id: JobID = JobID(), attempt: Int = 1, queue: String = "default", logger: Logger? = nil,
    clock: @escaping @Sendable () -> Date = { Date() }
  ) {
    self.init(
      id: id, attempt: attempt, queue: queue, deadline: nil, clock: clock,
      logger: logger ?? Logger(label: "skein.job"), notes: AttemptNotes(processGroupStarted: { _ in }))
  }

  init(
    id: JobID, attempt: Int, queue: String, deadline: ContinuousClock.Instant?,
    clock: @escaping @Sendable () -> Date = { Date() }, logger: Logger, notes: AttemptNotes
  ) {
    self.id = id
    self.attempt = attempt
    self.queue = queue
    self.deadline = deadline
    self.clock = clock
    self.notes = notes
    let base = logger
    var logger = Logger(label: logger.label) { _ in AttemptLogHandler(base: base, notes: notes) }
    logger.logLevel = base.logLevel
    logger[metadataKey: "job"] = "\(id)"
    logger[metadataKey: "attempt"] = "\(attempt)"
    self.logger = logger
  }

  // MARK: Others

  /// The results of the jobs that this one has waited for, in the order in which they were named, those last that were
  /// put alongside of them; without those that gave none.
  ///
  /// - Throws: `DecodingError` when one of them is of another type.
  public func results<Value: Decodable>(as type: Value.Type) throws -> [Value] {
    try (JobInputs.current?.inputs ?? []).compactMap(\.result).map { try JSONCodec().decode(type, from: $0) }
  }

  // MARK: Progress

  /// Says how far the attempt is. It is stored several times a second at the most, however often it is called.
  ///
  /// - Parameters:
  ///   - fraction: from 0 to 1; other values are brought into that range.
  ///   - message: what it is doing.
  public func reportProgress(_ fraction: Double, _ message: String? = nil) {
    notes.update { $0.progress = JobProgress(fraction: fraction, message: message) }
  }

  /// What was reported last.
  public var progress: JobProgress? { notes.read { $0.progress } }

  // MARK: Log

  /// How many bytes of an attempt's log are kept: 1 MiB. What comes after is left out, and the log says so.
  public static let mostLogBytes = 1 << 20

  /// Appends bytes to the log that is kept with the attempt.
  public func appendLog(_ bytes: some Sequence<UInt8>) {
    notes.update { $0.append(Data(bytes)) }
  }

  /// Appends a line to the log that is kept with the attempt.
  public func appendLog(line: String) {
    notes.update { $0.append(Data((line + "\n").utf8)) }
  }

  /// The part of the log that is not stored yet.
  public var log: Data { notes.read { $0.log } }

  // MARK: Cancellation and processes

  /// Throws `CancellationError` when the attempt should stop.
  public func checkCancellation() throws { try Task.checkCancellation() }

  /// Whether somebody asked for the job's cancellation. The task is cancelled then as well as at a time limit.
  public var isCancelRequested: Bool { notes.read { $0.isCancelRequested } }

  /// Tells that the attempt has started a group of processes. If the worker dies, whoever takes up the job kills the
  /// group first.
  public func processGroupStarted(_ group: Int32) {
    notes.update { $0.processGroup = group }
    notes.processGroupStarted(group)
  }
}

/// What an attempt leaves while it runs, until the worker stores it.
final class AttemptNotes: Sendable {
  struct State {
    var progress: JobProgress?
    var log = Data()
    var keptBytes = 0
    var isCut = false
    var processGroup: Int32?
    var isCancelRequested = false
    /// Whether anything is new since the worker looked.
    var isChanged = false

    mutating func append(_ bytes: Data) {
      let kept = bytes.prefix(JobContext.mostLogBytes - keptBytes)
      log.append(kept)
      keptBytes += kept.count
      guard kept.count < bytes.count, !isCut else { return }
      isCut = true
      log.append(Data("\n[the log ends here: only \(JobContext.mostLogBytes) bytes of it are kept]\n".utf8))
    }
  }

  private let state = Lock(State(), name: "attempt notes")
  let processGroupStarted: @Sendable (Int32) -> Void
  /// Is called after each change, under no lock.
  private let onChange: (@Sendable (AttemptNotes) -> Void)?

  init(
    processGroupStarted: @escaping @Sendable (Int32) -> Void,
    onChange: (@Sendable (AttemptNotes) -> Void)? = nil
  ) {
    self.processGroupStarted = processGroupStarted
    self.onChange = onChange
  }

  func update(_ change: (inout State) -> Void) {
    state.withLock { state in
      change(&state)
      state.isChanged = true
    }
    onChange?(self)
  }

  func read<Value>(_ body: (State) -> Value) -> Value {
    state.withLock { state in
      nonisolated(unsafe) let value = body(state)  // State holds values only, so nothing of it is shared.
      return value
    }
  }

  /// What is new since the last call; `nil` when nothing is. The log is handed over and emptied.
  func takeNews() -> State? {
    state.withLock { state in
      guard state.isChanged else { return nil }
      let news = state
      state.isChanged = false
      state.log = Data()
      return news
    }
  }
}

extension AttemptNotes {
  /// Puts back what could not be stored, before what has come since.
  func restore(_ news: State?) {
    guard let news else { return }
    update { $0.log = news.log + $0.log }
  }
}

/// Writes what a job logs to the worker's log and, as text, to the attempt's.
private struct AttemptLogHandler: LogHandler {
  var base: Logger
  let notes: AttemptNotes
  var metadata: Logger.Metadata = [:] {
    didSet { for (key, value) in metadata { base[metadataKey: key] = value } }
  }
  var logLevel: Logger.Level {
    get { base.logLevel }
    set { base.logLevel = newValue }
  }

  init(base: Logger, notes: AttemptNotes) {
    self.base = base
    self.notes = notes
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    notes.update { $0.append(Data("\(event.level): \(event.message)\n".utf8)) }
    base.log(
      level: event.level, event.message, metadata: event.metadata, source: event.source, file: event.file,
      function: event.function, line: event.line)
  }
}

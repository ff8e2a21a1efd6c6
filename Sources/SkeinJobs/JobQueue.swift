public import FoundationEssentials
public import GRDB
internal import Instrumentation
internal import ServiceContextModule
internal import SkeinSync
internal import SkeinWork

/// A durable queue of jobs: what goes in comes out done, through crashes and restarts.
///
/// ```swift
/// let queue = try await JobQueue(directory: "/var/lib/example")
/// let handle = try await queue.enqueue(Resize(path: "a.png")) { $0.priority = 9 }
/// let width = try await handle.result(timeout: .seconds(30))
/// ```
///
/// When a call that stores something returns, that is on disk: it survives the death of the process and of the machine.
/// Jobs run at least once: a ``Worker`` that dies during an attempt, or before its end was stored, leaves a job that is
/// run again.
public final class JobQueue: Sendable {
  /// Where the jobs are kept.
  public let store: any JobStore

  private let changes: SignalHub
  private let endings: JobEndings

  /// Creates a queue over a store.
  public init(store: any JobStore) {
    self.store = store
    changes = SignalHub(store.signals.changes)
    endings = JobEndings(store: store, hub: changes)
  }

  /// Opens the queue in a directory, creating it if need be.
  ///
  /// - Throws: ``JobQueueError``, as ``SQLiteJobStore/init(directory:)``.
  public convenience init(directory: String) async throws {
    self.init(store: try await SQLiteJobStore(directory: directory))
  }

  /// Closes the store. Whoever waits for a result gets an error.
  public func close() async throws { try await store.close() }

  // MARK: Enqueue

  /// Stores a job.
  ///
  /// - Parameters:
  ///   - job: its stored properties become the input.
  ///   - change: changes the options that the job's type gives.
  /// - Returns: a handle on the job, or on the unfinished one that has the same unique key.
  /// - Throws: ``JobQueueError`` with code `invalidInput` before anything is stored, or why it could not be stored.
  public func enqueue<J: Job>(_ job: J, _ change: (inout JobOptions) -> Void = { _ in }) async throws
    -> JobHandle<J>
  {
    try await enqueue([job], change)[0]
  }

  /// Stores many jobs at once: all or none.
  public func enqueue<J: Job>(
    _ jobs: [J], _ change: (inout JobOptions) -> Void = { _ in }
  ) async throws -> [JobHandle<J>] {
    let now = store.now
    let new = try jobs.map { try NewJob($0, now: now, change) }
    return try await store.enqueue(new).map(handle)
  }

  /// Stores a job in a transaction of the caller's own: it exists if and only if that transaction is committed.
  ///
  /// - Parameter db: a connection, inside a transaction, to the queue's own database (``SQLiteJobStore/databasePath``).
  /// - Throws: ``JobQueueError`` with code `storeUnavailable` when the queue is not kept in SQLite.
  public func enqueue<J: Job>(
    _ job: J, in db: Database, _ change: (inout JobOptions) -> Void = { _ in }
  ) throws -> JobHandle<J> {
    guard let store = store as? SQLiteJobStore else {
      throw JobQueueError(
        .storeUnavailable, "only a queue in SQLite can take jobs in a transaction of SQLite's")
    }
    return handle(try store.enqueue([NewJob(job, now: store.now, change)], in: db)[0])
  }

  /// Stores the jobs of a flow, all or none.
  ///
  /// - Throws: ``JobQueueError`` before anything is stored: `jobNotFound` when a job waits for one that there is not.
  public func enqueue(_ flow: JobFlow) async throws -> EnqueuedFlow {
    let jobs = try flow.newJobs(now: store.now)
    return EnqueuedFlow(id: flow.id, asked: jobs, jobs: try await store.enqueue(jobs), queue: self)
  }

  /// Stores jobs from within a running one: whoever waits for that one waits for these as well, in the same way, and they
  /// join its flow. So a job can spread out into more of them while the join that follows it holds on.
  ///
  /// - Parameters:
  ///   - jobs: their stored properties become the inputs.
  ///   - context: of the running job.
  ///   - change: changes the options that the jobs' type gives.
  /// - Throws: ``JobQueueError`` with code `wrongState` when that job has ended, because its worker was taken for dead.
  public func enqueue<J: Job>(
    _ jobs: [J], alongside context: JobContext, _ change: (inout JobOptions) -> Void = { _ in }
  ) async throws -> [JobHandle<J>] {
    let now = store.now
    let new = try jobs.map { job in
      var new = try NewJob(job, now: now, change)
      new.alongside = context.id
      return new
    }
    return try await store.enqueue(new).map(handle)
  }

  /// Stores jobs that are known by name only.
  public func enqueue(_ jobs: [NewJob]) async throws -> [EnqueuedJob] { try await store.enqueue(jobs) }

  // MARK: Jobs

  /// The job with this id; `nil` when there is none.
  public func job(_ id: JobID) async throws -> JobRecord? { try await store.job(id) }

  /// Where a job stands.
  ///
  /// - Throws: ``JobQueueError`` with code `jobNotFound`.
  public func status(of id: JobID) async throws -> JobState { try await find(id).state }

  /// Cancels a job that has not started; asks a running one to stop, which its worker hears within milliseconds.
  ///
  /// - Returns: the record after the request; a finished job is left as it is.
  /// - Throws: ``JobQueueError`` with code `jobNotFound`.
  @discardableResult
  public func cancel(_ id: JobID) async throws -> JobRecord { try await store.cancel(id) }

  /// Makes a failed, cancelled or expired job ready again.
  ///
  /// - Throws: ``JobQueueError`` with code `jobNotFound` or `wrongState`.
  @discardableResult
  public func retry(_ id: JobID) async throws -> JobRecord { try await store.retry(id) }

  /// Waits until a job's life is over.
  ///
  /// - Parameter timeout: how long to wait at the longest; `nil` means as long as it takes.
  /// - Returns: the record of the finished job.
  /// - Throws: ``JobQueueError`` with code `jobNotFound` or `timedOut`; `CancellationError`. The job goes on.
  public func waitForEnd(of id: JobID, timeout: Duration? = nil) async throws -> JobRecord {
    try await endings.wait(for: id, timeout: timeout)
  }

  /// Waits for the end of a job and gives its result.
  ///
  /// - Throws: as ``JobHandle/result(timeout:)``.
  public func result<Value: Decodable>(
    of id: JobID, as type: Value.Type, timeout: Duration? = nil
  ) async throws -> Value {
    let record = try await waitForEnd(of: id, timeout: timeout)
    switch record.state {
    case .succeeded: break
    case .cancelled: throw JobQueueError(.jobCancelled, "job \(id) was cancelled")
    case .expired: throw JobQueueError(.jobExpired, "job \(id) expired before it could start")
    default: throw try await failure(record)
    }
    guard let data = try await store.result(of: record.sequence) else {
      throw JobQueueError(.jobNotFound, "the result of job \(id) is not kept any more")
    }
    return try JSONCodec().decode(type, from: data)
  }

  private func failure(_ record: JobRecord) async throws -> JobQueueError {
    let last = try await store.attempts(of: record.sequence).last?.error
    let why = record.life.reason.map { " (\($0.name))" } ?? ""
    let message = last.map { ": \($0.type): \($0.message)" } ?? ""
    return JobQueueError(
      .jobFailed, "job \(record.id) failed after \(record.life.attempts) attempts\(why)\(message)")
  }

  /// The changes of all jobs, from now on or from a revision that was seen before.
  public func events(after revision: Int64? = nil) -> JobEvents {
    JobEvents(store: store, hub: changes, start: revision)
  }

  /// Waits until something has changed since a revision; returns at once when it has.
  ///
  /// - Parameter timeout: how long to wait at the longest.
  /// - Returns: whether something has.
  /// - Throws: `CancellationError`; ``JobQueueError`` when the store can not be read.
  public func waitForChange(after revision: Int64, timeout: Duration) async throws -> Bool {
    let listener = JobEvents.Listener(changes)
    let end = MonotonicClock().now.advanced(by: timeout)
    while true {
      listener.news.reset()
      if try store.revision() > revision { return true }
      do { try await listener.news.wait(until: end, clock: MonotonicClock()) } catch {
        if error == .timedOut { return false }
        throw CancellationError()
      }
    }
  }

  // MARK: Queues

  /// Holds back the jobs of a queue; running ones go on.
  public func pause(_ queue: String = "default") async throws {
    try JobOptions.check(queueName: queue)
    try await store.setPaused(true, queue: queue)
  }

  /// Hands out the jobs of a queue again.
  public func resume(_ queue: String = "default") async throws {
    try JobOptions.check(queueName: queue)
    try await store.setPaused(false, queue: queue)
  }

  /// Removes the jobs of a queue that are in one of `states`, by default those that have not started. Running jobs stay.
  ///
  /// - Returns: how many were removed.
  public func purge(
    _ queue: String = "default", states: Set<JobState> = [.waiting, .scheduled, .ready]
  ) async throws -> Int {
    try JobOptions.check(queueName: queue)
    return try await store.purge(queue: queue, states: states)
  }

  // MARK: Schedules

  /// Has a job enqueued again and again, at the ticks of a schedule.
  ///
  /// Any number of workers may run: each tick enqueues its job once. The schedule is kept in the queue and works as long
  /// as some worker does.
  ///
  /// ```swift
  /// try await queue.schedule("report", .cron("30 4 * * MON-FRI", timeZone: "Europe/Berlin"), Report())
  /// ```
  ///
  /// - Parameters:
  ///   - name: what it is called; a schedule that has the name is replaced.
  ///   - schedule: when.
  ///   - job: what each tick enqueues.
  ///   - catchUp: what becomes of ticks at which no worker was there.
  ///   - avoidsOverlap: whether a tick is passed over while the job of an earlier one is unfinished.
  ///   - change: changes the options that the job's type gives; an expiry counts from the start of
  ///     each run, a delay does not count.
  /// - Returns: the schedule as it is stored. One that was paused under this name stays so; while its times are the same,
  ///   ticks that were missed are made up for.
  /// - Throws: ``JobQueueError`` with code `invalidInput` before anything is stored, or why it could not be stored.
  @discardableResult
  public func schedule<J: Job>(
    _ name: String, _ schedule: JobSchedule, _ job: J, catchUp: CatchUpPolicy = .once,
    avoidsOverlap: Bool = false,
    _ change: (inout JobOptions) -> Void = { _ in }
  ) async throws -> ScheduleRecord {
    var options = job.options
    change(&options)
    let new = try NewSchedule(
      name: name, schedule: schedule, job: NewJob(job, now: store.now, change), expiry: options.expiry,
      catchUp: catchUp, avoidsOverlap: avoidsOverlap)
    return try await store.put(new).record
  }

  /// All schedules, in the order of their names.
  public func schedules() async throws -> [ScheduleRecord] { try await store.schedules() }

  /// Removes a schedule; jobs that it has enqueued stay.
  ///
  /// - Returns: whether there was one.
  @discardableResult
  public func removeSchedule(_ name: String) async throws -> Bool { try await store.removeSchedule(name) }

  // MARK: Limits

  /// Limits how many jobs of a name, or with a concurrency key, run at once, and how many start in a span: over all
  /// workers, from now on. It takes the place of a limit for the same subject.
  ///
  /// - Throws: ``JobQueueError`` with code `invalidInput` before anything is stored.
  public func setLimit(_ limit: JobLimit) async throws {
    try limit.validate()
    try await store.setLimit(limit)
  }

  /// Takes a limit away.
  ///
  /// - Returns: whether there was one.
  @discardableResult
  public func removeLimit(_ subject: JobLimit.Subject) async throws -> Bool {
    try await store.removeLimit(subject)
  }

  /// All limits, names before keys, in the order of their texts.
  public func limits() async throws -> [JobLimit] { try await store.limits() }

  // MARK: Upkeep

  /// Removes the finished jobs that have been kept long enough, as workers do by themselves now and then.
  ///
  /// - Parameter policy: how long those are kept that do not say so themselves.
  /// - Returns: how many were removed.
  /// - Throws: ``JobQueueError``; what was removed before stays removed.
  /// - Cancellation: it ends between two batches.
  @discardableResult
  public func prune(_ policy: RetentionPolicy = RetentionPolicy()) async throws -> Int {
    try policy.validate()
    var total = 0
    while true {
      let removed = try await store.prune(policy, limit: Self.pruneBatch)
      total += removed
      guard removed == Self.pruneBatch else { return total }
      try Task.checkCancellation()
    }
  }

  /// So many jobs are removed in one transaction, which holds up other writers for some milliseconds.
  static let pruneBatch = 500

  /// How many jobs each queue has in each state.
  ///
  /// - Complexity: O(jobs).
  public func counts() async throws -> [QueueCounts] { try await store.counts() }

  private func handle<J>(_ job: EnqueuedJob) -> JobHandle<J> {
    JobHandle(id: job.id, isExisting: job.isExisting, queue: self)
  }

  func find(_ id: JobID) async throws -> JobRecord {
    guard let job = try await store.job(id) else { throw JobQueueError.notFound(id) }
    return job
  }
}

extension NewJob {
  /// Encodes a job.
  ///
  /// - Parameters:
  ///   - job: its stored properties become the input.
  ///   - now: from when a delay, an expiry and the period of a unique key count.
  ///   - change: changes the options that the job's type gives.
  /// - Throws: ``JobQueueError`` with code `invalidInput` when it has no JSON form, or its options are not acceptable.
  public init<J: Job>(
    _ job: J, now: Date = Date(), _ change: (inout JobOptions) -> Void = { _ in }
  ) throws {
    var options = job.options
    change(&options)
    let codec = JSONCodec()
    let references = JobReferences()
    let kwargs: Data
    do {
      kwargs = try JobReferences.$current.withValue(references) { try codec.encode(job) }
    } catch {
      throw JobQueueError(
        .invalidInput, "the input of job '\(J.name)' can not be encoded: \(error)", cause: error)
    }
    guard kwargs.first == UInt8(ascii: "{") else {
      throw JobQueueError.invalidInput(
        "the input of job '\(J.name)' must encode to an object with named values")
    }
    var payload = JobPayload(kwargs: kwargs)
    payload.inheritContext()
    try self.init(
      name: J.name, payloadVersion: J.payloadVersion, contentType: codec.contentType, payload: payload,
      options: options, now: now)
    dependencies = references.all.map { JobDependency(on: $0) }
  }
}

extension JobPayload {
  /// Takes the trace and the family from the task that enqueues: inside a job, the new one becomes its child.
  mutating func inheritContext() {
    if let running = RunningJob.current {
      parentID = running.id
      rootID = running.rootID
    }
    guard let context = ServiceContext.current else { return }
    var carrier: [String: String] = [:]
    InstrumentationSystem.instrument.inject(context, into: &carrier, using: HeaderCarrier())
    traceparent = carrier["traceparent"]
  }
}

/// Reads and writes trace headers of a dictionary.
struct HeaderCarrier: Injector, Extractor {
  func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
    carrier[key] = value
  }
  func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
}

/// The job that the current task runs.
struct RunningJob: Sendable {
  @TaskLocal static var current: RunningJob?

  var id: JobID
  var rootID: JobID
}

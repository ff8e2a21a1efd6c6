public import FoundationEssentials
public import SkeinSync

/// Where jobs are kept. ``JobQueue`` and ``Worker`` stand on it; every implementation passes `exerciseJobStore`.
///
/// Each call is atomic: it happens as a whole or, when it throws, not at all. What is said to be *promised* is safe
/// from a crash of the process and of the machine when the call returns; the rest may be lost with the machine's power,
/// after which the jobs concerned run again.
public protocol JobStore: Sendable {
  /// What moves when there is news, in this process or another one.
  var signals: StoreSignals { get }

  /// The time by which jobs come due: the present, unless a test has the store say otherwise.
  var now: Date { get }
  /// Whether ``now`` is not the present, so that spans are measured by it as well.
  var hasOwnTime: Bool { get }

  // MARK: Producers

  /// Stores jobs, all or none. Promised.
  ///
  /// Those that wait for others of the same call may come before them.
  ///
  /// - Returns: for each job, in order, the record that now stands for it: an earlier one when the unique key was taken.
  /// - Throws: ``JobQueueError``: `invalidInput` when jobs wait for each other in a circle; `jobNotFound` when one waits
  ///   for a job that there is not; `duplicate` when a unique key is taken and that is to be an error.
  func enqueue(_ jobs: [NewJob]) async throws -> [EnqueuedJob]

  /// Asks for a job's end: one that waits is cancelled, one that runs is asked to stop. Promised.
  ///
  /// - Returns: the record after the request. A finished job is left as it is.
  /// - Throws: ``JobQueueError`` with code `jobNotFound`.
  func cancel(_ id: JobID) async throws -> JobRecord

  /// Makes a failed, cancelled or expired job ready again, with a clean record; or has it wait, when jobs that it depends
  /// on are unfinished. Jobs that were cancelled because of it wait for it again. Promised.
  ///
  /// - Throws: ``JobQueueError`` with code `jobNotFound`, or `wrongState`: it is in another state, its unique key is taken,
  ///   or it was cancelled because of a job that it needs, which is the one to retry.
  func retry(_ id: JobID) async throws -> JobRecord

  /// Stops or resumes the handing out of a queue's jobs. Promised.
  func setPaused(_ isPaused: Bool, queue: String) async throws

  /// Removes jobs of a queue that are in one of `states`; running jobs are never removed, and neither are finished ones
  /// whose results are still waited for. Who waits for an unfinished one learns that it was cancelled. Promised; a store
  /// may do so in parts, of which those before an error stay removed.
  ///
  /// - Returns: how many were removed.
  func purge(queue: String, states: Set<JobState>) async throws -> Int

  /// Removes finished jobs that have been kept long enough, at most `limit` of them. Not promised.
  ///
  /// - Returns: how many were removed; as many as the limit means that there may be more.
  func prune(_ policy: RetentionPolicy, limit: Int) async throws -> Int

  // MARK: Schedules

  /// Stores a schedule, in the place of one with the same name. Promised.
  ///
  /// - Returns: the record, without its runs, and whether it replaces one.
  @discardableResult
  func put(_ schedule: NewSchedule) async throws -> (record: ScheduleRecord, isReplaced: Bool)
  /// Removes a schedule; jobs that it has enqueued stay. Promised.
  ///
  /// - Returns: whether there was one.
  func removeSchedule(_ name: String) async throws -> Bool
  /// Has a schedule's ticks passed over, or not any more. Promised.
  ///
  /// - Returns: whether there is one.
  func setPaused(_ isPaused: Bool, schedule: String) async throws -> Bool
  /// Enqueues a schedule's job now, beside its ticks. Promised.
  ///
  /// - Returns: `nil` when there is no such schedule.
  func runSchedule(_ name: String) async throws -> EnqueuedJob?
  /// All schedules, in the order of their names; those that this program can not read, because another version has
  /// written them, are left out.
  func schedules() async throws -> [ScheduleRecord]
  /// Enqueues the jobs of all ticks that have come up until `now`: each tick once, whoever asks and how often. Promised.
  ///
  /// - Returns: how many, and when to ask again at the latest.
  func enqueueDue(now: Date) async throws -> DueSchedules

  // MARK: Limits

  /// Sets a limit, in the place of one for the same subject. Promised.
  func setLimit(_ limit: JobLimit) async throws
  /// Takes a limit away. Promised.
  ///
  /// - Returns: whether there was one.
  func removeLimit(_ subject: JobLimit.Subject) async throws -> Bool
  /// All limits, names before keys, in the order of their texts.
  func limits() async throws -> [JobLimit]

  // MARK: Looking

  /// The job with this id; `nil` when there is none.
  func job(_ id: JobID) async throws -> JobRecord?
  /// The job with this place in the order of coming; `nil` when there is none.
  func job(sequence: Int64) async throws -> JobRecord?
  /// Jobs that fit a filter, in its order: the latest first, unless told.
  func jobs(_ filter: JobFilter) async throws -> [JobRecord]
  /// The payload of a job; `nil` when there is no such job.
  func payload(of sequence: Int64) async throws -> JobPayload?
  /// The encoded result of a job; `nil` when it has none.
  func result(of sequence: Int64) async throws -> Data?
  /// What a job has waited for, in the order in which it was named, with the results.
  func inputs(of sequence: Int64) async throws -> [JobInput]
  /// The links among a job and all that it is tied to, directly or through others, up to `limit` jobs.
  func links(around sequence: Int64, limit: Int) async throws -> [JobLink]
  /// The attempts of a job, the first one first.
  func attempts(of sequence: Int64) async throws -> [AttemptRecord]
  /// What an attempt wrote, from `offset` bytes on.
  func log(of sequence: Int64, attempt: Int, from offset: Int) async throws -> Data
  /// The payloads of several jobs, by their numbers; a job that there is not is left out.
  func payloads(of sequences: [Int64]) async throws -> [Int64: JobPayload]
  /// The last attempts of several jobs, by their numbers; a job without one is left out.
  func lastAttempts(of sequences: [Int64]) async throws -> [Int64: AttemptRecord]
  /// Where jobs stand, in little, in the order of coming: those behind a number, at most `limit` of them. By this all jobs
  /// are gone through in steps.
  func outlines(after sequence: Int64, limit: Int) async throws -> [JobOutline]
  /// The queues that there ever were, and whether their jobs are held back.
  func queues() async throws -> [String: Bool]
  /// How many jobs there are.
  func jobCount() async throws -> Int
  /// How many jobs each queue has in each state.
  func counts() async throws -> [QueueCounts]
  /// Jobs that changed after a revision, in the order of their last change, and the revision to go on from.
  ///
  /// Changes of one job that follow each other closely may appear as one.
  func changes(after revision: Int64, limit: Int) throws -> [JobRecord]
  /// The latest revision.
  func revision() throws -> Int64

  // MARK: Workers

  /// Lets a worker in.
  func join(_ worker: WorkerDescription) async throws -> any WorkerMembership
  /// All workers that have joined and not left.
  func workers() async throws -> [WorkerRecord]
  /// Gives the jobs of a worker to others, whether it lives or not: what it still tells about them is refused, and it
  /// leaves when it learns of it. Promised.
  ///
  /// - Returns: the jobs; `nil` when there is no such worker.
  func evict(_ worker: WorkerID) async throws -> [Rescue]?
  /// The newest payload version of each job that some worker has announced, also workers that have left since.
  func knownJobs() async throws -> [String: Int]

  /// Ends the store's use. Later calls throw.
  func close() async throws
}

extension JobStore {
  /// The present.
  public var now: Date { Date() }
  /// It is the present.
  public var hasOwnTime: Bool { false }

  /// Asks for one after the other.
  public func payloads(of sequences: [Int64]) async throws -> [Int64: JobPayload] {
    var payloads: [Int64: JobPayload] = [:]
    for sequence in sequences { payloads[sequence] = try await payload(of: sequence) }
    return payloads
  }

  /// Asks for one after the other.
  public func lastAttempts(of sequences: [Int64]) async throws -> [Int64: AttemptRecord] {
    var last: [Int64: AttemptRecord] = [:]
    for sequence in sequences { last[sequence] = try await attempts(of: sequence).last }
    return last
  }
}

/// A worker's place in a store. It ends with ``leave()`` or with the process.
public protocol WorkerMembership: Sendable {
  /// The worker's identity.
  var id: WorkerID { get }

  /// Takes ready jobs, most urgent first within each queue. Not promised: a claim that is lost leaves the jobs ready.
  func claim(_ request: ClaimRequest) async throws -> Claim
  /// Notes, where it outlives the process but costs next to nothing, that an attempt is about to start in a place.
  func noteStart(of token: ClaimToken, place: Int)
  /// Notes the group of the processes that an attempt has started.
  func noteProcessGroup(_ group: Int32, place: Int)
  /// Notes that no attempt runs in a place any more.
  func noteEnd(place: Int)
  /// What a job of this worker has waited for, with the results.
  func inputs(of token: ClaimToken) async throws -> [JobInput]
  /// Stores the end of an attempt. Promised.
  ///
  /// - Returns: whether the worker still held the job; `false` means that the token was stale and nothing has changed.
  func finish(_ token: ClaimToken, _ attempt: FinishedAttempt) async throws -> Bool
  /// Gives jobs back that were not started. Nothing counts against them. Promised.
  func handBack(_ tokens: [ClaimToken]) async throws
  /// Stores what running attempts have to tell. Not promised.
  func report(_ reports: [AttemptReport]) async throws
  /// The running jobs of this worker whose end somebody asked for.
  ///
  /// - Throws: ``JobQueueError`` with code `wrongState` when its jobs were given to others, as ``claim(_:)`` and
  ///   ``renew()`` do.
  func cancelRequests() async throws -> [ClaimToken]
  /// Renews the lease and tells the jobs it knows.
  func renew() async throws
  /// Calls `action` when some worker may have ended; `nil` where that can not be watched, and has to be asked.
  func watchEndings(_ action: @escaping @Sendable () -> Void) -> ScheduledAction?
  /// Takes up the jobs of workers that are gone.
  func rescue() async throws -> [Rescue]
  /// Ends the membership; jobs that it still holds are given back.
  func leave() async throws
}

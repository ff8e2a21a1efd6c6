public import FoundationEssentials
internal import SkeinSync

/// What a store answers to an enqueue.
public struct EnqueuedJob: Hashable, Sendable {
  /// The identity of the job that stands for the request.
  public var id: JobID
  /// Its place in the order of coming.
  public var sequence: Int64
  /// Whether it is an earlier, unfinished job with the same unique key.
  public var isExisting: Bool

  /// Creates an answer.
  public init(id: JobID, sequence: Int64, isExisting: Bool = false) {
    self.id = id
    self.sequence = sequence
    self.isExisting = isExisting
  }
}

/// Which claim of which job: what a worker must show to say anything about it.
public struct ClaimToken: Hashable, Sendable {
  /// The job.
  public var sequence: Int64
  /// The number of the delivery: the fencing token.
  public var delivery: Int

  /// Creates a token.
  public init(sequence: Int64, delivery: Int) {
    self.sequence = sequence
    self.delivery = delivery
  }
}

/// What a worker asks for.
public struct ClaimRequest: Hashable, Sendable {
  /// At most so many jobs.
  public var limit: Int
  /// The queues to ask in this order; `nil` means all, in the order of their weights.
  public var queues: [String]?
  /// Whether a suspect (a job whose worker died) may be among them; at most one is.
  public var takesSuspect: Bool
  /// Names that the worker does not know, or knows in an older version only: jobs of theirs stay.
  public var knows: [String: Int]

  /// Creates a request.
  public init(limit: Int, queues: [String]? = nil, takesSuspect: Bool = true, knows: [String: Int]) {
    self.limit = limit
    self.queues = queues
    self.takesSuspect = takesSuspect
    self.knows = knows
  }
}

/// What a worker gets.
public struct Claim: Sendable {
  /// The jobs, in the order in which to start them.
  public var jobs: [ClaimedJob]
  /// When the next scheduled job comes due; `nil` when none is scheduled.
  public var nextDue: Date?
  /// Names of waiting jobs that this worker does not know, or whose payload version is too new for it.
  public var unknown: Set<UnknownJob>

  /// Creates an answer.
  public init(jobs: [ClaimedJob] = [], nextDue: Date? = nil, unknown: Set<UnknownJob> = []) {
    self.jobs = jobs
    self.nextDue = nextDue
    self.unknown = unknown
  }
}

/// A name and version that a worker can not run.
public struct UnknownJob: Hashable, Sendable {
  /// The job's name.
  public var name: String
  /// The version of its payload.
  public var payloadVersion: Int

  /// Creates a value.
  public init(name: String, payloadVersion: Int) {
    self.name = name
    self.payloadVersion = payloadVersion
  }
}

/// A job that a worker holds.
public struct ClaimedJob: Sendable {
  /// Its identity.
  public var id: JobID
  /// What the worker must show.
  public var token: ClaimToken
  /// Name and rules.
  public var kind: JobKind
  /// Input.
  public var payload: JobPayload
  /// The queue it came from.
  public var queue: String
  /// Its priority.
  public var priority: Int
  /// Its life after the claim.
  public var life: JobLife
  /// When it was enqueued.
  public var enqueuedAt: Date
  /// When its first attempt started, and the last one ended, if there were any.
  public var history: (firstStart: Date, lastEnd: Date)?
  /// How it is tied to others.
  public var ties: JobTies

  /// The number of the attempt that it is claimed for, from 1.
  public var attempt: Int { life.attempts + 1 }

  /// Creates a value.
  public init(
    id: JobID, token: ClaimToken, kind: JobKind, payload: JobPayload, queue: String, priority: Int,
    life: JobLife,
    enqueuedAt: Date, history: (firstStart: Date, lastEnd: Date)? = nil, ties: JobTies = []
  ) {
    self.id = id
    self.token = token
    self.kind = kind
    self.payload = payload
    self.queue = queue
    self.priority = priority
    self.life = life
    self.enqueuedAt = enqueuedAt
    self.history = history
    self.ties = ties
  }
}

/// The end of an attempt, with what follows from it.
public struct FinishedAttempt: Sendable {
  /// The attempt.
  public var attempt: AttemptRecord
  /// How the job moves on: `succeeded`, `failed`, `gaveUp`, `stopped` or `handedBack`.
  public var event: JobLife.Event
  /// The encoded result.
  public var result: Data?
  /// The rest of what the attempt wrote.
  public var log: Data

  /// Creates a value.
  public init(attempt: AttemptRecord, event: JobLife.Event, result: Data? = nil, log: Data = Data()) {
    self.attempt = attempt
    self.event = event
    self.result = result
    self.log = log
  }
}

/// News of a running attempt.
public struct AttemptReport: Sendable {
  /// Which claim it belongs to.
  public var token: ClaimToken
  /// The attempt as it stands.
  public var attempt: AttemptRecord
  /// How far it is, if that has changed.
  public var progress: JobProgress?
  /// What it wrote since the last report.
  public var log: Data

  /// Creates a value.
  public init(token: ClaimToken, attempt: AttemptRecord, progress: JobProgress? = nil, log: Data = Data()) {
    self.token = token
    self.attempt = attempt
    self.progress = progress
    self.log = log
  }
}

/// What became of one job of a worker that is gone.
public struct Rescue: Hashable, Sendable {
  /// The job.
  public var id: JobID
  /// The worker that was gone.
  public var worker: String
  /// Whether its attempt had been started.
  public var wasStarted: Bool
  /// Where the job stands now.
  public var state: JobState

  /// Creates a value.
  public init(id: JobID, worker: String, wasStarted: Bool, state: JobState) {
    self.id = id
    self.worker = worker
    self.wasStarted = wasStarted
    self.state = state
  }
}

/// What a job has waited for, with its result.
public struct JobInput: Hashable, Sendable {
  /// The job under the id by which it was named; another one may have taken its place.
  public var job: JobID
  /// Its encoded result; `nil` when it gave none.
  public var result: Data?

  /// Creates a value.
  public init(job: JobID, result: Data?) {
    self.job = job
    self.result = result
  }
}

/// Which jobs to list.
public struct JobFilter: Hashable, Sendable {
  /// Only of this queue.
  public var queue: String?
  /// Only of this name.
  public var name: String?
  /// Only in these states; empty means all.
  public var states: Set<JobState> = []
  /// Only those that this worker holds.
  public var worker: WorkerID?
  /// Only those of this group: the jobs of one ``JobFlow``.
  public var group: JobID?
  /// Only those that came before this place in the order of coming: for the next page of the usual order.
  public var before: Int64?
  /// Only those that were enqueued at this time or later.
  public var since: Date?
  /// Only these, by their places in the order of coming; `nil` means all.
  public var sequences: [Int64]?
  /// Only those that have this text in their input, their keys, or the error of an attempt; upper and lower case of ASCII are
  /// the same. It reads what it looks into: narrow it by ``sequences``.
  public var text: String?
  /// In which order; the limit then leaves the first ones. All but that by number read every job.
  public var order = JobOrder()
  /// At most so many.
  public var limit = 50

  /// Creates a filter that lets everything through, 50 at a time.
  public init() {}
}

/// Where a job stands, in little: what is kept of each of millions.
public struct JobOutline: Hashable, Sendable {
  /// Its place in the order of coming.
  public var sequence: Int64
  /// Where it stands.
  public var state: JobState
  /// The queue.
  public var queue: String
  /// The name of the work.
  public var name: String

  /// Creates a value.
  public init(sequence: Int64, state: JobState, queue: String, name: String) {
    (self.sequence, self.state, self.queue, self.name) = (sequence, state, queue, name)
  }

  /// That of a record.
  public init(_ job: JobRecord) {
    self.init(sequence: job.sequence, state: job.state, queue: job.queue, name: job.kind.name)
  }
}

/// How many jobs a queue has in each state.
public struct QueueCounts: Hashable, Sendable {
  /// The queue.
  public var queue: String
  /// Whether its jobs are held back.
  public var isPaused: Bool
  /// Jobs by state; a state without jobs is left out.
  public var jobs: [JobState: Int]

  /// Creates a value.
  public init(queue: String, isPaused: Bool, jobs: [JobState: Int]) {
    self.queue = queue
    self.isPaused = isPaused
    self.jobs = jobs
  }
}

/// What moves when there is news in a store.
public struct StoreSignals: Sendable {
  /// There may be jobs to take.
  public let work: StoreSignal
  /// Somebody asked for the end of a running job.
  public let control: StoreSignal
  /// Some job has changed.
  public let changes: StoreSignal

  /// Creates the set.
  public init(work: StoreSignal, control: StoreSignal, changes: StoreSignal) {
    self.work = work
    self.control = control
    self.changes = changes
  }
}

/// A counter that moves on with each piece of news, and that threads can sleep on.
public struct StoreSignal: Sendable {
  let word: FutexWord

  /// Creates a signal for this process alone.
  public init() { word = FutexWord() }

  init(word: FutexWord) { self.word = word }

  /// The count.
  public var value: UInt32 { word.value }

  /// Moves on and wakes everybody who sleeps on it.
  public func raise() { word.advance() }

  /// Blocks the thread until the count is not `seen` any more, at the longest for `timeout`.
  @available(*, noasync)
  public func wait(while seen: UInt32, timeout: Duration) {
    word.wait(while: seen, until: MonotonicClock().now.advanced(by: timeout).nanoseconds)
  }
}

public import FoundationEssentials

/// A schedule as it is handed to a store: when, and which job.
public struct NewSchedule: Hashable, Sendable {
  /// What it is called; a store has one schedule of a name.
  public var name: String
  /// When its job comes up.
  public var schedule: JobSchedule
  /// What becomes of ticks at which no worker was there.
  public var catchUp: CatchUpPolicy
  /// Whether a tick is passed over while the job of an earlier one is unfinished.
  public var avoidsOverlap: Bool
  /// What each tick enqueues.
  public var job: ScheduledJob

  /// Creates a schedule from checked parts.
  ///
  /// - Parameters:
  ///   - name: 1 to 200 printable bytes.
  ///   - schedule: when.
  ///   - job: what each tick enqueues; its id and its times are not used.
  ///   - expiry: how long after it was to start a job may start at the latest.
  ///   - catchUp: what becomes of ticks at which no worker was there.
  ///   - avoidsOverlap: whether a tick is passed over while the job of an earlier one is unfinished.
  /// - Throws: ``JobQueueError`` with code `invalidInput`, which names the value.
  public init(
    name: String, schedule: JobSchedule, job: NewJob, expiry: Duration? = nil, catchUp: CatchUpPolicy = .once,
    avoidsOverlap: Bool = false
  ) throws(JobQueueError) {
    let isPrintable = name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
    guard (1...200).contains(name.utf8.count), isPrintable else {
      throw .invalidInput("'\(name)' is no name for a schedule: use 1 to 200 printable bytes")
    }
    guard !avoidsOverlap || job.uniqueKey == nil else {
      throw .invalidInput(
        "a schedule that avoids overlap gives its jobs a unique key itself; leave out the other one")
    }
    guard job.ties.isEmpty, job.alongside == nil, job.uniqueUntil == nil, job.uniqueConflict == .existing
    else {
      throw .invalidInput(
        "the job of a schedule can neither wait for others nor replace them; of unique keys it can have a plain one"
      )
    }
    self.name = name
    self.schedule = schedule
    self.catchUp = catchUp
    self.avoidsOverlap = avoidsOverlap
    self.job = ScheduledJob(job, expiry: expiry)
  }
}

/// The job of a schedule: all of a ``NewJob`` but its identity and its times.
public struct ScheduledJob: Hashable, Sendable {
  /// Name and rules.
  public var kind: JobKind
  /// Input.
  public var payload: JobPayload
  /// The queue it waits in.
  public var queue: String
  /// From 0 to 9, most urgent.
  public var priority: Int
  /// How long after it was to start it may start at the latest.
  public var expiry: Duration?
  /// See ``JobOptions/uniqueKey``.
  public var uniqueKey: String?
  /// See ``JobOptions/concurrencyKey``.
  public var concurrencyKey: String?

  init(_ job: NewJob, expiry: Duration?) {
    kind = job.kind
    // Input alone: a run has neither the trace nor the family of who made the schedule.
    payload = JobPayload(kwargs: job.payload.kwargs)
    payload.args = job.payload.args
    queue = job.queue
    priority = job.priority
    self.expiry = expiry
    uniqueKey = job.uniqueKey
    concurrencyKey = job.concurrencyKey
  }
}

/// A schedule as a store keeps it.
public struct ScheduleRecord: Hashable, Sendable {
  /// What it was made from.
  public var new: NewSchedule
  /// Whether its ticks are passed over.
  public var isPaused = false
  /// When it was made, or its times were changed.
  public var madeAt: Date
  /// Up to which tick it is decided what became of them; before the first one, when the schedule was made or resumed.
  public var decidedThrough: Date
  /// When it has to be looked at next; `nil` while it is paused, or when no further tick comes.
  public var nextTick: Date?
  /// The latest ticks that have enqueued a job, the latest first.
  public var runs: [ScheduledRun] = []

  /// The name.
  public var name: String { new.name }

  /// How many ticks are remembered.
  static let mostRuns = 100

  /// Makes the record of a schedule.
  ///
  /// - Parameter old: what it replaces. While its times are the same it is decided up to where it was: a program that says
  ///   at each start what it wants loses no tick by that.
  init(_ new: NewSchedule, replacing old: ScheduleRecord? = nil, now: Date) {
    let goesOn = old?.new.schedule == new.schedule
    self.new = new
    madeAt = goesOn ? old!.madeAt : now
    decidedThrough = goesOn ? old!.decidedThrough : now
    isPaused = old?.isPaused ?? false
    runs = old?.runs ?? []
    nextTick = isPaused ? nil : new.schedule.next(after: decidedThrough)
  }
}

/// A tick that has enqueued a job.
public struct ScheduledRun: Hashable, Sendable, Codable {
  /// The tick.
  public var tick: Date
  /// The job's number.
  public var sequence: Int64

  /// Pairs a tick with its job.
  public init(tick: Date, sequence: Int64) {
    self.tick = tick
    self.sequence = sequence
  }
}

// MARK: - Deciding

extension ScheduleRecord {
  /// Whether something has to be decided.
  func isDue(at now: Date) -> Bool {
    nextTick.map { $0 <= now || decidedThrough > Self.latestDecision(at: now) } ?? false
  }

  /// What is decided further ahead than this was decided by a clock that was wrong.
  static func latestDecision(at now: Date) -> Date { now.addingTimeInterval(JobSchedule.grace.seconds) }

  /// Decides what becomes of all ticks up to `now`.
  ///
  /// A clock that was set back a little decides nothing anew. One that was far ahead when it was last looked at was wrong
  /// then: it is gone on from the present, and the ticks that have enqueued a job by then do not do so again.
  ///
  /// - Returns: those for which a job is to be enqueued.
  mutating func advance(to now: Date) -> [Date] {
    if decidedThrough > Self.latestDecision(at: now) { decidedThrough = now }
    let due = isPaused ? [] : new.schedule.due(lastTick: decidedThrough, now: now, policy: new.catchUp)
    decidedThrough = max(decidedThrough, now)
    nextTick = isPaused ? nil : new.schedule.next(after: decidedThrough)
    return due
  }

  /// Pauses it, or goes on from `now`: what comes up in between is passed over.
  mutating func setPaused(_ isPaused: Bool, now: Date) {
    guard isPaused != self.isPaused else { return }
    self.isPaused = isPaused
    decidedThrough = now
    nextTick = isPaused ? nil : new.schedule.next(after: now)
  }

  /// The job for a tick, or for a run that somebody asks for now.
  func job(at tick: Date?, now: Date) -> NewJob {
    let start = tick.map { new.schedule.start(of: $0, named: name) } ?? now
    var job = NewJob(
      kind: new.job.kind, payload: new.job.payload, queue: new.job.queue, priority: new.job.priority)
    job.runAt = start > now ? start : nil
    job.expiresAt = new.job.expiry.map { max(start, now).addingTimeInterval($0.seconds) }
    job.uniqueKey = new.avoidsOverlap ? "schedule/" + name : new.job.uniqueKey
    job.concurrencyKey = new.job.concurrencyKey
    return job
  }

  mutating func noteRun(_ tick: Date, _ sequence: Int64) {
    runs.insert(ScheduledRun(tick: tick, sequence: sequence), at: 0)
    if runs.count > Self.mostRuns { runs.removeLast() }
  }
}

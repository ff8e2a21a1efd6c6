internal import FoundationEssentials
internal import HeapModule

/// The jobs of a ``MemoryJobStore``: a value, guarded by the store's lock.
///
/// - Invariant: `ready` and `scheduled` have an entry for each job in that state; entries of jobs that have moved on
///   since are passed over. `running` has the running jobs, and no others.
struct MemoryTables: Sendable {
  struct Job: Sendable {
    var record: JobRecord
    var payload: JobPayload
    var result: Data?
    var attempts: [AttemptRecord] = []
    var logs: [Int: Data] = [:]
  }

  /// The order in which ready jobs of a queue are handed out.
  struct Rank: Comparable, Sendable {
    var priority: Int
    var sequence: Int64

    /// The smallest is handed out first.
    static func < (left: Rank, right: Rank) -> Bool {
      (right.priority, left.sequence) < (left.priority, right.sequence)
    }
  }

  struct Due: Comparable, Sendable {
    var at: Date
    var sequence: Int64

    static func < (left: Due, right: Due) -> Bool { (left.at, left.sequence) < (right.at, right.sequence) }
  }

  var isClosed = false
  /// The time of the current change.
  var now = Date.distantPast
  var jobs: [Int64: Job] = [:]
  var sequences: [JobID: Int64] = [:]
  var ready: [String: Heap<Rank>] = [:]
  var running: Set<Int64> = []
  var scheduled = Heap<Due>()
  var expiring = Heap<Due>()
  var uniqueKeys: [String: Int64] = [:]
  /// Which job changed at which revision, in that order; an entry of a job that changed again since is stale.
  private var history: [(revision: Int64, sequence: Int64)] = []
  /// What the current change has to tell.
  var news = StoreNews()
  var links = MemoryLinks()
  /// Ends that those who wait for them are being told; emptied when all have been.
  var endings: [Int64] = []
  /// Those among them that ended only because they could never start.
  var hopeless: Set<Int64> = []
  var limits: [JobLimit.Subject: JobLimit] = [:]
  var definitions = LimitDefinitions()
  /// The state of the rates: see ``LimitGate``.
  var earliest: [JobLimit.Subject: Int64] = [:]
  var pausedByQueue: [String: Bool] = [:]
  var schedules: [String: ScheduleRecord] = [:]
  var workers: [WorkerID: WorkerRecord] = [:]
  var knownJobs: [String: Int] = [:]
  var revision: Int64 = 0
  var lastSequence: Int64 = 0
  private var lastWorker: Int64 = 0
  private var turn = 0

  init(isClosed: Bool = false) {
    self.isClosed = isClosed
  }

  func checkOpen() throws(JobQueueError) {
    if isClosed { throw JobQueueError(.closed, "the queue is closed") }
  }

  func sequence(of id: JobID) throws(JobQueueError) -> Int64 {
    guard let sequence = sequences[id] else { throw .notFound(id) }
    return sequence
  }

  /// Finished jobs that have been kept long enough, and that nobody waits for, at most `limit`.
  func overdue(_ policy: RetentionPolicy, now: Date, limit: Int) -> [Int64] {
    let overdue = jobs.values.lazy.map(\.record).filter { job in
      guard let end = job.finishedAt, let span = policy.span(for: job.state, own: job.kind.retention)
      else { return false }
      let hasKey = job.uniqueUntil.map { $0 > now } ?? false
      return end.addingTimeInterval(span.seconds) <= now && !hasKey && !isNeeded(job.sequence)
    }
    return overdue.prefix(limit).map(\.sequence)
  }

  mutating func remove(_ sequence: Int64) {
    guard let job = jobs.removeValue(forKey: sequence) else { return }
    links.remove(sequence)
    sequences[job.record.id] = nil
    if let key = job.record.uniqueKey, uniqueKeys[key] == sequence { uniqueKeys[key] = nil }
  }

  // MARK: Moving on

  /// Moves a job on; `false` when the event does not fit its state.
  @discardableResult
  mutating func move(_ sequence: Int64, by event: JobLife.Event) -> Bool {
    guard jobs[sequence]?.record.life.apply(event) == true else { return false }
    let state = jobs[sequence]!.record.state
    jobs[sequence]!.record.finishedAt = state.isFinished ? now : nil
    if state != .running { jobs[sequence]!.record.worker = nil }
    jobs[sequence]!.record.isHeld = false
    file(sequence)
    if state.isFinished { didEnd(sequence) }
    if state != .running { news.hasWork = news.hasWork || !definitions.isEmpty }
    return true
  }

  /// Numbers a change, and puts the job where its state belongs.
  mutating func file(_ sequence: Int64) {
    revision += 1
    jobs[sequence]!.record.revision = revision
    history.append((revision, sequence))
    if history.count > 2 * jobs.count + 1000 {
      history.removeAll { jobs[$0.sequence]?.record.revision != $0.revision }
    }
    news.hasChanges = true
    let record = jobs[sequence]!.record
    if let key = record.uniqueKey {
      if !record.state.isFinished || record.uniqueUntil != nil {
        uniqueKeys[key] = sequence
      } else if uniqueKeys[key] == sequence {
        uniqueKeys[key] = nil
      }
    }
    if record.state < .running { news.hasWork = true }
    if record.state == .running { running.insert(sequence) } else { running.remove(sequence) }
    switch record.state {
    case .ready:
      ready[record.queue, default: Heap()].insert(Rank(priority: record.priority, sequence: sequence))
    case .scheduled:
      scheduled.insert(Due(at: record.life.runAt, sequence: sequence))
    default: break
    }
  }

  /// The jobs that changed after a revision, in order.
  func changes(after revision: Int64, limit: Int) -> [JobRecord] {
    let start = history.partitioningIndex { $0.revision > revision }
    let current = history[start...].lazy.filter { jobs[$0.sequence]?.record.revision == $0.revision }
    return current.prefix(limit).map { jobs[$0.sequence]!.record }
  }

  func holds(_ token: ClaimToken, _ worker: WorkerID) -> Bool {
    guard let record = jobs[token.sequence]?.record else { return false }
    return record.state == .running && record.worker == worker && record.life.deliveries == token.delivery
  }

  // MARK: Claims

  mutating func claim(_ request: ClaimRequest, worker: WorkerID) -> Claim {
    moveDue()
    var claim = Claim()
    let queues = queuesToAsk(request.queues)
    var takesSuspect = request.takesSuspect
    var gates = gates(now: now)
    for queue in queues {
      take(from: queue, request, &takesSuspect, worker, &gates, into: &claim)
    }
    claim.nextDue = [scheduled.min?.at, claim.nextDue].compactMap(\.self).min()
    return claim
  }

  private mutating func moveDue() {
    while let first = expiring.min, first.at <= now {
      expiring.removeMin()
      // A retried job expires no more.
      if jobs[first.sequence]?.record.expiresAt != nil { move(first.sequence, by: .expired) }
    }
    while let first = scheduled.min, first.at <= now || jobs[first.sequence]?.record.state != .scheduled {
      scheduled.removeMin()
      // An entry of an earlier time of the job is passed over.
      if jobs[first.sequence]?.record.life.runAt == first.at { move(first.sequence, by: .due) }
    }
  }

  private mutating func queuesToAsk(_ names: [String]?) -> [String] {
    let open = { (queue: String) in self.pausedByQueue[queue] != true }
    if let names { return names.filter(open) }
    let all = ready.keys.sorted().filter(open)
    guard !all.isEmpty else { return [] }
    turn += 1
    let first = turn % all.count
    return Array(all[first...] + all[..<first])
  }

  private mutating func take(
    from queue: String, _ request: ClaimRequest, _ takesSuspect: inout Bool, _ worker: WorkerID,
    _ gates: inout [JobLimit.Subject: LimitGate], into claim: inout Claim
  ) {
    var passedOver: [Rank] = []
    while claim.jobs.count < request.limit, let rank = ready[queue]?.popMin() {
      guard let job = jobs[rank.sequence], job.record.state == .ready else { continue }
      let isKnown = (request.knows[job.record.kind.name] ?? 0) >= job.record.kind.payloadVersion
      if !isKnown {
        claim.unknown.insert(
          UnknownJob(name: job.record.kind.name, payloadVersion: job.record.kind.payloadVersion))
      }
      guard isKnown, takesSuspect || !job.record.life.isSuspect else {
        passedOver.append(rank)
        continue
      }
      let (isAdmitted, opening) = admit(job.record, &gates, now)
      jobs[rank.sequence]!.record.isHeld = !isAdmitted
      guard isAdmitted else {
        passedOver.append(rank)
        claim.nextDue = [claim.nextDue, opening].compactMap(\.self).min()
        continue
      }
      if job.record.life.isSuspect { takesSuspect = false }
      move(rank.sequence, by: .claimed)
      jobs[rank.sequence]!.record.worker = worker
      jobs[rank.sequence]!.record.startedAt = now
      claim.jobs.append(jobs[rank.sequence]!.claimed)
    }
    ready[queue]?.insert(contentsOf: passedOver)
  }

  // MARK: Workers

  mutating func join(_ worker: WorkerDescription) -> WorkerID {
    lastWorker += 1
    let id = WorkerID(number: lastWorker)
    workers[id] = WorkerRecord(id: id, description: worker, joinedAt: now, liveness: .alive)
    for (name, version) in worker.knows { knownJobs[name] = max(version, knownJobs[name] ?? 0) }
    return id
  }

  func held(by worker: WorkerID) -> [JobRecord] {
    running.compactMap { jobs[$0]?.record }.filter { $0.worker == worker }
  }
}

extension MemoryTables.Job {
  /// The job as its worker gets it.
  var claimed: ClaimedJob {
    let ends = attempts.compactMap(\.endedAt)
    let history = attempts.map(\.startedAt).min().flatMap { first in ends.max().map { (first, $0) } }
    return ClaimedJob(
      id: record.id, token: ClaimToken(sequence: record.sequence, delivery: record.life.deliveries),
      kind: record.kind, payload: payload, queue: record.queue, priority: record.priority, life: record.life,
      enqueuedAt: record.enqueuedAt, history: history, ties: record.ties)
  }
}

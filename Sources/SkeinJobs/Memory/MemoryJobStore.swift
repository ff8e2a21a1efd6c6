public import FoundationEssentials
internal import SkeinSync

/// A queue in the memory of one process: for tests, and for work that need not outlive the process.
///
/// It keeps the same rules as ``SQLiteJobStore``, as the same conformance suite shows; what it promises holds as long as
/// the process lives.
public final class MemoryJobStore: JobStore {
  /// What moves when there is news, in this process or another one.
  public let signals = StoreSignals(work: StoreSignal(), control: StoreSignal(), changes: StoreSignal())
  private let tables = Lock(MemoryTables(), name: "memory store")
  private let clock: (@Sendable () -> Date)?
  private let follow: Follow?

  /// Creates an empty store.
  ///
  /// - Parameter now: tells the time by which jobs come due; `nil` means the present.
  public convenience init(now: (@Sendable () -> Date)? = nil) {
    self.init(now: now, follow: nil)
  }

  /// Creates an empty store that has somebody act on what producers do, before they go on.
  package init(now: (@Sendable () -> Date)?, follow: Follow?) {
    clock = now
    self.follow = follow
  }

  /// The time by which jobs come due.
  public var now: Date { clock?() ?? Date() }
  /// Whether it was given a time of its own.
  public var hasOwnTime: Bool { clock != nil }

  /// Nothing is kept afterwards.
  public func close() async throws {
    _ = change { tables in
      tables = MemoryTables(isClosed: true)
      tables.news = StoreNews(hasWork: true, hasControl: true, hasChanges: true)
    }
  }

  // MARK: Producers

  /// Stores jobs, all or none. Promised.
  public func enqueue(_ jobs: [NewJob]) async throws -> [EnqueuedJob] {
    try await produce({ try $0.enqueue(jobs) }, enqueued: \.self)
  }

  /// Asks for a job's end: one that waits is cancelled, one that runs is asked to stop. Promised.
  public func cancel(_ id: JobID) async throws -> JobRecord {
    try await produce { tables in
      let sequence = try tables.sequence(of: id)
      tables.move(sequence, by: .cancelled)
      tables.news.hasControl = true
      return tables.jobs[sequence]!.record
    }
  }

  /// Makes a failed, cancelled or expired job ready again, with a clean record. Promised.
  public func retry(_ id: JobID) async throws -> JobRecord {
    try await produce { tables in
      let sequence = try tables.sequence(of: id)
      try tables.retry(sequence)
      return tables.jobs[sequence]!.record
    }
  }

  /// Stops or resumes the handing out of a queue's jobs. Promised.
  public func setPaused(_ isPaused: Bool, queue: String) async throws {
    try await produce { tables in
      tables.pausedByQueue[queue] = isPaused
      tables.news.hasWork = true
    }
  }

  /// Removes jobs of a queue that are in one of `states`; running jobs are never removed. Promised.
  public func purge(queue: String, states: Set<JobState>) async throws -> Int {
    try await produce { tables in
      let wanted = states.subtracting([.running])
      let fitting = tables.jobs.values.map(\.record).filter { $0.queue == queue && wanted.contains($0.state) }
      // Who waits for them learns of it.
      for job in fitting where !job.state.isFinished { tables.giveUp(job.sequence) }
      let doomed = fitting.filter { !tables.isNeeded($0.sequence) }
      for job in doomed { tables.remove(job.sequence) }
      return doomed.count
    }
  }

  /// Removes finished jobs that have been kept long enough, at most `limit` of them. Not promised.
  public func prune(_ policy: RetentionPolicy, limit: Int) async throws -> Int {
    try changeOpen { tables in
      let doomed = tables.overdue(policy, now: tables.now, limit: limit)
      for sequence in doomed { tables.remove(sequence) }
      return doomed.count
    }
  }

  // MARK: Limits

  /// Sets a limit, in the place of one for the same subject. Promised.
  public func setLimit(_ limit: JobLimit) async throws { try await produce { $0.setLimit(limit) } }

  /// Takes a limit away. Promised.
  public func removeLimit(_ subject: JobLimit.Subject) async throws -> Bool {
    try await produce { $0.removeLimit(subject) }
  }

  /// All limits, names before keys, in the order of their texts.
  public func limits() async throws -> [JobLimit] {
    try readOpen {
      $0.limits.values.sorted { ($0.subject.scope, $0.subject.text) < ($1.subject.scope, $1.subject.text) }
    }
  }

  // MARK: Looking

  /// The job with this id; `nil` when there is none.
  public func job(_ id: JobID) async throws -> JobRecord? {
    try readOpen { tables in tables.sequences[id].flatMap { tables.jobs[$0]?.record } }
  }

  /// The job with this place in the order of coming; `nil` when there is none.
  public func job(sequence: Int64) async throws -> JobRecord? { try readOpen { $0.jobs[sequence]?.record } }

  /// Jobs that fit a filter, in its order: the latest first, unless told.
  public func jobs(_ filter: JobFilter) async throws -> [JobRecord] {
    let all = try readOpen { tables in
      tables.jobs.values.filter { filter.group == nil || $0.payload.groupID == filter.group }
        .filter { job in filter.text.map(job.hasText) ?? true }.map(\.record)
    }
    return Array(all.filter(filter.accepts).sorted(by: filter.order.places).prefix(filter.limit))
  }

  /// The payload of a job; `nil` when there is no such job.
  public func payload(of sequence: Int64) async throws -> JobPayload? {
    try readOpen { $0.jobs[sequence]?.payload }
  }

  /// The encoded result of a job; `nil` when it has none.
  public func result(of sequence: Int64) async throws -> Data? { try readOpen { $0.jobs[sequence]?.result } }

  /// What a job has waited for, in the order in which it was named, with the results.
  public func inputs(of sequence: Int64) async throws -> [JobInput] {
    try readOpen { $0.inputs(of: sequence) }
  }

  /// The links among a job and all that it is tied to, directly or through others, up to `limit` jobs.
  public func links(around sequence: Int64, limit: Int) async throws -> [JobLink] {
    try readOpen { $0.links(around: sequence, limit: limit) }
  }

  /// The attempts of a job, the first one first.
  public func attempts(of sequence: Int64) async throws -> [AttemptRecord] {
    try readOpen { $0.jobs[sequence]?.attempts.sorted { $0.number < $1.number } ?? [] }
  }

  /// What an attempt wrote, from `offset` bytes on.
  public func log(of sequence: Int64, attempt: Int, from offset: Int) async throws -> Data {
    try readOpen { Data(($0.jobs[sequence]?.logs[attempt] ?? Data()).dropFirst(offset)) }
  }

  /// Where jobs stand, in little, in the order of coming.
  public func outlines(after sequence: Int64, limit: Int) async throws -> [JobOutline] {
    let numbers = try readOpen { tables in tables.jobs.keys.filter { $0 > sequence } }.sorted().prefix(limit)
    return try readOpen { tables in numbers.compactMap { tables.jobs[$0].map { JobOutline($0.record) } } }
  }

  /// The queues that there are, and whether their jobs are held back.
  public func queues() async throws -> [String: Bool] {
    try readOpen { tables in
      let used = tables.jobs.values.map { ($0.record.queue, false) }
      return tables.pausedByQueue.merging(used) { paused, _ in paused }
    }
  }

  /// How many jobs there are.
  public func jobCount() async throws -> Int { try readOpen { $0.jobs.count } }

  /// How many jobs each queue has in each state.
  public func counts() async throws -> [QueueCounts] {
    try readOpen { tables in
      let byQueue = Dictionary(grouping: tables.jobs.values.map(\.record), by: \.queue)
      return Set(byQueue.keys).union(tables.pausedByQueue.keys).sorted().map { queue in
        let jobs = Dictionary((byQueue[queue] ?? []).map { ($0.state, 1) }, uniquingKeysWith: +)
        return QueueCounts(queue: queue, isPaused: tables.pausedByQueue[queue] ?? false, jobs: jobs)
      }
    }
  }

  /// Jobs that changed after a revision, in the order of their last change, and the revision to go on from.
  public func changes(after revision: Int64, limit: Int) throws -> [JobRecord] {
    try readOpen { $0.changes(after: revision, limit: limit) }
  }

  /// The latest revision.
  public func revision() throws -> Int64 { try readOpen { $0.revision } }

  // MARK: Workers

  /// Lets a worker in.
  public func join(_ worker: WorkerDescription) async throws -> any WorkerMembership {
    let id = try changeOpen { $0.join(worker) }
    return MemoryMembership(id: id, name: worker.name, store: self)
  }

  /// All workers that have joined and not left.
  public func workers() async throws -> [WorkerRecord] {
    try readOpen { $0.workers.values.sorted { $0.id < $1.id } }
  }

  /// Gives the jobs of a worker to others, whether it lives or not. Promised.
  public func evict(_ worker: WorkerID) async throws -> [Rescue]? {
    try changeOpen { tables in
      guard let record = tables.workers.removeValue(forKey: worker) else { return nil }
      tables.news.hasControl = true
      return tables.held(by: worker).map { job in
        let wasStarted = tables.jobs[job.sequence]!.attempts.contains { $0.number == job.life.attempts + 1 }
        tables.move(job.sequence, by: .crashed(started: wasStarted))
        if wasStarted { tables.endAttempt(of: job, evicted: record.description.name) }
        return Rescue(
          id: job.id, worker: record.description.name, wasStarted: wasStarted,
          state: tables.jobs[job.sequence]!.record.state)
      }
    }
  }

  /// The newest payload version of each job that some worker has announced, also workers that have left since.
  public func knownJobs() async throws -> [String: Int] { try readOpen(\.knownJobs) }

  // MARK: Access

  /// Reads the tables of an open store.
  func readOpen<Value: Sendable>(_ body: (MemoryTables) throws -> Value) throws -> Value {
    try tables.withLock { tables in
      try tables.checkOpen()
      return try body(tables)
    }
  }

  /// Changes the tables of an open store, then tells the news.
  func changeOpen<Value: Sendable>(_ body: (inout MemoryTables) throws -> Value) throws -> Value {
    try change { tables in
      try tables.checkOpen()
      return try body(&tables)
    }.value
  }

  /// Changes the tables on behalf of a producer, and has that followed before the producer goes on.
  func produce<Value: Sendable>(
    _ body: (inout MemoryTables) throws -> Value, enqueued: (Value) -> [EnqueuedJob] = { _ in [] }
  ) async throws -> Value {
    let (value, news) = try change { tables in
      try tables.checkOpen()
      return try body(&tables)
    }
    try await follow?(self, MemoryChange(enqueued: enqueued(value), hasControl: news.hasControl))
    return value
  }

  private func change<Value: Sendable>(
    _ body: (inout MemoryTables) throws -> Value
  ) rethrows -> (value: Value, news: StoreNews) {
    let (value, news) = try tables.withLock { tables in
      tables.news = StoreNews()
      tables.now = now
      let value = try body(&tables)
      return (value, tables.news)
    }
    news.raise(signals)
    return (value, news)
  }
}

extension JobFilter {
  /// Whether a job passes, the limit aside.
  func accepts(_ job: JobRecord) -> Bool {
    (queue == nil || queue == job.queue) && (worker == nil || worker == job.worker)
      && (name == nil || name == job.kind.name)
      && (states.isEmpty || states.contains(job.state)) && (before == nil || job.sequence < before!)
      && (since == nil || job.enqueuedAt >= since!) && (sequences?.contains(job.sequence) ?? true)
  }
}

extension MemoryTables.Job {
  /// Whether something of the job has a text, as ``JobFilter/text`` says.
  func hasText(_ text: String) -> Bool {
    let places =
      [record.uniqueKey, record.concurrencyKey, String(decoding: payload.kwargs, as: UTF8.self)]
      + attempts.flatMap { [$0.error?.type, $0.error?.message] }
    return places.contains { place in place.map { $0.lowercased().contains(text.lowercased()) } ?? false }
  }
}

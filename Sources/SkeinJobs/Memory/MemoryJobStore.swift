public import FoundationEssentials
internal import SkeinSync

/// A queue in the memory of one process: for tests, and for work that need not outlive the process.
///
/// It keeps the same rules as ``SQLiteJobStore``, as the same conformance suite shows; what it promises holds as long as
/// the process lives.
public final class MemoryJobStore: JobStore {
  public let signals = StoreSignals(work: StoreSignal(), control: StoreSignal(), changes: StoreSignal())
  private let tables = Lock(MemoryTables(), name: "memory store")

  /// Creates an empty store.
  public init() {}

  /// Nothing is kept afterwards.
  public func close() async throws {
    change { tables in
      tables = MemoryTables(isClosed: true)
      tables.news = StoreNews(hasWork: true, hasControl: true, hasChanges: true)
    }
  }

  // MARK: Producers

  public func enqueue(_ jobs: [NewJob]) async throws -> [EnqueuedJob] {
    try changeOpen { tables in jobs.map { tables.enqueue($0) } }
  }

  public func cancel(_ id: JobID) async throws -> JobRecord {
    try changeOpen { tables in
      let sequence = try tables.sequence(of: id)
      tables.move(sequence, by: .cancelled)
      tables.news.hasControl = true
      return tables.jobs[sequence]!.record
    }
  }

  public func retry(_ id: JobID) async throws -> JobRecord {
    try changeOpen { tables in
      let sequence = try tables.sequence(of: id)
      try tables.retry(sequence)
      return tables.jobs[sequence]!.record
    }
  }

  public func setPaused(_ isPaused: Bool, queue: String) async throws {
    try changeOpen { tables in
      tables.pausedByQueue[queue] = isPaused
      tables.news.hasWork = true
    }
  }

  public func purge(queue: String, states: Set<JobState>) async throws -> Int {
    try changeOpen { tables in
      let wanted = states.subtracting([.running])
      let doomed = tables.jobs.values.map(\.record).filter { $0.queue == queue && wanted.contains($0.state) }
      for job in doomed { tables.remove(job.sequence) }
      return doomed.count
    }
  }

  // MARK: Looking

  public func job(_ id: JobID) async throws -> JobRecord? {
    try readOpen { tables in tables.sequences[id].flatMap { tables.jobs[$0]?.record } }
  }

  public func job(sequence: Int64) async throws -> JobRecord? { try readOpen { $0.jobs[sequence]?.record } }

  public func jobs(_ filter: JobFilter) async throws -> [JobRecord] {
    let all = try readOpen { $0.jobs.values.map(\.record) }
    return Array(all.filter(filter.accepts).sorted { $0.sequence > $1.sequence }.prefix(filter.limit))
  }

  public func payload(of sequence: Int64) async throws -> JobPayload? {
    try readOpen { $0.jobs[sequence]?.payload }
  }

  public func result(of sequence: Int64) async throws -> Data? { try readOpen { $0.jobs[sequence]?.result } }

  public func attempts(of sequence: Int64) async throws -> [AttemptRecord] {
    try readOpen { $0.jobs[sequence]?.attempts.sorted { $0.number < $1.number } ?? [] }
  }

  public func log(of sequence: Int64, attempt: Int, from offset: Int) async throws -> Data {
    try readOpen { Data(($0.jobs[sequence]?.logs[attempt] ?? Data()).dropFirst(offset)) }
  }

  public func counts() async throws -> [QueueCounts] {
    try readOpen { tables in
      let byQueue = Dictionary(grouping: tables.jobs.values.map(\.record), by: \.queue)
      return Set(byQueue.keys).union(tables.pausedByQueue.keys).sorted().map { queue in
        let jobs = Dictionary((byQueue[queue] ?? []).map { ($0.state, 1) }, uniquingKeysWith: +)
        return QueueCounts(queue: queue, isPaused: tables.pausedByQueue[queue] ?? false, jobs: jobs)
      }
    }
  }

  public func changes(after revision: Int64, limit: Int) throws -> [JobRecord] {
    try readOpen { $0.changes(after: revision, limit: limit) }
  }

  public func revision() throws -> Int64 { try readOpen { $0.revision } }

  // MARK: Workers

  public func join(_ worker: WorkerDescription) async throws -> any WorkerMembership {
    let id = try changeOpen { $0.join(worker) }
    return MemoryMembership(id: id, name: worker.name, store: self)
  }

  public func workers() async throws -> [WorkerRecord] {
    try readOpen { $0.workers.values.sorted { $0.id < $1.id } }
  }

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
    }
  }

  private func change<Value: Sendable>(_ body: (inout MemoryTables) throws -> Value) rethrows -> Value {
    let (value, news) = try tables.withLock { tables in
      tables.news = StoreNews()
      let value = try body(&tables)
      return (value, tables.news)
    }
    news.raise(signals)
    return value
  }
}

extension JobFilter {
  /// Whether a job passes, the limit aside.
  func accepts(_ job: JobRecord) -> Bool {
    (queue == nil || queue == job.queue) && (name == nil || name == job.kind.name)
      && (states.isEmpty || states.contains(job.state)) && (before == nil || job.sequence < before!)
  }
}

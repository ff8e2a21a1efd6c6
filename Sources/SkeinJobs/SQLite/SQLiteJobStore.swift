public import FoundationEssentials
public import GRDB
internal import Glibc
internal import SkeinSync
internal import SkeinWork

/// A queue in an SQLite database in a directory of its own: durable, shared by all processes of one machine.
///
/// The database is in WAL mode. Calls that wait for a write at the same time share one transaction, and so one wait for
/// the disk; writers of several processes stand in line on a kernel lock. A call that promises something returns when
/// its transaction is on disk.
///
/// ```swift
/// let store = try await SQLiteJobStore(directory: "/var/lib/example")
/// let queue = JobQueue(store: store)
/// ```
public final class SQLiteJobStore: JobStore {
  /// The directory that was given.
  public let directory: String
  /// What moves when there is news, in this process or another one.
  public let signals: StoreSignals

  let files: StoreFiles
  let database: DatabasePool
  /// For reads that block their thread. They must not wait for one of the pool's readers: those may be held by
  /// asynchronous reads that wait for a thread of the cooperative pool, all of which may be blocked here.
  private let watching: DatabaseQueue
  let writer: GroupCommit
  private let kinds = KindCache()
  private let isClosed = Lock(false, name: "store closed")

  /// Opens the queue in a directory, creating both if need be. Directories get the mode 0700, files 0600.
  ///
  /// - Throws: ``JobQueueError``: `storeUnavailable` (a permission, a damaged file), `foreignStore`, `newerStore`,
  ///   `networkFileSystem`, `diskFull`. Nothing that is stored is changed then.
  public init(directory: String) async throws {
    self.directory = directory
    files = try StoreFiles(preparing: directory)
    let lock = try WriterLock(path: files.lock)
    let shared = try SharedFile(path: files.signals, byteCount: 192)
    // The counters are a cache line apart.
    signals = StoreSignals(
      work: StoreSignal(word: FutexWord(at: shared.memory, keeping: shared)),
      control: StoreSignal(word: FutexWord(at: shared.memory + 64, keeping: shared)),
      changes: StoreSignal(word: FutexWord(at: shared.memory + 128, keeping: shared)))
    database = try Self.open(files.database, lock)
    watching = try Self.openWatching(files.database)
    writer = try GroupCommit(database: database, lock: lock, signals: signals, path: files.database)
  }

  /// The path of the database: open it with GRDB to keep tables of your own beside the queue's.
  public var databasePath: String { files.database }

  private static func open(_ path: String, _ lock: WriterLock) throws -> DatabasePool {
    var configuration = Configuration()
    configuration.label = "skein"
    configuration.maximumReaderCount = 4
    configuration.busyMode = .timeout(10)
    configuration.prepareDatabase { db in
      try db.execute(
        sql: "PRAGMA wal_autocheckpoint = 2000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384")
      // The wait for the disk comes after the commit, outside the lock: see GroupCommit.
      try db.execute(sql: "PRAGMA synchronous = NORMAL")
    }
    do {
      // Who only wants to look must not wait for a writer that stands still.
      if isCurrent(path) { return try DatabasePool(path: path, configuration: configuration) }
      return try lock.withLock {
        try prepareFile(path)
        let database = try DatabasePool(path: path, configuration: configuration)
        try database.write { db in try SQLiteSchema.migrate(db, path: path) }
        return database
      }
    } catch let error as DatabaseError {
      throw error.asJobQueueError(path: path)
    }
  }

  private static func openWatching(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.label = "skein watching"
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    do {
      return try DatabaseQueue(path: path, configuration: configuration)
    } catch let error as DatabaseError {
      throw error.asJobQueueError(path: path)
    }
  }

  /// Whether a file has the newest schema. What is wrong with one that has not is told when it is brought there.
  private static func isCurrent(_ path: String) -> Bool {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    guard let plain = try? DatabaseQueue(path: path, configuration: configuration) else { return false }
    defer { try? plain.close() }
    return (try? plain.read { try SQLiteSchema.isCurrent($0) }) ?? false
  }

  /// What must be set before the first table exists. A file that has one is left alone.
  private static func prepareFile(_ path: String) throws {
    let plain = try DatabaseQueue(path: path)
    try plain.writeWithoutTransaction { db in
      guard try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0 else { return }
      try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
    }
    try plain.close()
  }

  /// Writes what has been asked for, then closes the files. Waiting calls end first.
  public func close() async throws {
    let isFirst = isClosed.withLock { isClosed in
      defer { isClosed = true }
      return !isClosed
    }
    guard isFirst else { return }
    await writer.close()
    try watching.close()
    try database.close()
  }

  // MARK: Producers

  /// Stores jobs, all or none. Promised.
  public func enqueue(_ jobs: [NewJob]) async throws -> [EnqueuedJob] {
    try await writer.perform(.promised) { try $0.enqueue(jobs) }
  }

  /// Stores jobs in a transaction of the caller's own, together with the caller's own changes: they exist if and only
  /// if that transaction is committed, as durably as that connection commits.
  ///
  /// - Parameters:
  ///   - jobs: what to store.
  ///   - db: a connection to this queue's database (``databasePath``) inside a transaction.
  /// - Precondition: `db` is inside a transaction.
  public func enqueue(_ jobs: [NewJob], in db: Database) throws -> [EnqueuedJob] {
    precondition(db.isInsideTransaction, "enqueue(_:in:) belongs into a transaction")
    let transaction = try JobTransaction(db: db, cache: InternedNames())
    let enqueued = try transaction.enqueue(jobs)
    let (news, signals) = (transaction.news, signals)
    db.afterNextTransaction { _ in news.raise(signals) }
    return enqueued
  }

  /// Asks for a job's end: one that waits is cancelled, one that runs is asked to stop. Promised.
  public func cancel(_ id: JobID) async throws -> JobRecord {
    try await writer.perform(.promised) { transaction in
      try transaction.cancel(id)
      return try transaction.record(id)
    }
  }

  /// Makes a failed, cancelled or expired job ready again, with a clean record. Promised.
  public func retry(_ id: JobID) async throws -> JobRecord {
    try await writer.perform(.promised) { transaction in
      try transaction.retry(id)
      return try transaction.record(id)
    }
  }

  /// Stops or resumes the handing out of a queue's jobs. Promised.
  public func setPaused(_ isPaused: Bool, queue: String) async throws {
    try await writer.perform(.promised) { try $0.setPaused(isPaused, queue: queue) }
  }

  // MARK: Looking

  /// The job with this id; `nil` when there is none.
  public func job(_ id: JobID) async throws -> JobRecord? { try await readJobs { try $0.job(id: id) } }

  /// The job with this place in the order of coming; `nil` when there is none.
  public func job(sequence: Int64) async throws -> JobRecord? {
    try await readJobs { try $0.job(sequence: sequence) }
  }

  /// Jobs that fit a filter, in its order: the latest first, unless told.
  public func jobs(_ filter: JobFilter) async throws -> [JobRecord] {
    try await readJobs { try $0.jobs(filter) }
  }

  /// The payload of a job; `nil` when there is no such job.
  public func payload(of sequence: Int64) async throws -> JobPayload? {
    try await read { db in
      try Row.fetchOne(
        db, sql: "SELECT \(JobPayload.columns) FROM payloads WHERE sequence = ?", arguments: [sequence]
      ).map { try JobPayload($0, at: 0) }
    }
  }

  /// The encoded result of a job; `nil` when it has none.
  public func result(of sequence: Int64) async throws -> Data? {
    try await read { db in
      try Data.fetchOne(db, sql: "SELECT result FROM results WHERE sequence = ?", arguments: [sequence])
    }
  }

  /// What a job has waited for, in the order in which it was named, with the results.
  public func inputs(of sequence: Int64) async throws -> [JobInput] {
    try await readJobs { try $0.inputs(sequence) }
  }

  /// The links among a job and all that it is tied to, directly or through others, up to `limit` jobs.
  public func links(around sequence: Int64, limit: Int) async throws -> [JobLink] {
    try await readJobs { try $0.links(around: sequence, limit: limit) }
  }

  /// The attempts of a job, the first one first.
  public func attempts(of sequence: Int64) async throws -> [AttemptRecord] {
    try await readJobs { try $0.attempts(sequence) }
  }

  /// What an attempt wrote, from `offset` bytes on.
  public func log(of sequence: Int64, attempt: Int, from offset: Int) async throws -> Data {
    try await readJobs { try $0.log(sequence, attempt: attempt, from: offset) }
  }

  /// The payloads of several jobs, by their numbers.
  public func payloads(of sequences: [Int64]) async throws -> [Int64: JobPayload] {
    try await readJobs { try $0.payloads(sequences) }
  }

  /// The last attempts of several jobs, by their numbers.
  public func lastAttempts(of sequences: [Int64]) async throws -> [Int64: AttemptRecord] {
    try await readJobs { try $0.lastAttempts(sequences) }
  }

  /// Where jobs stand, in little, in the order of coming.
  public func outlines(after sequence: Int64, limit: Int) async throws -> [JobOutline] {
    try await readJobs { rows in
      var queues: [Int64: String] = [:]
      return try rows.outlines(after: sequence, limit: limit, queues: &queues)
    }
  }

  /// The queues that there ever were, and whether their jobs are held back.
  public func queues() async throws -> [String: Bool] {
    try await read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT name, is_paused FROM queues")
      return try Dictionary(uniqueKeysWithValues: rows.map { (try $0[0], try $0[1]) })
    }
  }

  /// How many jobs there are.
  ///
  /// - Complexity: O(jobs), though at little for each.
  public func jobCount() async throws -> Int {
    try await read { try Int.fetchOne($0, sql: "SELECT count(*) FROM jobs") ?? 0 }
  }

  /// How many jobs each queue has in each state.
  public func counts() async throws -> [QueueCounts] { try await readJobs { try $0.counts() } }

  /// Jobs that changed after a revision, in the order of their last change, and the revision to go on from.
  public func changes(after revision: Int64, limit: Int) throws -> [JobRecord] {
    try watch { try JobRows(db: $0, kinds: kinds).changes(after: revision, limit: limit) }
  }

  /// The latest revision.
  public func revision() throws -> Int64 {
    try watch {
      try Int64.fetchOne($0, sql: "SELECT revision FROM meta").orDamaged("the latest revision is missing")
    }
  }

  /// Looks into the database, in one transaction.
  ///
  /// Who watches may come when the store was closed a moment ago, and GRDB's own `read` asks SQLite about a connection that
  /// is not there any more, which ends the process: so it is asked for first, where the close can not come in between.
  private func watch<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try explain {
      try watching.unsafeRead { db in
        guard db.sqliteConnection != nil else { throw JobQueueError(.closed, "the queue is closed") }
        var value: Value?
        try db.inTransaction(.deferred) {
          value = try body(db)
          return .commit
        }
        return value!
      }
    }
  }

  // MARK: Workers

  /// Lets a worker in.
  public func join(_ worker: WorkerDescription) async throws -> any WorkerMembership {
    try await SQLiteMembership.join(worker, files: files, writer: writer, reader: database)
  }

  /// All workers that have joined and not left.
  public func workers() async throws -> [WorkerRecord] {
    let rows = try await read { try WorkerRow.fetchAll($0) }
    return try rows.map { row in
      let isLocked = WorkerFile.isLocked(files.workers + "/" + row.file)
      return WorkerRecord(
        id: row.id,
        description: try JSONCodec().decode(WorkerDescription.self, from: Data(row.description.utf8)),
        joinedAt: row.joinedAt, liveness: row.liveness(isLocked: isLocked))
    }
  }

  /// The newest payload version of each job that some worker has announced, also workers that have left since.
  public func knownJobs() async throws -> [String: Int] {
    try await read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT name, payload_version FROM known_jobs")
      return try Dictionary(rows.map { (try $0[0], try $0[1]) }, uniquingKeysWith: max)
    }
  }

  func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws
    -> Value
  {
    do {
      return try await database.read(body)
    } catch let error as DatabaseError {
      throw error.asJobQueueError(path: files.database)
    }
  }

  func readJobs<Value: Sendable>(
    _ body: @escaping @Sendable (JobRows) throws -> Value
  ) async throws -> Value {
    try await read { [kinds] in try body(JobRows(db: $0, kinds: kinds)) }
  }

  private func explain<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw error.asJobQueueError(path: files.database)
    }
  }
}

extension JobTransaction {
  fileprivate func record(_ id: JobID) throws -> JobRecord {
    // Not the store's cache: a kind that this transaction has added may yet be undone.
    guard let record = try JobRows(db: db, kinds: KindCache()).job(id: id) else {
      throw JobQueueError.notFound(id)
    }
    return record
  }
}

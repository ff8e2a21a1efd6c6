internal import CSkein
internal import FoundationEssentials
internal import GRDB
internal import Glibc
internal import SkeinSync
internal import SkeinWork
internal import Synchronization

/// A worker's place in an SQLite store.
final class SQLiteMembership: WorkerMembership {
  let id: WorkerID
  private let worker: WorkerDescription
  private let path: String
  private let file: WorkerFile
  private let writer: GroupCommit
  private let reader: DatabasePool
  private let files: StoreFiles
  /// The queue at which the last claim ended.
  private let lastQueue = Atomic<Int64>(0)

  /// Lets a worker in: first its file is locked, then it is announced, so that nobody sees it without its lock.
  static func join(
    _ worker: WorkerDescription, files: StoreFiles, writer: GroupCommit, reader: DatabasePool
  ) async throws -> SQLiteMembership {
    let name = JobID().description + ".lock"
    let path = files.workers + "/" + name
    let file = try WorkerFile(creating: path, places: worker.concurrency)
    do {
      let id = try await writer.perform(.promised) { try $0.join(worker, file: name) }
      return SQLiteMembership(id, worker, path, file, writer, reader, files)
    } catch {
      unlink(path)
      throw error
    }
  }

  private init(
    _ id: WorkerID, _ worker: WorkerDescription, _ path: String, _ file: WorkerFile, _ writer: GroupCommit,
    _ reader: DatabasePool, _ files: StoreFiles
  ) {
    self.id = id
    self.worker = worker
    self.path = path
    self.file = file
    self.writer = writer
    self.reader = reader
    self.files = files
  }

  // MARK: Jobs

  func claim(_ request: ClaimRequest) async throws -> Claim {
    let start = lastQueue.load(ordering: .relaxed)
    let (claim, last) = try await writer.perform(.relaxed) { [id] in
      try $0.claim(request, worker: id, after: start)
    }
    lastQueue.store(last, ordering: .relaxed)
    return claim
  }

  func noteStart(of token: ClaimToken, place: Int) { file.noteStart(of: token, place: place, now: Date()) }
  func noteProcessGroup(_ group: Int32, place: Int) {
    file.noteProcessGroup(ProcessGroup(id: group), place: place)
  }
  func noteEnd(place: Int) { file.noteEnd(place: place) }

  func inputs(of token: ClaimToken) async throws -> [JobInput] {
    try await reader.read { try JobRows(db: $0, kinds: KindCache()).inputs(token.sequence) }
  }

  func finish(_ token: ClaimToken, _ attempt: FinishedAttempt) async throws -> Bool {
    try await writer.perform(.promised) { [id] in try $0.finish(token, attempt, worker: id) }
  }

  func handBack(_ tokens: [ClaimToken]) async throws {
    guard !tokens.isEmpty else { return }
    try await writer.perform(.promised) { [id] transaction in
      for token in tokens { try transaction.handBack(token, worker: id) }
    }
  }

  func report(_ reports: [AttemptReport]) async throws {
    guard !reports.isEmpty else { return }
    try await writer.perform(.relaxed) { [id] transaction in
      for report in reports { try transaction.report(report, worker: id) }
    }
  }

  func cancelRequests() async throws -> [ClaimToken] {
    try await reader.read { [id] db in
      guard try db.isMember(id) else { throw JobQueueError.noMember(id) }
      return try Row.fetchAll(
        db,
        sql:
          "SELECT sequence, deliveries FROM jobs WHERE state = 3 AND worker = ? AND is_cancel_requested = 1",
        arguments: [id.number]
      ).map { try ClaimToken(sequence: $0[0], delivery: $0[1]) }
    }
  }

  // MARK: Living and dying

  func renew() async throws {
    let isMember = try await writer.perform(.relaxed) { [id] in try $0.renew(id) }
    guard isMember else { throw JobQueueError.noMember(id) }
  }

  func watchEndings(_ action: @escaping @Sendable () -> Void) -> ScheduledAction? {
    EndingsWatch.start(directory: files.workers, action)
  }

  func rescue() async throws -> [Rescue] {
    var rescued: [Rescue] = []
    for candidate in try await reader.read({ try WorkerRow.fetchAll($0) }) where candidate.id != id {
      let path = files.workers + "/" + candidate.file
      guard candidate.liveness(isLocked: WorkerFile.isLocked(path)) == .dead else { continue }
      let remains = try? WorkerFile(takingOver: path)
      guard candidate.liveness(isLocked: remains == nil && access(path, F_OK) == 0) == .dead else { continue }
      let running = remains?.running ?? []
      for attempt in running { attempt.processGroup?.kill(startedIn: candidate.lease) }
      rescued += try await writer.perform(.promised) {
        try $0.rescue(from: candidate, running: running, as: .died)
      }
      unlink(path)
      // The lock of the file is held up to here, so that no other worker rescues the same jobs.
      withExtendedLifetime(remains) {}
    }
    return rescued + (try await rescueUnowned())
  }

  /// Takes up jobs that are held by a worker without a record: one of an older version that was evicted and went on.
  private func rescueUnowned() async throws -> [Rescue] {
    let holders = try await reader.read { db in
      try Int64.fetchAll(
        db,
        sql: "SELECT DISTINCT worker FROM jobs WHERE state = 3 AND worker NOT IN (SELECT id FROM workers)")
    }
    var rescued: [Rescue] = []
    for holder in holders {
      rescued += try await writer.perform(.promised) {
        try $0.rescue(from: .unrecorded(WorkerID(number: holder)), running: [], as: .died)
      }
    }
    return rescued
  }

  func leave() async throws {
    _ = try await writer.perform(.promised) { [id] in try $0.leave(id) }
    unlink(path)
  }
}

extension Database {
  /// Whether a worker is on record.
  func isMember(_ worker: WorkerID) throws -> Bool {
    let statement = try cachedStatement(sql: "SELECT 1 FROM workers WHERE id = ?")
    return try Bool.fetchOne(statement, arguments: [worker.number]) ?? false
  }
}

/// How a worker has lost its jobs.
enum WorkerLoss: Sendable {
  case died, evicted

  /// What the attempts that were running have ended with.
  func error(_ worker: String) -> AttemptError {
    switch self {
    case .died:
      AttemptError(type: "WorkerDied", message: "the worker \(worker) died during the attempt")
    case .evicted:
      AttemptError(type: "WorkerEvicted", message: "the worker \(worker) was evicted during the attempt")
    }
  }
}

/// A row of `workers`.
struct WorkerRow: Sendable {
  var id: WorkerID
  var name: String
  var description: String
  var file: String
  var lease: Lease
  var joinedAt: Date

  /// Stands for a worker that is not on record.
  static func unrecorded(_ id: WorkerID) -> WorkerRow {
    WorkerRow(
      id: id, name: "number \(id)", description: "", file: "", lease: .fresh(), joinedAt: .distantPast)
  }

  static func fetchAll(_ db: Database) throws -> [WorkerRow] {
    try Row.fetchAll(db, sql: "SELECT * FROM workers ORDER BY id").map { row in
      try WorkerRow(
        id: WorkerID(number: row["id"]), name: row["name"], description: row["description"],
        file: row["file"],
        lease: Lease(
          bootID: row["boot_id"], until: row["lease_until"], seenAt: Date(microseconds: row["seen_at"])),
        joinedAt: Date(microseconds: row["joined_at"]))
    }
  }

  func liveness(isLocked: Bool) -> WorkerRecord.Liveness {
    lease.judge(
      bootID: Lease.currentBootID, isLocked: isLocked, now: skein_boottime_nanoseconds(), wall: Date())
  }
}

extension JobTransaction {
  fileprivate func join(_ worker: WorkerDescription, file: String) throws -> WorkerID {
    let lease = Lease.fresh()
    let description = try String(decoding: JSONCodec().encode(worker), as: UTF8.self)
    try run(
      """
      INSERT INTO workers (name, description, file, boot_id, lease_until, seen_at, joined_at)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """,
      [
        worker.name, description, file, lease.bootID, lease.until, lease.seenAt.microseconds, nowMicroseconds,
      ])
    let id = WorkerID(number: db.lastInsertedRowID)
    for (name, version) in worker.knows {
      try run(
        """
        INSERT INTO known_jobs VALUES (?, ?)
        ON CONFLICT DO UPDATE SET payload_version = max(payload_version, excluded.payload_version)
        """, [name, version])
    }
    news.hasWork = true
    return id
  }

  fileprivate func renew(_ worker: WorkerID) throws -> Bool {
    let lease = Lease.fresh()
    try run(
      "UPDATE workers SET boot_id = ?, lease_until = ?, seen_at = ? WHERE id = ?",
      [lease.bootID, lease.until, lease.seenAt.microseconds, worker.number])
    return db.changesCount > 0
  }

  /// Gives the jobs of a worker that is gone to others, and strikes it off. Nothing, if somebody else has done it.
  func rescue(
    from worker: WorkerRow, running: [WorkerFile.Running], as loss: WorkerLoss
  ) throws -> [Rescue] {
    let started = Dictionary(running.map { ($0.token, $0) }) { first, _ in first }
    let rescued = try heldJobs(of: worker.id).map { id, token in
      try rescue(id, token, from: worker, started[token], loss)
    }
    try run("DELETE FROM workers WHERE id = ?", [worker.id.number])
    news.hasWork = true
    return rescued
  }

  private func rescue(
    _ id: JobID, _ token: ClaimToken, from worker: WorkerRow, _ running: WorkerFile.Running?,
    _ loss: WorkerLoss
  ) throws -> Rescue {
    var life = try life(token.sequence).orDamaged("job \(token.sequence) is missing")
    let number = life.attempts + 1
    // An attempt that is on record was started, also where the worker's file is lost.
    let recorded = try JobRows(db: db, kinds: KindCache()).attempts(token.sequence).last {
      $0.number == number
    }
    let wasStarted = running != nil || recorded != nil
    guard life.apply(.crashed(started: wasStarted)) else {
      throw DatabaseError.damaged("job \(token.sequence) is held by a worker and does not run")
    }
    try save(life, of: token.sequence)
    if wasStarted {
      let startedAt = recorded?.startedAt ?? running?.startedAt ?? now
      var attempt = AttemptRecord(
        number: number, delivery: token.delivery, worker: worker.name, startedAt: startedAt, outcome: .crashed
      )
      // The wall clock may have been set back meanwhile.
      attempt.endedAt = max(now, startedAt)
      attempt.error = loss.error(worker.name)
      attempt.processGroup = running?.processGroup?.id ?? recorded?.processGroup
      try save(attempt, of: token.sequence)
    }
    return Rescue(id: id, worker: worker.name, wasStarted: wasStarted, state: life.state)
  }

  /// Gives back what the worker still holds, and strikes it off.
  fileprivate func leave(_ worker: WorkerID) throws -> Int {
    let held = try heldJobs(of: worker)
    for (_, token) in held { try handBack(token, worker: worker) }
    try run("DELETE FROM workers WHERE id = ?", [worker.number])
    return held.count
  }

  private func heldJobs(of worker: WorkerID) throws -> [(JobID, ClaimToken)] {
    try Row.fetchAll(
      db, sql: "SELECT id, sequence, deliveries FROM jobs WHERE state = 3 AND worker = ?",
      arguments: [worker.number]
    ).map { (try JobID(data: $0[0]), try ClaimToken(sequence: $0[1], delivery: $0[2])) }
  }
}

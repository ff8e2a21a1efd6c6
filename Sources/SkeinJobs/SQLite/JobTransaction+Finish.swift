internal import FoundationEssentials
internal import GRDB
internal import SkeinWork

extension JobTransaction {
  /// Ends an attempt, if the worker still holds the job.
  func finish(_ token: ClaimToken, _ finished: FinishedAttempt, worker: WorkerID) throws -> Bool {
    let attempt = finished.attempt
    guard try advance(token, by: finished.event, worker: worker) else { return false }
    try save(attempt, of: token.sequence)
    try append(finished.log, of: token.sequence, attempt: attempt.number)
    if let result = finished.result {
      try run("INSERT OR REPLACE INTO results VALUES (?, ?)", [token.sequence, result])
    }
    return true
  }

  /// Gives a job back that was not started, if the worker still holds it.
  func handBack(_ token: ClaimToken, worker: WorkerID) throws {
    guard try advance(token, by: .handedBack(started: false), worker: worker) else { return }
    try giveBackRate(token.sequence)
  }

  /// Stores what a running attempt has to tell, if the worker still holds the job.
  func report(_ report: AttemptReport, worker: WorkerID) throws {
    let sequence = report.token.sequence
    guard try holds(report.token, worker) else { return }
    try save(report.attempt, of: sequence)
    try append(report.log, of: sequence, attempt: report.attempt.number)
    guard let progress = report.progress else { return }
    try run(
      "INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?)",
      [sequence, report.attempt.number, progress.fraction, progress.message])
    try run("UPDATE jobs SET revision = ? WHERE sequence = ?", [revision(), sequence])
  }

  func save(_ attempt: AttemptRecord, of sequence: Int64) throws {
    let error = try attempt.error.map { try String(decoding: JSONCodec().encode($0), as: UTF8.self) }
    try run(
      "INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        sequence, attempt.number, attempt.delivery, attempt.worker, attempt.startedAt.microseconds,
        attempt.endedAt?.microseconds, attempt.outcome.rawValue, error, attempt.processGroup,
      ])
  }

  func append(_ log: Data, of sequence: Int64, attempt: Int) throws {
    guard !log.isEmpty else { return }
    try run(
      """
      INSERT INTO logs SELECT ?1, ?2, coalesce(max(start + length(bytes)), 0), ?3
      FROM logs WHERE sequence = ?1 AND attempt = ?2
      """, [sequence, attempt, log])
  }

  // MARK: Moving on

  /// Moves a running job on, if the worker still holds it.
  private func advance(_ token: ClaimToken, by event: JobLife.Event, worker: WorkerID) throws -> Bool {
    if event == .succeeded { return try succeed(token, worker) }
    guard try holds(token, worker), var life = try life(token.sequence), life.apply(event) else {
      return false
    }
    try save(life, of: token.sequence)
    return true
  }

  /// The transition of `succeeded`, as one statement: by far the most frequent one.
  private func succeed(_ token: ClaimToken, _ worker: WorkerID) throws -> Bool {
    let statement = try db.cachedStatement(
      sql: """
        UPDATE jobs SET state = 4, attempts = attempts + 1, is_suspect = 0, is_cancel_requested = 0, worker = NULL,
          finished_at = ?, revision = ?
        WHERE sequence = ? AND state = 3 AND worker = ? AND deliveries = ? RETURNING ties
        """)
    statement.setUncheckedArguments([
      nowMicroseconds, revision(), token.sequence, worker.number, token.delivery,
    ])
    guard let ties = try Int.fetchOne(statement) else { return false }
    try didEnd(token.sequence, as: .succeeded, JobTies(rawValue: ties))
    try didLeaveRunning(token.sequence)
    return true
  }

  private func holds(_ token: ClaimToken, _ worker: WorkerID) throws -> Bool {
    let statement = try db.cachedStatement(
      sql: "SELECT 1 FROM jobs WHERE sequence = ? AND state = 3 AND worker = ? AND deliveries = ?")
    return try Bool.fetchOne(statement, arguments: [token.sequence, worker.number, token.delivery]) ?? false
  }

  func life(_ sequence: Int64) throws -> JobLife? {
    let statement = try db.cachedStatement(
      sql: "SELECT \(JobLife.columns) FROM jobs WHERE sequence = ?")
    return try Row.fetchOne(statement, arguments: [sequence]).map { try JobLife($0, at: 0) }
  }

  /// Stores a life that has moved on, and tells those who wait for its end. Only a running job has a worker; only a
  /// finished one has an end; no limit holds back what has moved.
  func save(_ life: JobLife, of sequence: Int64) throws {
    let statement = try db.cachedStatement(
      sql: """
        UPDATE jobs SET state = ?, reason = ?, attempts = ?, failures = ?, crashes = ?, deliveries = ?, is_suspect = ?,
          is_cancel_requested = ?, run_at = ?, worker = CASE WHEN ?1 = 3 THEN worker END, finished_at = ?,
          revision = ?, held_by = NULL
        WHERE sequence = ? RETURNING ties
        """)
    statement.setUncheckedArguments([
      life.state.rawValue, life.reason?.rawValue, life.attempts, life.failures, life.crashes, life.deliveries,
      life.isSuspect, life.isCancelRequested, life.runAt.microseconds,
      life.state.isFinished ? nowMicroseconds : nil, revision(), sequence,
    ])
    let ties = try Int.fetchOne(statement) ?? 0
    if life.state.isFinished {
      try didEnd(sequence, as: life.state, JobTies(rawValue: ties))
    } else {
      news.hasWork = true
    }
    if life.state != .running { try didLeaveRunning(sequence) }
  }
}

extension JobState {
  /// Reads a column.
  init(stored: Int) throws {
    self = try JobState(rawValue: stored).orDamaged("a job is in state \(stored), which there is not")
  }
}

extension JobLife {
  /// The columns of `jobs` that make it up.
  static let columns =
    "state, reason, attempts, failures, crashes, deliveries, is_suspect, is_cancel_requested, run_at"

  /// Reads its columns.
  ///
  /// - Parameter start: the place of the first of them.
  init(_ row: Row, at start: Int) throws {
    try self.init(runAt: Date(microseconds: row[start + 8]), now: .distantPast)
    state = try JobState(stored: row[start])
    reason = try (row[start + 1] as Int?).flatMap(FailureReason.init(rawValue:))
    attempts = try row[start + 2]
    failures = try row[start + 3]
    crashes = try row[start + 4]
    deliveries = try row[start + 5]
    isSuspect = try row[start + 6]
    isCancelRequested = try row[start + 7]
  }
}

internal import FoundationEssentials
internal import GRDB

extension JobTransaction {
  /// Stores a job, unless its unique key belongs to an unfinished one already.
  func enqueue(_ job: NewJob) throws -> EnqueuedJob {
    let life = JobLife(runAt: job.runAt ?? now, now: now)
    let kind = try kindID(job.kind)
    let queue = try queueID(job.queue)
    let sequence = try nextSequence()
    if job.uniqueKey == nil {
      try run(
        """
        INSERT INTO jobs
          (sequence, id, kind, queue, priority, state, enqueued_at, run_at, expires_at, concurrency_key, revision)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          sequence, job.id.data, kind, queue, job.priority, life.state.rawValue, nowMicroseconds,
          life.runAt.microseconds,
          job.expiresAt?.microseconds, job.concurrencyKey, revision(),
        ])
    } else if let existing = try insertUnique(job, sequence, life, kind: kind, queue: queue) {
      return existing
    }
    didUseSequence()
    try insert(job.payload, sequence)
    news.hasWork = true
    return EnqueuedJob(id: job.id, sequence: sequence)
  }

  /// Inserts a job with a unique key, or finds the one that has the key.
  private func insertUnique(
    _ job: NewJob, _ sequence: Int64, _ life: JobLife, kind: Int64, queue: Int64
  ) throws -> EnqueuedJob? {
    try run(
      """
      INSERT INTO jobs
        (sequence, id, kind, queue, priority, state, enqueued_at, run_at, expires_at, unique_key, concurrency_key,
          revision)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL AND state < 4 DO NOTHING
      """,
      [
        sequence, job.id.data, kind, queue, job.priority, life.state.rawValue, nowMicroseconds,
        life.runAt.microseconds,
        job.expiresAt?.microseconds, job.uniqueKey, job.concurrencyKey, revision(),
      ])
    if db.changesCount > 0 { return nil }
    let row = try Row.fetchOne(
      db, sql: "SELECT id, sequence FROM jobs WHERE unique_key = ? AND state < 4", arguments: [job.uniqueKey]
    ).orDamaged("a unique key belongs to no job")
    return try EnqueuedJob(id: JobID(data: row["id"]), sequence: row["sequence"], isExisting: true)
  }

  private func insert(_ payload: JobPayload, _ sequence: Int64) throws {
    let isPlain = payload.args == nil && payload.embed == nil && payload.headers == nil
    if isPlain && payload.rootID == nil && payload.groupID == nil && payload.traceparent == nil {
      return try run("INSERT INTO payloads (sequence, kwargs) VALUES (?, ?)", [sequence, payload.kwargs])
    }
    try run(
      "INSERT INTO payloads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        sequence, payload.args, payload.kwargs, payload.embed, payload.headers, payload.traceparent,
        payload.rootID?.data, payload.parentID?.data, payload.groupID?.data, payload.groupIndex,
      ])
  }
}

extension JobPayload {
  /// Reads the columns of `payloads`.
  init(row: Row) throws {
    try self.init(kwargs: row["kwargs"])
    args = try row["args"]
    embed = try row["embed"]
    headers = try row["headers"]
    traceparent = try row["traceparent"]
    rootID = try (row["root_id"] as Data?).map(JobID.init(data:))
    parentID = try (row["parent_id"] as Data?).map(JobID.init(data:))
    groupID = try (row["group_id"] as Data?).map(JobID.init(data:))
    groupIndex = try row["group_index"]
  }
}

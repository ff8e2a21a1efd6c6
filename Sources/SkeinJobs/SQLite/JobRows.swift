internal import FoundationEssentials
internal import GRDB
internal import SkeinSync
internal import SkeinWork

/// The kinds of a file, as they were read: a kind never changes once it is committed.
final class KindCache: Sendable {
  private let kinds = Lock<[Int64: JobKind]>([:], name: "kinds")

  func kind(_ id: Int64, _ db: Database) throws -> JobKind {
    if let kind = kinds.withLock({ $0[id] }) { return kind }
    let row = try Row.fetchOne(
      db, sql: "SELECT name, payload_version, content_type, rules FROM kinds WHERE id = ?", arguments: [id]
    ).orDamaged("kind number \(id) is missing")
    let kind = try JobKind(row: row)
    kinds.withLock { kinds in
      if kinds.count >= 10_000 { kinds = [:] }
      kinds[id] = kind
    }
    return kind
  }
}

/// What is read of jobs, on any connection.
struct JobRows {
  let db: Database
  let kinds: KindCache

  private static let columns = """
    SELECT j.sequence, j.id, j.kind, q.name, j.priority, j.enqueued_at, j.revision, j.expires_at, j.started_at,
      j.finished_at, j.unique_key, j.unique_until, j.concurrency_key, j.held_by, j.ties, j.worker, p.fraction, p.message,
      \(JobLife.columns)
    FROM jobs j JOIN queues q ON q.id = j.queue JOIN kinds k ON k.id = j.kind
    LEFT JOIN progress p ON p.sequence = j.sequence AND p.attempt = j.attempts + (j.state = 3)
    """

  func job(id: JobID) throws -> JobRecord? {
    try records("WHERE j.id = ?", [id.data]).first
  }

  func job(sequence: Int64) throws -> JobRecord? {
    try records("WHERE j.sequence = ?", [sequence]).first
  }

  func changes(after revision: Int64, limit: Int) throws -> [JobRecord] {
    // Jobs that changed in one transaction share its revision: the last one is read to its end.
    let last = try Int64.fetchOne(
      db.cachedStatement(
        sql:
          "SELECT max(revision) FROM (SELECT revision FROM jobs WHERE revision > ? ORDER BY revision LIMIT ?)"
      ),
      arguments: [revision, limit])
    guard let last else { return [] }
    return try records("WHERE j.revision > ? AND j.revision <= ? ORDER BY j.revision", [revision, last])
  }

  func jobs(_ filter: JobFilter) throws -> [JobRecord] {
    var conditions: [String] = []
    var arguments: StatementArguments = []
    func require(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
      guard let value else { return }
      conditions.append(condition)
      arguments += [value]
    }
    require("q.name = ?", filter.queue)
    require("k.name = ?", filter.name)
    require("j.sequence < ?", filter.before)
    require("j.enqueued_at >= ?", filter.since?.microseconds)
    require("j.worker = ?", filter.worker?.number)
    require("j.sequence IN (SELECT sequence FROM payloads WHERE group_id = ?)", filter.group?.data)
    if let sequences = filter.sequences {
      conditions.append("j.sequence IN (\(sequences.map(String.init).joined(separator: ",")))")
    }
    if let text = filter.text {
      conditions.append(Self.hasText)
      arguments += ["text": Self.pattern(text)]
    }
    // Running jobs are few, and an index finds them: if the condition is the index's own, and no order tempts
    // to go through all jobs instead.
    let isRunningOnly = filter.worker != nil || filter.states == [.running]
    if isRunningOnly { conditions.append("j.state = 3") }
    if !filter.states.isEmpty {
      conditions.append("j.state IN (\(filter.states.map { String($0.rawValue) }.joined(separator: ",")))")
    }
    let filterClause = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
    return try records(
      "\(filterClause) \(filter.order.clause(isSorted: isRunningOnly)) LIMIT \(filter.limit)", arguments)
  }

  /// A condition over `jobs`: something of it has a text.
  private static let hasText = """
    (j.unique_key LIKE :text ESCAPE '!' OR j.concurrency_key LIKE :text ESCAPE '!'
      OR EXISTS (SELECT 1 FROM payloads WHERE sequence = j.sequence AND CAST(kwargs AS TEXT) LIKE :text ESCAPE '!')
      OR EXISTS (SELECT 1 FROM attempts WHERE sequence = j.sequence AND error LIKE :text ESCAPE '!'))
    """

  private static func pattern(_ text: String) -> String {
    "%" + text.reduce(into: "") { $0 += "!%_".contains($1) ? "!\($1)" : "\($1)" } + "%"
  }

  func payloads(_ sequences: [Int64]) throws -> [Int64: JobPayload] {
    let statement = try db.makeStatement(
      sql: """
        SELECT sequence, \(JobPayload.columns) FROM payloads
        WHERE sequence IN (\(sequences.map(String.init).joined(separator: ",")))
        """)
    let payloads = try Row.read(statement) { (try $0[0] as Int64, try JobPayload($0, at: 1)) }
    // A damaged file may have one twice.
    return Dictionary(payloads) { first, _ in first }
  }

  func lastAttempts(_ sequences: [Int64]) throws -> [Int64: AttemptRecord] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT * FROM attempts WHERE sequence IN (\(sequences.map(String.init).joined(separator: ",")))
        ORDER BY sequence, number
        """)
    return try rows.reduce(into: [:]) { $0[try $1["sequence"] as Int64] = try AttemptRecord(row: $1) }
  }

  func outlines(after sequence: Int64, limit: Int, queues: inout [Int64: String]) throws -> [JobOutline] {
    let rows = try Row.fetchCursor(
      db.cachedStatement(
        sql: "SELECT sequence, state, queue, kind FROM jobs WHERE sequence > ? ORDER BY sequence LIMIT ?"),
      arguments: [sequence, limit])
    var outlines: [JobOutline] = []
    while let row = try rows.next() {
      let queue: Int64 = try row[2]
      if queues[queue] == nil {
        queues[queue] = try String.fetchOne(
          db, sql: "SELECT name FROM queues WHERE id = ?", arguments: [queue])
      }
      outlines.append(
        JobOutline(
          sequence: try row[0], state: try JobState(stored: row[1]),
          queue: try queues[queue].orDamaged("queue number \(queue) is missing"),
          name: try kinds.kind(row[3], db).name))
    }
    return outlines
  }

  func attempts(_ sequence: Int64) throws -> [AttemptRecord] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM attempts WHERE sequence = ? ORDER BY number", arguments: [sequence]
    )
    .map(AttemptRecord.init(row:))
  }

  func log(_ sequence: Int64, attempt: Int, from offset: Int) throws -> Data {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT start, bytes FROM logs
        WHERE sequence = ? AND attempt = ? AND start + length(bytes) > ? ORDER BY start
        """, arguments: [sequence, attempt, offset])
    return try rows.reduce(into: Data()) { log, row in
      let bytes: Data = try row["bytes"]
      try log.append(bytes.dropFirst(max(0, offset - (row["start"] as Int))))
    }
  }

  func counts() throws -> [QueueCounts] {
    let rows = try Row.fetchAll(
      db, sql: "SELECT queue, state, count(*) AS jobs FROM jobs GROUP BY queue, state")
    let byQueue = try Dictionary(grouping: rows) { try $0["queue"] as Int64 }
    return try Row.fetchAll(db, sql: "SELECT * FROM queues ORDER BY name").map { queue in
      let jobs = try (byQueue[queue["id"]] ?? []).map {
        (try JobState(stored: $0["state"]), try $0["jobs"] as Int)
      }
      return try QueueCounts(
        queue: queue["name"], isPaused: queue["is_paused"], jobs: Dictionary(jobs, uniquingKeysWith: +))
    }
  }

  private func records(
    _ clause: String, _ arguments: StatementArguments
  ) throws -> [JobRecord] {
    try Row.read(db.cachedStatement(sql: Self.columns + " " + clause), arguments: arguments) { row in
      try JobRecord(row: row, kind: kinds.kind(row[2], db))
    }
  }
}

extension JobRecord {
  fileprivate init(row: Row, kind: JobKind) throws {
    try self.init(
      sequence: row[0], id: JobID(data: row[1]), kind: kind, queue: row[3], priority: row[4],
      life: JobLife(row, at: 18), enqueuedAt: Date(microseconds: row[5]), revision: row[6])
    expiresAt = try (row[7] as Int64?).map(Date.init(microseconds:))
    startedAt = try (row[8] as Int64?).map(Date.init(microseconds:))
    finishedAt = try (row[9] as Int64?).map(Date.init(microseconds:))
    uniqueKey = try row[10]
    uniqueUntil = try (row[11] as Int64?).map(Date.init(microseconds:))
    concurrencyKey = try row[12]
    isHeld = try (row[13] as Int64?) != nil
    ties = try JobTies(rawValue: row[14])
    worker = try (row[15] as Int64?).map(WorkerID.init(number:))
    progress = try (row[16] as Double?).map { JobProgress(fraction: $0, message: try row[17]) }
  }
}

extension AttemptRecord {
  fileprivate init(row: Row) throws {
    try self.init(
      number: row["number"], delivery: row["delivery"], worker: row["worker"],
      startedAt: Date(microseconds: row["started_at"]),
      outcome: Outcome(rawValue: row["outcome"]).orDamaged("an attempt has an outcome that there is not"))
    endedAt = try (row["ended_at"] as Int64?).map(Date.init(microseconds:))
    error = try (row["error"] as String?).map {
      try JSONCodec().decode(AttemptError.self, from: Data($0.utf8))
    }
    processGroup = try row["process_group"]
  }
}

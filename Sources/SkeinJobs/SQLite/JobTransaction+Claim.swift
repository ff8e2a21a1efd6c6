internal import FoundationEssentials
internal import GRDB

extension JobTransaction {
  /// How many scheduled jobs become ready, or expire, in one claim; more of them wait for the next one.
  private static let mostMoved = 1000

  /// Hands ready jobs to a worker.
  ///
  /// - Complexity: O(jobs handed out · log jobs), whatever waits.
  /// - Throws: ``JobQueueError`` with code `wrongState` when the worker's jobs were given to others.
  func claim(_ request: ClaimRequest, worker: WorkerID, turn: Int) throws -> Claim {
    // Nobody would take up the jobs of a worker that is not on record.
    guard try db.isMember(worker) else { throw JobQueueError.noMember(worker) }
    try moveDue()
    var claim = Claim()
    let unknown = try unknownKinds(request.knows)
    let queues = try queuesToAsk(request.queues, turn: turn)
    if request.takesSuspect {
      for queue in queues where claim.jobs.isEmpty {
        try take(from: queue, isSuspect: true, limit: 1, unknown, worker, into: &claim)
      }
    }
    for queue in queues where claim.jobs.count < request.limit {
      try take(
        from: queue, isSuspect: false, limit: request.limit - claim.jobs.count, unknown, worker, into: &claim)
    }
    if claim.jobs.count < request.limit { claim.unknown = try waiting(of: unknown, in: queues) }
    claim.nextDue = try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT min(run_at) FROM jobs WHERE state = 1")
    ).map(Date.init(microseconds:))
    return claim
  }

  /// Moves scheduled jobs whose time has come, and those whose time to start has passed.
  private func moveDue() throws {
    try run(
      """
      UPDATE jobs SET state = 7, finished_at = ?1, revision = ?2 WHERE sequence IN (
        SELECT sequence FROM jobs WHERE expires_at IS NOT NULL AND state < 3 AND expires_at <= ?1 LIMIT ?3)
      """, [nowMicroseconds, revisionIfUsed, Self.mostMoved])
    if db.changesCount > 0 { news.hasChanges = true }
    try run(
      """
      UPDATE jobs SET state = 2, revision = ?2 WHERE sequence IN (
        SELECT sequence FROM jobs WHERE state = 1 AND run_at <= ?1 ORDER BY run_at LIMIT ?3)
      """, [nowMicroseconds, revisionIfUsed, Self.mostMoved])
    if db.changesCount > 0 { news.hasChanges = true }
  }

  // MARK: Queues

  /// The numbers of the queues to ask, in order: those that were named, else all that have ready jobs, another one first
  /// at each turn.
  private func queuesToAsk(_ names: [String]?, turn: Int) throws -> [Int64] {
    let paused = try Set(Int64.fetchAll(db.cachedStatement(sql: "SELECT id FROM queues WHERE is_paused")))
    if let names {
      return try names.map(queueID).filter { !paused.contains($0) }
    }
    // A loose index scan: one probe for each queue that has ready jobs. A damaged index may lead back to where it was, which
    // UNION, unlike UNION ALL, does not follow for ever.
    let filled = try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          WITH RECURSIVE filled (queue) AS (
            SELECT min(queue) FROM jobs WHERE state = 2
            UNION
            SELECT (SELECT min(queue) FROM jobs WHERE state = 2 AND queue > filled.queue) FROM filled
            WHERE filled.queue IS NOT NULL)
          SELECT queue FROM filled WHERE queue IS NOT NULL
          """)
    ).filter { !paused.contains($0) }
    guard filled.count > 1 else { return filled }
    let first = turn % filled.count
    return Array(filled[first...] + filled[..<first])
  }

  // MARK: Kinds that the worker does not know

  private func unknownKinds(_ knows: [String: Int]) throws -> [Int64] {
    let newest = try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(id) FROM kinds"))
    return try cache.unknownKinds(to: knows, newest: newest) {
      try Row.fetchAll(db, sql: "SELECT id, name, payload_version FROM kinds").map {
        (id: try $0["id"], job: UnknownJob(name: try $0["name"], payloadVersion: try $0["payload_version"]))
      }
    }
  }

  private func waiting(of kinds: [Int64], in queues: [Int64]) throws -> Set<UnknownJob> {
    guard !kinds.isEmpty else { return [] }
    let ids = try Int64.fetchAll(
      db,
      sql: """
        SELECT DISTINCT kind FROM jobs WHERE state = 2 AND queue IN (\(list(queues))) AND kind IN (\(list(kinds)))
        """)
    return try Set(
      ids.map { try kind($0) }.map { UnknownJob(name: $0.name, payloadVersion: $0.payloadVersion) })
  }

  private func list(_ numbers: [Int64]) -> String { numbers.map(String.init).joined(separator: ",") }

  // MARK: Taking

  private func take(
    from queue: Int64, isSuspect: Bool, limit: Int, _ unknown: [Int64], _ worker: WorkerID,
    into claim: inout Claim
  ) throws {
    let statement = try db.cachedStatement(
      sql: """
        SELECT j.sequence, j.id, j.kind, j.priority, j.deliveries, j.attempts, j.failures, j.crashes, j.run_at,
          j.enqueued_at, p.args, p.kwargs, p.embed, p.headers, p.traceparent, p.root_id, p.parent_id, p.group_id,
          p.group_index
        FROM jobs j JOIN payloads p ON p.sequence = j.sequence
        WHERE j.state = 2 AND j.queue = ? AND j.is_suspect = ?
          \(unknown.isEmpty ? "" : "AND j.kind NOT IN (\(list(unknown)))")
        ORDER BY j.priority DESC, j.sequence LIMIT ?
        """)
    let rows = try Row.fetchAll(statement, arguments: [queue, isSuspect, limit])
    guard !rows.isEmpty else { return }
    let name = try queueName(queue)
    for row in rows {
      let job = try claimed(row, isSuspect: isSuspect, queue: name)
      try run(
        "UPDATE jobs SET state = 3, worker = ?, deliveries = ?, started_at = ?, revision = ? WHERE sequence = ?",
        [worker.number, job.token.delivery, nowMicroseconds, revision(), job.token.sequence])
      claim.jobs.append(job)
    }
  }

  private func claimed(_ row: Row, isSuspect: Bool, queue: String) throws -> ClaimedJob {
    var life = try JobLife(runAt: Date(microseconds: row[8]), now: .distantFuture)
    life.deliveries = try row[4]
    life.attempts = try row[5]
    life.failures = try row[6]
    life.crashes = try row[7]
    life.isSuspect = isSuspect
    let sequence: Int64 = try row[0]
    guard life.apply(.claimed) else {
      throw DatabaseError.damaged("job \(sequence) is ready, and comes up after the end of time")
    }
    return try ClaimedJob(
      id: JobID(data: row[1]), token: ClaimToken(sequence: sequence, delivery: life.deliveries),
      kind: kind(row[2]),
      payload: JobPayload(row: row), queue: queue, priority: row[3], life: life,
      enqueuedAt: Date(microseconds: row[9]), history: life.attempts > 0 ? history(sequence) : nil)
  }

  private func history(_ sequence: Int64) throws -> (firstStart: Date, lastEnd: Date)? {
    let row = try Row.fetchOne(
      db, sql: "SELECT min(started_at), max(ended_at) FROM attempts WHERE sequence = ?", arguments: [sequence]
    )
    guard let first: Int64 = try row?[0], let last: Int64 = try row?[1] else { return nil }
    return (Date(microseconds: first), Date(microseconds: last))
  }
}

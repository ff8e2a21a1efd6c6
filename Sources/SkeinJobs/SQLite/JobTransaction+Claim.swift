internal import FoundationEssentials
internal import GRDB

extension JobTransaction {
  /// How many scheduled jobs become ready, or expire, in one claim; more of them wait for the next one.
  private static let mostMoved = 1000

  /// Hands ready jobs to a worker.
  ///
  /// - Parameter last: the queue at which the last claim of this worker ended.
  /// - Returns: the jobs, and the queue at which this claim ended.
  /// - Complexity: O(jobs handed out · log jobs), whatever waits, in however many queues.
  /// - Throws: ``JobQueueError`` with code `wrongState` when the worker's jobs were given to others.
  func claim(_ request: ClaimRequest, worker: WorkerID, after last: Int64) throws -> (Claim, last: Int64) {
    // Nobody would take up the jobs of a worker that is not on record.
    guard try db.isMember(worker) else { throw JobQueueError.noMember(worker) }
    try moveDue()
    let unknown = try unknownKinds(request.knows)
    let named = try request.queues?.map(queueID)
    var gates = try LimitGates(self)
    try gates?.open(queues: named, isKnown(unknown, "kind"), limit: request.limit)
    var (claim, last) = (Claim(), last)
    var walk = try QueueWalk(named: named, after: last, db)
    if request.takesSuspect {
      for queue in walk.open(try suspectQueues()) where claim.jobs.isEmpty {
        try take(from: queue, isSuspect: true, limit: 1, unknown, worker, &gates, into: &claim)
      }
    }
    var asked: [Int64] = []
    while claim.jobs.count < request.limit, let queue = try walk.next() {
      try take(from: queue, isSuspect: false, limit: request.limit, unknown, worker, &gates, into: &claim)
      asked.append(queue)
      last = queue
    }
    if claim.jobs.count < request.limit { claim.unknown = try waiting(of: unknown, in: asked) }
    claim.nextDue = try [nextScheduled(), gates?.finish()].compactMap(\.self).min()
    return (claim, last)
  }

  private func suspectQueues() throws -> [Int64] {
    try Int64.fetchAll(
      db.cachedStatement(
        sql: "SELECT DISTINCT queue FROM jobs WHERE state = 2 AND is_suspect = 1 AND held_by IS NULL"))
  }

  private func nextScheduled() throws -> Date? {
    try Int64.fetchOne(db.cachedStatement(sql: "SELECT min(run_at) FROM jobs WHERE state = 1"))
      .map(Date.init(microseconds:))
  }

  /// Moves scheduled jobs whose time has come, and those whose time to start has passed.
  private func moveDue() throws {
    let expired = try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT sequence FROM jobs WHERE expires_at IS NOT NULL AND state < 3 AND expires_at <= ? LIMIT ?
          """), arguments: [nowMicroseconds, Self.mostMoved])
    for sequence in expired {
      // One that waits for another of them may have ended with it.
      guard var life = try life(sequence), life.apply(.expired) else { continue }
      try save(life, of: sequence)
    }
    try run(
      """
      UPDATE jobs SET state = 2, revision = ?2 WHERE sequence IN (
        SELECT sequence FROM jobs WHERE state = 1 AND run_at <= ?1 ORDER BY run_at LIMIT ?3)
      """, [nowMicroseconds, revisionIfUsed, Self.mostMoved])
    if db.changesCount > 0 { news.hasChanges = true }
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
        SELECT DISTINCT kind FROM jobs WHERE state = 2 AND held_by IS NULL AND queue IN (\(list(queues))) AND kind IN (\(list(kinds)))
        """)
    return try Set(
      ids.map { try kind($0) }.map { UnknownJob(name: $0.name, payloadVersion: $0.payloadVersion) })
  }

  private func list(_ numbers: [Int64]) -> String { numbers.map(String.init).joined(separator: ",") }

  // MARK: Taking

  private func isKnown(_ unknown: [Int64], _ column: String) -> String {
    unknown.isEmpty ? "" : "AND \(column) NOT IN (\(list(unknown)))"
  }

  /// So many jobs are marked as held back by a limit in one look at a queue; more of them at the next.
  private static let mostHeld = 1000

  /// Takes jobs of a queue until there are `limit` of them.
  private func take(
    from queue: Int64, isSuspect: Bool, limit: Int, _ unknown: [Int64], _ worker: WorkerID,
    _ gates: inout LimitGates?, into claim: inout Claim
  ) throws {
    var held = 0
    while claim.jobs.count < limit && held < Self.mostHeld {
      let wanted = limit - claim.jobs.count
      let rows = try ready(in: queue, isSuspect: isSuspect, limit: wanted, unknown)
      let name = rows.isEmpty ? "" : try queueName(queue)
      for row in rows {
        if gates != nil, try !gates!.admit(row[0], kind(row[2]), row[10]) {
          held += 1
          continue
        }
        let job = try claimed(row, isSuspect: isSuspect, queue: name)
        try run(
          "UPDATE jobs SET state = 3, worker = ?, deliveries = ?, started_at = ?, revision = ? WHERE sequence = ?",
          [worker.number, job.token.delivery, nowMicroseconds, revision(), job.token.sequence])
        claim.jobs.append(job)
      }
      guard rows.count == wanted else { return }
    }
    // There may be more behind those that were marked: others are to look soon.
    if held >= Self.mostHeld { news.hasWork = true }
  }

  private func ready(in queue: Int64, isSuspect: Bool, limit: Int, _ unknown: [Int64]) throws -> [Row] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT j.sequence, j.id, j.kind, j.priority, j.deliveries, j.attempts, j.failures, j.crashes, j.run_at,
          j.enqueued_at, j.concurrency_key, j.ties, \(JobPayload.columns)
        FROM jobs j JOIN payloads p ON p.sequence = j.sequence
        WHERE j.state = 2 AND j.held_by IS NULL AND j.queue = ? AND j.is_suspect = ? \(isKnown(unknown, "j.kind"))
        ORDER BY j.priority DESC, j.sequence LIMIT ?
        """)
    return try Row.fetchAll(statement, arguments: [queue, isSuspect, limit])
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
      payload: JobPayload(row, at: 12), queue: queue, priority: row[3], life: life,
      enqueuedAt: Date(microseconds: row[9]), history: life.attempts > 0 ? history(sequence) : nil,
      ties: JobTies(rawValue: row[11]))
  }

  private func history(_ sequence: Int64) throws -> (firstStart: Date, lastEnd: Date)? {
    let row = try Row.fetchOne(
      db, sql: "SELECT min(started_at), max(ended_at) FROM attempts WHERE sequence = ?", arguments: [sequence]
    )
    guard let first: Int64 = try row?[0], let last: Int64 = try row?[1] else { return nil }
    return (Date(microseconds: first), Date(microseconds: last))
  }
}

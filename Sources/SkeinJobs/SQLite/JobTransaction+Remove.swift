internal import FoundationEssentials
internal import GRDB

extension JobTransaction {
  /// The tables that have rows for a job, beside `jobs` itself.
  static let sideTables = ["payloads", "results", "progress", "attempts", "logs"]

  /// Removes those of some jobs that still are what they were removed for.
  ///
  /// - Parameter condition: a condition over the columns of `jobs`.
  /// - Returns: how many.
  func remove(_ sequences: [Int64], where condition: String, _ arguments: StatementArguments = []) throws
    -> Int
  {
    let fitting = try Int64.fetchAll(
      db, sql: "SELECT sequence FROM jobs WHERE sequence IN (\(list(sequences))) AND \(condition)",
      arguments: arguments)
    try cancelNeeded(fitting)
    let doomed = try Int64.fetchAll(
      db, sql: "SELECT sequence FROM jobs WHERE sequence IN (\(list(fitting))) AND \(JobRows.isNotNeeded)")
    guard !doomed.isEmpty else { return 0 }
    // Before the highest one can be gone: its number is not given again.
    try run(
      "UPDATE meta SET last_sequence = max(last_sequence, (SELECT max(sequence) FROM jobs))", [])
    for table in Self.sideTables + ["jobs"] {
      try db.execute(sql: "DELETE FROM \(table) WHERE sequence IN (\(list(doomed)))")
    }
    try db.execute(sql: "DELETE FROM dependencies WHERE job IN (\(list(doomed)))")
    return doomed.count
  }

  /// Cancels unfinished jobs that others are tied to, so that those learn of it.
  private func cancelNeeded(_ sequences: [Int64]) throws {
    let told: JobTies = [.isNeeded, .failsTogether]
    let needed = try Int64.fetchAll(
      db,
      sql: """
        SELECT sequence FROM jobs WHERE sequence IN (\(list(sequences))) AND state < 3 AND ties & \(told.rawValue)
        """)
    for sequence in needed { try giveUp(sequence) }
  }

  private func list(_ sequences: [Int64]) -> String { sequences.map(String.init).joined(separator: ",") }

  /// Gives memory of the file that is not used any more back to the file system.
  ///
  /// - Parameter pages: at most so many pages, for the writers' lock is held meanwhile.
  func shrinkFile(pages: Int) throws { _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum(\(pages))") }
}

extension JobRows {
  /// Finished jobs that have been kept long enough, at most `limit`.
  ///
  /// - Complexity: O(kinds of jobs · log(jobs) + jobs returned).
  func overdue(_ policy: RetentionPolicy, now: Date, limit: Int) throws -> [Int64] {
    var overdue: [Int64] = []
    for id in try finishedKinds() {
      let own = try kinds.kind(id, db).retention
      for state in JobState.allCases where state.isFinished && overdue.count < limit {
        guard let span = policy.span(for: state, own: own) else { continue }
        let latest = now.addingTimeInterval(-span.seconds).microseconds
        overdue += try Int64.fetchAll(
          db.cachedStatement(sql: Self.overdueSQL),
          arguments: [id, state.rawValue, latest, now.microseconds, limit - overdue.count])
      }
    }
    return overdue
  }

  /// A range of `jobs_finished`, in its order.
  static let overdueSQL = """
    SELECT sequence FROM jobs WHERE kind = ? AND state = ? AND finished_at <= ? AND \(hasNoKey) AND \(isNotNeeded)
    ORDER BY finished_at LIMIT ?
    """

  /// A condition over `jobs`: the period of no unique key goes on at a time.
  static let hasNoKey = "(unique_until IS NULL OR unique_until <= ?)"

  /// A condition over `jobs`: no unfinished job waits for the result.
  static let isNotNeeded = """
    NOT (state = 4 AND ties & \(JobTies.isNeeded.rawValue) AND EXISTS (
      SELECT 1 FROM dependencies d JOIN jobs w ON w.sequence = d.job
      WHERE d.needs = jobs.sequence AND w.finished_at IS NULL))
    """

  /// The kinds that finished jobs have: one probe for each. UNION ALL would follow a damaged index in a circle.
  private func finishedKinds() throws -> [Int64] {
    try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          WITH RECURSIVE finished (kind) AS (
            SELECT min(kind) FROM jobs WHERE finished_at IS NOT NULL
            UNION
            SELECT (SELECT min(kind) FROM jobs WHERE finished_at IS NOT NULL AND kind > finished.kind) FROM finished
            WHERE finished.kind IS NOT NULL)
          SELECT kind FROM finished WHERE kind IS NOT NULL
          """))
  }

  /// Jobs of a queue in some states, the first ones after a number, and the queue's own number; `nil` when there is no
  /// such queue.
  func jobs(
    of queue: String, in states: String, after sequence: Int64, limit: Int
  ) throws -> (queue: Int64, sequences: [Int64])? {
    guard let id = try Int64.fetchOne(db, sql: "SELECT id FROM queues WHERE name = ?", arguments: [queue])
    else {
      return nil
    }
    let sequences = try Int64.fetchAll(
      db,
      sql: """
        SELECT sequence FROM jobs WHERE sequence > ? AND queue = ? AND state IN (\(states)) ORDER BY sequence LIMIT ?
        """, arguments: [sequence, id, limit])
    return (id, sequences)
  }

  /// Whether so much of the file is not used any more that giving it back is worth the copying.
  func isWorthShrinking(pages: Int) throws -> Bool {
    let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
    let all = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
    return free > pages && free > all / 4
  }
}

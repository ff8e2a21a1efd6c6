internal import FoundationEssentials
internal import GRDB

extension JobTransaction {
  /// The tables that have rows for a job, beside `jobs` itself.
  static let sideTables = ["payloads", "results", "progress", "attempts", "logs"]

  /// Removes jobs of a queue that do not run.
  ///
  /// - Returns: how many.
  func purge(queue: String, states: Set<JobState>) throws -> Int {
    let wanted = states.subtracting([.running]).map { String($0.rawValue) }.joined(separator: ",")
    let removed = try remove(
      where: "queue = ? AND state IN (\(wanted))", [queueID(queue)])
    if removed > 0 { _ = revision() }
    return removed
  }

  /// Removes those of some jobs that are finished still: one may have been made ready again meanwhile.
  ///
  /// - Returns: how many.
  func removeFinished(_ sequences: [Int64]) throws -> Int {
    guard !sequences.isEmpty else { return 0 }
    let list = sequences.map(String.init).joined(separator: ",")
    return try remove(where: "sequence IN (\(list)) AND state >= \(JobState.succeeded.rawValue)", [])
  }

  private func remove(where condition: String, _ arguments: StatementArguments) throws -> Int {
    let doomed = "SELECT sequence FROM jobs WHERE \(condition)"
    for table in Self.sideTables {
      try db.execute(sql: "DELETE FROM \(table) WHERE sequence IN (\(doomed))", arguments: arguments)
    }
    try db.execute(sql: "DELETE FROM jobs WHERE \(condition)", arguments: arguments)
    return db.changesCount
  }

  /// Gives memory of the file that is not used any more back to the file system, when that is worth it.
  ///
  /// - Parameter pages: at most so many pages, for the writers' lock is held meanwhile.
  func shrinkFile(pages: Int) throws {
    let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
    let all = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
    guard free > pages, free > all / 4 else { return }
    _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum(\(pages))")
  }
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
        let statement = try db.cachedStatement(
          sql: """
            SELECT sequence FROM jobs WHERE kind = ? AND state = ? AND state >= 4 AND finished_at <= ?
            ORDER BY finished_at LIMIT ?
            """)
        let latest = now.addingTimeInterval(-span.seconds).microseconds
        overdue += try Int64.fetchAll(
          statement, arguments: [id, state.rawValue, latest, limit - overdue.count])
      }
    }
    return overdue
  }

  /// The kinds that finished jobs have: one probe for each.
  private func finishedKinds() throws -> [Int64] {
    try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          WITH RECURSIVE finished (kind) AS (
            SELECT min(kind) FROM jobs WHERE state >= 4
            UNION ALL
            SELECT (SELECT min(kind) FROM jobs WHERE state >= 4 AND kind > finished.kind) FROM finished
            WHERE finished.kind IS NOT NULL)
          SELECT kind FROM finished WHERE kind IS NOT NULL
          """))
  }
}

internal import GRDB

extension SQLiteJobStore {
  /// Looks for damage in the file, and for jobs that are in no state a job can be in.
  ///
  /// It reads everything and changes nothing; the queue goes on meanwhile. What is written then stays in the log until
  /// this has ended.
  ///
  /// - Returns: a sentence for each problem; none, when the file is sound.
  /// - Throws: ``JobQueueError`` when the file can not be read at all.
  /// - Complexity: O(size of the file).
  public func check() async throws -> [String] {
    try await read { db in
      let damage = try FileDamage(db).sentences
      // What a damaged file says about its rows means nothing.
      guard damage.isEmpty else { return damage.map { "the file is damaged: \($0)" } }
      let unreadable = try JobRows(db: db, kinds: KindCache()).schedules("ORDER BY s.name", [])
        .filter { $0.record == nil }.map { "schedule '\($0.name)' can not be read by this version" }
      return try StoreRule.all.compactMap { try $0.violation(db) } + unreadable
    }
  }
}

/// What SQLite finds wrong with a file.
private struct FileDamage {
  private(set) var sentences: [String] = []

  init(_ db: Database) throws {
    guard try !look(db, "20") else { return }
    // It has not come to its end: table by table, the damage of one does not hide that of the others.
    for table in try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'") {
      _ = try look(db, "\"\(table)\"", prefix: "table '\(table)': ")
    }
  }

  /// Says whether it has come to its end.
  private mutating func look(_ db: Database, _ argument: String, prefix: String = "") throws -> Bool {
    do {
      let found = try String.fetchCursor(db, sql: "PRAGMA integrity_check(\(argument))")
      while let text = try found.next() { note(text, prefix) }
      return true
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
      note(error.message ?? "it can not be read", prefix)
      return false
    }
  }

  /// Several findings come as one text of several lines, under a head line of stars.
  private mutating func note(_ text: String, _ prefix: String) {
    for line in text.split(separator: "\n") where line != "ok" && !line.hasPrefix("***") {
      sentences.append(prefix + line)
    }
  }
}

/// What is true of every row that the store has written.
private struct StoreRule {
  /// What the rows have in common that break it, after their number.
  var sentence: String
  /// Selects their jobs' numbers.
  var violations: String

  static let all = jobs + links + sideTables

  private static let jobs = [
    StoreRule(
      sentence: "without an input",
      violations: "SELECT sequence FROM jobs WHERE sequence NOT IN (SELECT sequence FROM payloads)"),
    StoreRule(
      sentence: "in a state that there is not",
      violations: "SELECT sequence FROM jobs WHERE state NOT BETWEEN 0 AND \(JobState.expired.rawValue)"),
    StoreRule(
      sentence: "of a queue or a kind that there is not",
      violations: """
        SELECT sequence FROM jobs
        WHERE queue NOT IN (SELECT id FROM queues) OR kind NOT IN (SELECT id FROM kinds)
        """),
    StoreRule(
      sentence: "running for no worker, or held by one without running",
      violations: """
        SELECT sequence FROM jobs
        WHERE (state = 3) != (worker IS NOT NULL) OR (state = 3 AND worker NOT IN (SELECT id FROM workers))
        """),
    StoreRule(
      sentence: "finished without a time, or with one while unfinished",
      violations: "SELECT sequence FROM jobs WHERE (state >= 4) != (finished_at IS NOT NULL)"),
    StoreRule(
      sentence: "with counts that contradict each other",
      violations: """
        SELECT sequence FROM jobs
        WHERE attempts < failures + crashes OR deliveries < attempts OR attempts < 0 OR failures < 0 OR crashes < 0
        """),
    StoreRule(
      sentence: "failed without a reason, or with one though they did not fail",
      violations: "SELECT sequence FROM jobs WHERE (state = 5) != (reason IS NOT NULL)"),
    StoreRule(
      sentence: "numbered beyond the latest change",
      violations: "SELECT sequence FROM jobs WHERE revision > (SELECT revision FROM meta)"),
  ]

  private static let links = [
    StoreRule(
      sentence: "waiting for nothing that could still happen",
      violations: """
        SELECT sequence FROM jobs WHERE state = 0 AND NOT EXISTS (
          SELECT 1 FROM dependencies d JOIN jobs n ON n.sequence = d.needs
          WHERE d.job = jobs.sequence AND d.state = 0 AND n.state < 4)
        """),
    StoreRule(
      sentence: "waiting though what it waits for has happened, or can not happen any more",
      violations: """
        SELECT DISTINCT j.sequence FROM jobs j JOIN dependencies d ON d.job = j.sequence
        WHERE j.state = 0 AND d.state = CASE WHEN j.ties & \(JobTies.startsAfterAny.rawValue) THEN 1 ELSE 2 END
        """),
    StoreRule(
      sentence: "tied to another one that does not know of it",
      violations: """
        SELECT DISTINCT d.needs FROM dependencies d JOIN jobs j ON j.sequence = d.needs
        WHERE d.state = 0 AND j.ties & \(JobTies.isNeeded.rawValue) = 0
          AND EXISTS (SELECT 1 FROM jobs w WHERE w.sequence = d.job AND w.state = 0)
        """),
    StoreRule(
      sentence: "held back by a limit that there is not, or without being ready",
      violations: """
        SELECT sequence FROM jobs
        WHERE held_by IS NOT NULL AND (state <> 2 OR held_by NOT IN (SELECT id FROM limited))
        """),
    StoreRule(
      sentence: "gone that still wait for others",
      violations: "SELECT DISTINCT job FROM dependencies WHERE job NOT IN (SELECT sequence FROM jobs)"),
  ]

  private static let sideTables = JobTransaction.sideTables.map { table in
    StoreRule(
      sentence: "gone that have left rows in '\(table)'",
      violations: "SELECT DISTINCT sequence FROM \(table) WHERE sequence NOT IN (SELECT sequence FROM jobs)")
  }

  /// Says which jobs break the rule; `nil` when none does.
  func violation(_ db: Database) throws -> String? {
    let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM (\(violations))") ?? 0
    guard count > 0 else { return nil }
    let examples = try Int64.fetchAll(db, sql: "SELECT * FROM (\(violations)) ORDER BY 1 LIMIT 5").map {
      "\($0)"
    }
    let jobs = count == 1 ? "1 job is" : "\(count) jobs are"
    return "\(jobs) \(sentence): \(examples.joined(separator: ", "))" + (count > 5 ? ", …" : "")
  }
}

internal import FoundationEssentials
internal import GRDB

/// The limits as one claim sees them: read once, kept up while jobs are taken, written at the end.
struct LimitGates {
  private struct Entry {
    var id: Int64
    var gate: LimitGate
    var isHolding = false
    /// When claims look at it; `nil` means after an end.
    var opensAt: Int64?
    var isChanged = false

    mutating func start(now: Int64) {
      gate.start(now: now)
      isChanged = true
    }
  }

  /// So many limits are looked at in one claim; more of them in the next one.
  private static let mostOpened = 200
  /// In microseconds, to the claim that looks at the next ones.
  private static let pause: Int64 = 20_000

  private let transaction: JobTransaction
  private var entries: [JobLimit.Subject: Entry] = [:]
  private let running: [JobLimit.Subject: Int]
  /// Whether there may be further limits to look at than those of this claim.
  private var hasMore = false

  private var db: Database { transaction.db }
  private var now: Int64 { transaction.nowMicroseconds }

  /// The gates of a store that has limits, or has had some that still hold jobs back; `nil` when there are none.
  init?(_ transaction: JobTransaction) throws {
    guard transaction.limits.version > 0 else { return nil }
    self.transaction = transaction
    running = try Self.running(transaction)
  }

  private static func running(_ transaction: JobTransaction) throws -> [JobLimit.Subject: Int] {
    let statement = try transaction.db.cachedStatement(
      sql: "SELECT kind, concurrency_key, count(*) FROM jobs WHERE state = 3 GROUP BY kind, concurrency_key")
    var running: [JobLimit.Subject: Int] = [:]
    for row in try Row.fetchAll(statement) {
      let subjects = try transaction.limits.subjects(name: transaction.kind(row[0]).name, key: row[1])
      for subject in subjects { running[subject, default: 0] += try row[2] as Int }
    }
    return running
  }

  // MARK: Opening

  /// Lets those go on that are held back and for which there is room now.
  ///
  /// - Parameters:
  ///   - queues: the only queues to be looked at; `nil` means all that are not paused.
  ///   - condition: a further condition over the columns of `jobs`.
  ///   - limit: so many of a limit at the most.
  mutating func open(queues: [Int64]?, _ condition: String, limit: Int) throws {
    let due = try self.due()
    for row in due {
      let subject = try JobLimit.Subject(scope: row["scope"], text: row["subject"])
      var entry = try self.entry(row, subject)
      let room = entry.gate.room(now: now)
      var isEmpty = false
      if room > 0 {
        for queue in try heldQueues(entry.id, among: queues) {
          try release(entry.id, queue, condition, most: min(room, limit))
        }
        isEmpty = try !isHolding(entry.id)
      }
      if isEmpty || room == 0 {
        entry.opensAt = isEmpty ? nil : entry.gate.opening(now: now)
        entry.isChanged = true
      }
      entry.isHolding = !isEmpty
      entries[subject] = entry
    }
  }

  /// The next limits to look at, after those of the last claim, so that some at which nothing can go on, in a paused queue
  /// for one, do not stand before others.
  private mutating func due() throws -> [Row] {
    // What opens later than any rate's interval was noted by a clock that was wrong.
    let latest = now + transaction.limits.longestInterval
    let statement = try db.cachedStatement(
      sql: """
        SELECT * FROM limited WHERE +id > ? AND +id <= ? AND (opens_at <= ? OR opens_at > ?) ORDER BY +id LIMIT ?
        """)
    let last = transaction.cache.lastLimit
    var due = try Row.fetchAll(statement, arguments: [last, Int64.max, now, latest, Self.mostOpened])
    if due.count < Self.mostOpened, last > 0 {
      due += try Row.fetchAll(statement, arguments: [0, last, now, latest, Self.mostOpened - due.count])
    }
    hasMore = due.count == Self.mostOpened
    transaction.cache.lastLimit = hasMore ? try due[due.count - 1]["id"] : 0
    return due
  }

  private func heldQueues(_ limit: Int64, among queues: [Int64]?) throws -> [Int64] {
    let held = try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          WITH RECURSIVE held (queue) AS (
            SELECT min(queue) FROM jobs WHERE held_by = ?1
            UNION
            SELECT (SELECT min(queue) FROM jobs WHERE held_by = ?1 AND queue > held.queue) FROM held
            WHERE held.queue IS NOT NULL)
          SELECT queue FROM held JOIN queues q ON q.id = held.queue WHERE NOT q.is_paused
          """), arguments: [limit])
    return queues.map { Set($0) }.map { asked in held.filter(asked.contains) } ?? held
  }

  private func release(_ limit: Int64, _ queue: Int64, _ condition: String, most: Int) throws {
    try transaction.run(
      """
      UPDATE jobs SET held_by = NULL, revision = ? WHERE sequence IN (
        SELECT sequence FROM jobs WHERE held_by = ? AND queue = ? \(condition)
        ORDER BY priority DESC, sequence LIMIT ?)
      """, [transaction.revision(), limit, queue, most])
  }

  private func isHolding(_ limit: Int64) throws -> Bool {
    try Bool.fetchOne(
      db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM jobs WHERE held_by = ?)"), arguments: [limit])!
  }

  // MARK: Taking

  /// Whether a job may start; one that may not is marked as held back.
  mutating func admit(_ sequence: Int64, _ kind: JobKind, _ key: String?) throws -> Bool {
    let subjects = transaction.limits.subjects(name: kind.name, key: key)
    for subject in subjects {
      var entry = try self.entry(of: subject)
      guard entry.gate.room(now: now) == 0 else { continue }
      try transaction.run(
        "UPDATE jobs SET held_by = ?, revision = ? WHERE sequence = ?",
        [entry.id, transaction.revision(), sequence])
      if !entry.isHolding {
        entry.isHolding = true
        entry.opensAt = entry.gate.opening(now: now)
        entry.isChanged = true
        entries[subject] = entry
      }
      return false
    }
    let now = now
    for subject in subjects { entries[subject]?.start(now: now) }
    return true
  }

  private mutating func entry(of subject: JobLimit.Subject) throws -> Entry {
    if let entry = entries[subject] { return entry }
    try transaction.run(
      "INSERT INTO limited (scope, subject) VALUES (?, ?) ON CONFLICT DO NOTHING",
      [subject.scope, subject.text])
    let row = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT * FROM limited WHERE scope = ? AND subject = ?"),
      arguments: [subject.scope, subject.text]
    ).orDamaged("the state of a limit is missing")
    var entry = try self.entry(row, subject)
    entry.isHolding = entry.opensAt != nil
    entries[subject] = entry
    return entry
  }

  private func entry(_ row: Row, _ subject: JobLimit.Subject) throws -> Entry {
    let gate = try LimitGate(
      transaction.limits.limit(of: subject), running: running[subject] ?? 0, earliest: row["earliest"],
      now: now)
    return try Entry(id: row["id"], gate: gate, opensAt: row["opens_at"])
  }

  /// Stores what has changed.
  ///
  /// - Returns: when a rate lets the next one through that is held back; `nil` when none is waited for.
  func finish() throws -> Date? {
    for entry in entries.values where entry.isChanged {
      try transaction.run(
        "UPDATE limited SET earliest = ?, opens_at = ? WHERE id = ?",
        [entry.gate.earliest, entry.opensAt, entry.id])
    }
    let next = try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT min(opens_at) FROM limited WHERE opens_at > ?"), arguments: [now])
    // The rest is looked at soon, but not at once: there may be nothing that can go on.
    let rest = hasMore ? now + Self.pause : nil
    return [next, rest].compactMap(\.self).min().map(Date.init(microseconds:))
  }
}

internal import FoundationEssentials
internal import GRDB

/// Keeping limits costs a claim nothing per waiting job: one that a limit holds back is marked when it is come upon, and
/// leaves the index of ready jobs until there is room. What runs is counted, not remembered, so that nothing that dies
/// can keep a place.
///
/// | column of `limited` | says |
/// |---|---|
/// | `earliest` | the state of the rate: see ``LimitGate`` |
/// | `opens_at` | from when on a claim looks whether those that are held back may go on; `NULL`: an end sets it |
extension JobTransaction {
  // MARK: Setting

  func setLimit(_ limit: JobLimit) throws {
    try run(
      """
      INSERT INTO limits (scope, subject, concurrency, rate_count, rate_period, burst) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (scope, subject) DO UPDATE SET concurrency = excluded.concurrency, rate_count = excluded.rate_count,
        rate_period = excluded.rate_period, burst = excluded.burst
      """,
      [
        limit.subject.scope, limit.subject.text, limit.concurrency, limit.rate?.count,
        limit.rate.map { Int64($0.period.seconds * 1_000_000) }, limit.rate?.burst,
      ])
    try didChangeLimits()
  }

  /// Takes a limit away.
  ///
  /// - Returns: whether there was one.
  func removeLimit(_ subject: JobLimit.Subject) throws -> Bool {
    try run("DELETE FROM limits WHERE scope = ? AND subject = ?", [subject.scope, subject.text])
    guard db.changesCount > 0 else { return false }
    try didChangeLimits()
    return true
  }

  private func didChangeLimits() throws {
    try run("UPDATE meta SET limits_version = limits_version + 1", [])
    try openAllLimits()
    news.hasControl = true
  }

  /// Has the next claim look at all that is held back.
  func openAllLimits() throws {
    try run("UPDATE limited SET opens_at = 0", [])
    if db.changesCount > 0 { news.hasWork = true }
  }

  /// Forgets the state of limits that hold nothing back and remember nothing.
  func pruneLimits() throws {
    try run(
      """
      DELETE FROM limited WHERE earliest < ? AND NOT EXISTS (SELECT 1 FROM jobs WHERE held_by = limited.id)
      """, [nowMicroseconds])
  }

  // MARK: Ends

  /// Notes that a job runs no more: those that its limits hold back may go on.
  func didLeaveRunning(_ sequence: Int64) throws {
    for subject in try subjects(of: sequence) {
      try run(
        """
        UPDATE limited SET opens_at = 0
        WHERE scope = ? AND subject = ? AND EXISTS (SELECT 1 FROM jobs WHERE held_by = limited.id)
        """, [subject.scope, subject.text])
      if db.changesCount > 0 { news.hasWork = true }
    }
  }

  /// Gives back what a job has taken of its rates, since it did not start.
  func giveBackRate(_ sequence: Int64) throws {
    for subject in try subjects(of: sequence) {
      guard let rate = limits.limit(of: subject)?.rate else { continue }
      try run(
        "UPDATE limited SET earliest = earliest - ?, opens_at = opens_at - ? WHERE scope = ? AND subject = ?",
        [rate.interval, rate.interval, subject.scope, subject.text])
    }
  }

  private func subjects(of sequence: Int64) throws -> [JobLimit.Subject] {
    guard !limits.isEmpty else { return [] }
    let statement = try db.cachedStatement(sql: "SELECT kind, concurrency_key FROM jobs WHERE sequence = ?")
    guard let row = try Row.fetchOne(statement, arguments: [sequence]) else { return [] }
    return try limits.subjects(name: kind(row[0]).name, key: row[1])
  }
}

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

  private let transaction: JobTransaction
  private var entries: [JobLimit.Subject: Entry] = [:]
  private let running: [JobLimit.Subject: Int]

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
    let due = try Row.fetchAll(
      db.cachedStatement(sql: "SELECT * FROM limited WHERE opens_at <= ? ORDER BY opens_at LIMIT ?"),
      arguments: [now, Self.mostOpened])
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
    return try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT min(opens_at) FROM limited WHERE opens_at > ?"), arguments: [now]
    ).map(Date.init(microseconds:))
  }
}

extension JobLimit.Subject {
  /// As it is stored.
  var scope: Int {
    switch self {
    case .name: 0
    case .key: 1
    }
  }

  init(scope: Int, text: String) { self = scope == 0 ? .name(text) : .key(text) }
}

extension LimitDefinitions {
  init(version: Int64, _ db: Database) throws {
    self.init(
      version: version,
      try Row.fetchAll(db, sql: "SELECT * FROM limits ORDER BY scope, subject").map(JobLimit.init))
  }
}

extension JobLimit {
  init(row: Row) throws {
    try self.init(
      JobLimit.Subject(scope: row["scope"], text: row["subject"]), concurrency: row["concurrency"])
    guard let count: Int = try row["rate_count"], let period: Int64 = try row["rate_period"] else { return }
    rate = try Rate(count, per: .microseconds(period), burst: row["burst"])
  }
}

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
    try readLimits()
    try openAllLimits()
    news.hasControl = true
  }

  /// Has the next claim look at all that is held back.
  func openAllLimits() throws {
    try run(
      "UPDATE limited SET opens_at = 0 WHERE EXISTS (SELECT 1 FROM jobs WHERE held_by = limited.id)", [])
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

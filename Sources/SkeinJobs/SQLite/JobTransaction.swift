internal import FoundationEssentials
internal import GRDB
internal import SkeinResilience
internal import SkeinWork

/// What can be done to jobs inside one transaction: every write of a queue, on any connection to its file.
///
/// It is spread over extensions by purpose. Hot paths are single statements; everything else loads the ``JobLife``, lets
/// it decide, and stores it.
final class JobTransaction {
  let db: Database
  let cache: InternedNames
  let now: Date
  var news = StoreNews()
  /// Ends that those who wait for them are being told; emptied when all have been.
  var endings: [(sequence: Int64, state: JobState, ties: JobTies)] = []
  /// Those among them that ended only because they could never start.
  var hopeless: Set<Int64> = []
  /// The limits that are set.
  private(set) var limits: LimitDefinitions
  /// The number under which this transaction's changes are found.
  private let nextRevision: Int64
  /// The number of the next job, once one was asked for.
  private var nextJob: Int64?

  /// Takes the next revision. Call it first thing in a transaction that is immediate.
  init(db: Database, cache: InternedNames, now: Date = Date()) throws {
    self.db = db
    self.cache = cache
    self.now = now
    let next = try db.cachedStatement(
      sql: "UPDATE meta SET revision = revision + 1 RETURNING revision, limits_version")
    let meta = try Row.fetchOne(next).orDamaged("the latest revision is missing")
    nextRevision = try meta[0]
    let version: Int64 = try meta[1]
    limits = try cache.limits(version: version) { try LimitDefinitions(version: version, db) }
  }

  /// Looks anew at the limits: this transaction, which several calls share, has changed them, or a change is undone.
  func readLimits() throws {
    let version = try Int64.fetchOne(db, sql: "SELECT limits_version FROM meta") ?? 0
    limits = try cache.limits(version: version) { try LimitDefinitions(version: version, db) }
  }

  var nowMicroseconds: Int64 { now.microseconds }

  /// The revision for rows that may change; whether they did is for the caller to note.
  var revisionIfUsed: Int64 { nextRevision }

  /// The revision for a row that changes.
  func revision() -> Int64 {
    news.hasChanges = true
    return nextRevision
  }

  /// The number of the next job: no job ever had it, not even one that is gone.
  func nextSequence() throws -> Int64 {
    if let nextJob { return nextJob }
    let highest = try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(sequence) FROM jobs")) ?? 0
    let removed = try Int64.fetchOne(db.cachedStatement(sql: "SELECT last_sequence FROM meta")) ?? 0
    nextJob = max(highest, removed) + 1
    return nextJob!
  }

  /// Tells that the job with ``nextSequence()`` was stored.
  func didUseSequence() { nextJob? += 1 }

  func run(_ sql: String, _ arguments: StatementArguments) throws {
    let statement = try db.cachedStatement(sql: sql)
    statement.setUncheckedArguments(arguments)
    try statement.execute()
  }

  // MARK: Interned names

  func queueID(_ name: String) throws -> Int64 {
    if let id = cache.queues[name] { return id }
    try run("INSERT INTO queues (name) VALUES (?) ON CONFLICT DO NOTHING", [name])
    let id = try Int64.fetchOne(db, sql: "SELECT id FROM queues WHERE name = ?", arguments: [name])
      .orDamaged("queue '\(name)' is missing")
    cache.queues[name] = id
    return id
  }

  func queueName(_ id: Int64) throws -> String {
    if let name = cache.queueNames[id] { return name }
    let name = try String.fetchOne(db, sql: "SELECT name FROM queues WHERE id = ?", arguments: [id])
      .orDamaged("queue number \(id) is missing")
    cache.queueNames[id] = name
    return name
  }

  func kindID(_ kind: JobKind) throws -> Int64 {
    if let id = cache.kinds[kind] { return id }
    let rules = try String(decoding: JSONCodec().encode(KindRules(kind)), as: UTF8.self)
    let row: StatementArguments = [kind.name, kind.payloadVersion, kind.contentType, rules]
    try run(
      """
      INSERT INTO kinds (name, payload_version, content_type, rules) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
      """, row)
    let id = try Int64.fetchOne(
      db,
      sql: "SELECT id FROM kinds WHERE name = ? AND payload_version = ? AND content_type = ? AND rules = ?",
      arguments: row
    ).orDamaged("kind '\(kind.name)' is missing")
    cache.remember(kind, id)
    return id
  }

  func kind(_ id: Int64) throws -> JobKind {
    if let kind = cache.kindsByID[id] { return kind }
    let row = try Row.fetchOne(
      db, sql: "SELECT name, payload_version, content_type, rules FROM kinds WHERE id = ?", arguments: [id]
    ).orDamaged("kind number \(id) is missing")
    let kind = try JobKind(row: row)
    cache.remember(kind, id)
    return kind
  }
}

/// Names that have a number in the file, remembered by the thread that uses the connection.
///
/// Cleared whenever a transaction or savepoint is undone, because what it remembered may be undone with it.
final class InternedNames: @unchecked Sendable {
  // Sendable because one connection, and so one thread at a time, uses it.
  var queues: [String: Int64] = [:]
  var queueNames: [Int64: String] = [:]
  private(set) var kinds: [JobKind: Int64] = [:]
  private(set) var kindsByID: [Int64: JobKind] = [:]
  /// The limit at which the last claim stopped to look; it starts over when that is forgotten.
  var lastLimit: Int64 = 0
  private var limits: LimitDefinitions?
  private var unknown: (knows: [String: Int], newest: Int64?, ids: [Int64])?

  func remember(_ kind: JobKind, _ id: Int64) {
    if kinds.count >= 10_000 { clear() }
    kinds[kind] = id
    kindsByID[id] = kind
  }

  /// The kinds that a worker can not run, read anew only when a kind was added.
  func unknownKinds(
    to knows: [String: Int], newest: Int64?, _ read: () throws -> [(id: Int64, job: UnknownJob)]
  ) throws -> [Int64] {
    if let unknown, unknown.newest == newest, unknown.knows == knows { return unknown.ids }
    let ids = try read().filter { (knows[$0.job.name] ?? 0) < $0.job.payloadVersion }.map(\.id)
    unknown = (knows, newest, ids)
    return ids
  }

  /// The limits that are set, read anew only when they have changed.
  func limits(version: Int64, _ read: () throws -> LimitDefinitions) rethrows -> LimitDefinitions {
    if let limits, limits.version == version { return limits }
    let current = version == 0 ? LimitDefinitions() : try read()
    limits = current
    return current
  }

  func clear() {
    unknown = nil
    limits = nil
    queues = [:]
    queueNames = [:]
    kinds = [:]
    kindsByID = [:]
  }
}

/// The rules of a kind as they are stored: JSON, with spans in seconds.
struct KindRules: Codable {
  var retry: RetryPolicy
  var softTimeLimit: Double?
  var hardTimeLimit: Double?
  var retention: Double?
  var acknowledgesExactly: Bool?

  init(_ kind: JobKind) {
    retry = kind.retry
    softTimeLimit = kind.softTimeLimit?.seconds
    hardTimeLimit = kind.hardTimeLimit?.seconds
    retention = kind.retention?.seconds
    acknowledgesExactly = kind.acknowledgesExactly ? true : nil
  }
}

extension JobKind {
  /// Reads name, payload version, content type and rules.
  init(row: Row) throws {
    try self.init(name: row["name"])
    payloadVersion = try row["payload_version"]
    contentType = try row["content_type"]
    let text: String = try row["rules"]
    let rules = try JSONCodec().decode(KindRules.self, from: Data(text.utf8))
    retry = rules.retry
    softTimeLimit = rules.softTimeLimit.map { .seconds($0) }
    hardTimeLimit = rules.hardTimeLimit.map { .seconds($0) }
    retention = rules.retention.map { .seconds($0) }
    acknowledgesExactly = rules.acknowledgesExactly ?? false
  }
}

extension Date {
  /// Microseconds since 1970, as they are stored.
  var microseconds: Int64 { Int64((timeIntervalSince1970 * 1_000_000).rounded()) }

  init(microseconds: Int64) { self.init(timeIntervalSince1970: Double(microseconds) / 1_000_000) }
}

extension JobID {
  /// The sixteen bytes, as they are stored.
  var data: Data { withUnsafeBytes(of: bits.bigEndian) { Data($0) } }

  init(data: Data) {
    self.init(bits: data.reduce(0) { $0 << 8 | UInt128($1) })
  }
}

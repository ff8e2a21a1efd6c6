internal import FoundationEssentials
internal import GRDB
internal import SkeinWork

extension JobTransaction {
  /// Stores a schedule, in the place of one with the same name.
  func put(_ new: NewSchedule) throws -> (record: ScheduleRecord, isReplaced: Bool) {
    let rows = try schedules("WHERE s.name = ?", [new.name])
    let record = ScheduleRecord(new, replacing: rows.first?.record, now: now)
    let definition = try String(decoding: JSONCodec().encode(ScheduleDefinition(new)), as: UTF8.self)
    try run(
      """
      INSERT INTO schedules
        (name, definition, kind, queue, args, kwargs, is_paused, made_at, decided_through, next_tick)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
      ON CONFLICT (name) DO UPDATE SET definition = ?2, kind = ?3, queue = ?4, args = ?5, kwargs = ?6, is_paused = ?7,
        made_at = ?8, decided_through = ?9, next_tick = ?10
      """,
      [
        new.name, definition, kindID(new.job.kind), queueID(new.job.queue), new.job.payload.args,
        new.job.payload.kwargs, record.isPaused, record.madeAt.microseconds,
        record.decidedThrough.microseconds,
        record.nextTick?.microseconds,
      ])
    news.hasControl = true
    return (record, !rows.isEmpty)
  }

  /// Removes a schedule; what it has enqueued stays.
  ///
  /// - Returns: whether there was one.
  func removeSchedule(_ name: String) throws -> Bool {
    try run("DELETE FROM ticks WHERE schedule = (SELECT id FROM schedules WHERE name = ?)", [name])
    try run("DELETE FROM schedules WHERE name = ?", [name])
    return db.changesCount > 0
  }

  /// Has a schedule's ticks passed over, or not any more.
  ///
  /// - Returns: whether there is one.
  func setPaused(_ isPaused: Bool, schedule name: String) throws -> Bool {
    guard let row = try schedules("WHERE s.name = ?", [name]).first else { return false }
    var record = try row.readable()
    record.setPaused(isPaused, now: now)
    try save(record, row.id)
    news.hasControl = true
    return true
  }

  /// Enqueues a schedule's job now, beside its ticks.
  ///
  /// - Returns: `nil` when there is no such schedule.
  func runSchedule(_ name: String) throws -> EnqueuedJob? {
    guard let row = try schedules("WHERE s.name = ?", [name]).first else { return nil }
    return try enqueue(row.readable().job(at: nil, now: now))
  }

  /// Enqueues the jobs of ticks that have come up until `present`, of some schedules.
  ///
  /// - Parameter next: what ``JobRows/nextTick(now:)`` has said before: somebody else may have been faster.
  func enqueueDue(_ present: Date, asOf next: Date) throws -> DueSchedules {
    var due = DueSchedules()
    let found = try schedules(
      "WHERE s.next_tick <= ? OR (s.next_tick IS NOT NULL AND s.decided_through > ?) LIMIT 20",
      [present.microseconds, ScheduleRecord.latestDecision(at: present).microseconds])
    if try found.isEmpty && JobRows(db: db, kinds: KindCache()).nextTick(now: present) == next {
      throw DatabaseError.damaged("a schedule is due and can not be found")
    }
    for row in found {
      guard var record = row.record else {
        try leave(row.id, until: present.addingTimeInterval(Self.patience), present)
        due.unreadable.append(row.name)
        continue
      }
      for tick in record.advance(to: present) where try enqueue(tick, of: record, row.id, present) {
        due.count += 1
      }
      try save(record, row.id)
    }
    return due
  }

  /// So long a schedule is left alone that this program can not read. What comes up meanwhile is not decided, and so is
  /// made up for by one that can.
  private static let patience: Double = 30

  private func leave(_ id: Int64, until instant: Date, _ present: Date) throws {
    try run(
      "UPDATE schedules SET next_tick = ?, decided_through = min(decided_through, ?) WHERE id = ?",
      [instant.microseconds, present.microseconds, id])
  }

  /// Enqueues the job of a tick, unless that was done.
  private func enqueue(_ tick: Date, of record: ScheduleRecord, _ id: Int64, _ present: Date) throws -> Bool {
    try run("INSERT INTO ticks VALUES (?, ?, 0) ON CONFLICT DO NOTHING", [id, tick.microseconds])
    guard db.changesCount > 0 else { return false }
    try run(
      """
      DELETE FROM ticks WHERE schedule = ?1 AND tick <=
        (SELECT tick FROM ticks WHERE schedule = ?1 ORDER BY tick DESC LIMIT 1 OFFSET ?2)
      """, [id, ScheduleRecord.mostRuns])
    let job = try enqueue(record.job(at: tick, now: present))
    // A tick that was passed over, because the job of an earlier one is unfinished, keeps no number.
    guard !job.isExisting else { return false }
    try run(
      "UPDATE ticks SET sequence = ? WHERE schedule = ? AND tick = ?", [job.sequence, id, tick.microseconds])
    return true
  }

  private func save(_ record: ScheduleRecord, _ id: Int64) throws {
    try run(
      "UPDATE schedules SET is_paused = ?, decided_through = ?, next_tick = ? WHERE id = ?",
      [record.isPaused, record.decidedThrough.microseconds, record.nextTick?.microseconds, id])
  }

  /// Reads with the kinds of this transaction: one that it has added may yet be undone.
  private func schedules(_ clause: String, _ arguments: StatementArguments) throws -> [ScheduleRow] {
    try JobRows(db: db, kinds: KindCache()).schedules(clause, arguments)
  }
}

/// A row of `schedules`.
struct ScheduleRow: Sendable {
  var id: Int64
  var name: String
  /// What it says, without its runs; `nil` when this program can not read it.
  var record: ScheduleRecord?

  func readable() throws(JobQueueError) -> ScheduleRecord {
    if let record { return record }
    throw JobQueueError(
      .newerStore,
      "schedule '\(name)' was written by another version of Skein, and can not be read by this one")
  }
}

extension JobRows {
  /// Schedules, without their runs.
  func schedules(_ clause: String, _ arguments: StatementArguments) throws -> [ScheduleRow] {
    try Row.fetchAll(
      db,
      sql: "SELECT s.*, q.name AS queue_name FROM schedules s JOIN queues q ON q.id = s.queue " + clause,
      arguments: arguments
    ).map { row in
      let kind = try kinds.kind(row["kind"], db)
      return try ScheduleRow(
        id: row["id"], name: row["name"], record: try? ScheduleRecord(row: row, kind: kind))
    }
  }

  /// All schedules that can be read, in the order of their names, with their latest runs.
  func schedules() throws -> [ScheduleRecord] {
    try schedules("ORDER BY s.name", []).compactMap { row in
      guard var record = row.record else { return nil }
      record.runs = try Row.fetchAll(
        db, sql: "SELECT tick, sequence FROM ticks WHERE schedule = ? AND sequence > 0 ORDER BY tick DESC",
        arguments: [row.id]
      ).map { try ScheduledRun(tick: Date(microseconds: $0[0]), sequence: $0[1]) }
      return record
    }
  }

  /// When some schedule has to be looked at next: `now` or before, if one has to be now.
  func nextTick(now: Date) throws -> Date? {
    let latest = try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT max(decided_through) FROM schedules WHERE next_tick IS NOT NULL"))
    if let latest, latest > ScheduleRecord.latestDecision(at: now).microseconds { return now }
    return try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT min(next_tick) FROM schedules WHERE next_tick IS NOT NULL")
    ).map(Date.init(microseconds:))
  }
}

/// A schedule as it is stored, beside what the tables have columns for.
private struct ScheduleDefinition: Codable {
  var schedule: JobSchedule
  var catchUp: CatchUpPolicy
  var avoidsOverlap: Bool?
  var priority: Int
  var expiry: Double?
  var uniqueKey: String?
  var concurrencyKey: String?

  init(_ new: NewSchedule) {
    schedule = new.schedule
    catchUp = new.catchUp
    avoidsOverlap = new.avoidsOverlap ? true : nil
    priority = new.job.priority
    expiry = new.job.expiry?.seconds
    uniqueKey = new.job.uniqueKey
    concurrencyKey = new.job.concurrencyKey
  }
}

extension ScheduleRecord {
  fileprivate init(row: Row, kind: JobKind) throws {
    let text: String = try row["definition"]
    let definition = try JSONCodec().decode(ScheduleDefinition.self, from: Data(text.utf8))
    var payload = try JobPayload(kwargs: row["kwargs"])
    payload.args = try row["args"]
    var job = try NewJob(
      kind: kind, payload: payload, queue: row["queue_name"], priority: definition.priority)
    job.uniqueKey = definition.uniqueKey
    job.concurrencyKey = definition.concurrencyKey
    let new = try NewSchedule(
      name: row["name"], schedule: definition.schedule, job: job,
      expiry: definition.expiry.map { .seconds($0) }, catchUp: definition.catchUp,
      avoidsOverlap: definition.avoidsOverlap ?? false)
    try self.init(new, now: Date(microseconds: row["made_at"]))
    isPaused = try row["is_paused"]
    decidedThrough = try Date(microseconds: row["decided_through"])
    nextTick = try (row["next_tick"] as Int64?).map(Date.init(microseconds:))
  }
}

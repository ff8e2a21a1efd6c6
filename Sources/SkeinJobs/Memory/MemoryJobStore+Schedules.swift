public import FoundationEssentials

extension MemoryJobStore {
  /// Stores a schedule, in the place of one with the same name. Promised.
  @discardableResult
  public func put(_ schedule: NewSchedule) async throws -> (record: ScheduleRecord, isReplaced: Bool) {
    try changeOpen { tables in
      let old = tables.schedules[schedule.name]
      let record = ScheduleRecord(schedule, replacing: old, now: tables.now)
      tables.schedules[schedule.name] = record
      tables.news.hasControl = true
      return (record, old != nil)
    }
  }

  /// Removes a schedule; jobs that it has enqueued stay. Promised.
  public func removeSchedule(_ name: String) async throws -> Bool {
    try changeOpen { $0.schedules.removeValue(forKey: name) != nil }
  }

  /// Has a schedule's ticks passed over, or not any more. Promised.
  public func setPaused(_ isPaused: Bool, schedule: String) async throws -> Bool {
    try changeOpen { tables in
      guard var record = tables.schedules[schedule] else { return false }
      record.setPaused(isPaused, now: tables.now)
      tables.schedules[schedule] = record
      tables.news.hasControl = true
      return true
    }
  }

  /// Enqueues a schedule's job now, beside its ticks. Promised.
  public func runSchedule(_ name: String) async throws -> EnqueuedJob? {
    try await produce { tables in
      guard let record = tables.schedules[name] else { return nil }
      return try tables.enqueue(record.job(at: nil, now: tables.now), now: tables.now)
    }
  }

  /// All schedules, in the order of their names.
  public func schedules() async throws -> [ScheduleRecord] {
    try readOpen { $0.schedules.values.sorted { $0.name < $1.name } }
  }

  /// Enqueues the jobs of all ticks that have come up until `now`: each tick once, whoever asks and how often. Promised.
  public func enqueueDue(now: Date) async throws -> DueSchedules {
    try changeOpen { tables in
      var due = DueSchedules()
      for (name, old) in tables.schedules where old.isDue(at: now) {
        var record = old
        for tick in record.advance(to: now) where !record.runs.contains(where: { $0.tick == tick }) {
          let job = try tables.enqueue(record.job(at: tick, now: now), now: now)
          guard !job.isExisting else { continue }
          record.noteRun(tick, job.sequence)
          due.count += 1
        }
        tables.schedules[name] = record
      }
      due.next = tables.schedules.values.compactMap(\.nextTick).min()
      return due
    }
  }
}

public import FoundationEssentials

extension SQLiteJobStore {
  /// Stores a schedule, in the place of one with the same name. Promised.
  @discardableResult
  public func put(_ schedule: NewSchedule) async throws -> (record: ScheduleRecord, isReplaced: Bool) {
    try await writer.perform(.promised) { try $0.put(schedule) }
  }

  /// Removes a schedule; jobs that it has enqueued stay. Promised.
  public func removeSchedule(_ name: String) async throws -> Bool {
    try await writer.perform(.promised) { try $0.removeSchedule(name) }
  }

  /// Has a schedule's ticks passed over, or not any more. Promised.
  public func setPaused(_ isPaused: Bool, schedule: String) async throws -> Bool {
    try await writer.perform(.promised) { try $0.setPaused(isPaused, schedule: schedule) }
  }

  /// Enqueues a schedule's job now, beside its ticks. Promised.
  public func runSchedule(_ name: String) async throws -> EnqueuedJob? {
    try await writer.perform(.promised) { try $0.runSchedule(name) }
  }

  /// All schedules, in the order of their names; those that this program can not read are left out.
  public func schedules() async throws -> [ScheduleRecord] { try await readJobs { try $0.schedules() } }

  /// Enqueues the jobs of all ticks that have come up until `now`: each tick once, whoever asks and how often. Promised.
  public func enqueueDue(now: Date) async throws -> DueSchedules {
    var due = DueSchedules()
    // Looked for outside of the writers' lock; each round moves what it finds past `now`.
    due.next = try await readJobs { try $0.nextTick(now: now) }
    while let next = due.next, next <= now {
      let round = try await writer.perform(.promised) { try $0.enqueueDue(now, asOf: next) }
      due.count += round.count
      due.unreadable += round.unreadable
      due.next = try await readJobs { try $0.nextTick(now: now) }
    }
    return due
  }
}

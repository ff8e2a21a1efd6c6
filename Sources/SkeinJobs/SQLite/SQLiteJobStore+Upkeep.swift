internal import FoundationEssentials
internal import GRDB
internal import Glibc

extension SQLiteJobStore {
  /// So many jobs are removed in one transaction: the writers' lock is held for some milliseconds.
  private static let batch = 500
  /// So many pages are given back in one transaction.
  private static let pages = 500

  /// Removes jobs of a queue that are in one of `states`; running jobs are never removed. Promised.
  ///
  /// It goes in batches: when it throws, those before are gone.
  public func purge(queue: String, states: Set<JobState>) async throws -> Int {
    let states = states.subtracting([.running]).map { "\($0.rawValue)" }.joined(separator: ",")
    var (total, last) = (0, Int64.min)
    while let found = try await readJobs({ [last] jobs in
      try jobs.jobs(of: queue, in: states, after: last, limit: Self.batch)
    }), let end = found.sequences.last {
      total += try await writer.perform(.promised) { transaction in
        let removed = try transaction.remove(
          found.sequences, where: "queue = ? AND state IN (\(states))", [found.queue])
        if removed > 0 { _ = transaction.revision() }
        return removed
      }
      last = end
    }
    if total > 0 { try await shrink() }
    return total
  }

  /// Removes finished jobs that have been kept long enough, at most `limit` of them. Not promised.
  public func prune(_ policy: RetentionPolicy, limit: Int) async throws -> Int {
    let now = Date()
    // Looked for outside of the writers' lock. One that was retried meanwhile, and has ended anew, is another matter.
    let overdue = try await readJobs { try $0.overdue(policy, now: now, limit: limit) }
    var removed = 0
    if !overdue.isEmpty {
      removed = try await writer.perform(.relaxed) {
        try $0.pruneLimits()
        return try $0.remove(
          overdue, where: "finished_at <= ? AND \(JobRows.hasNoKey)", [now.microseconds, now.microseconds])
      }
    }
    if removed < limit { try await shrink() }
    return removed
  }

  /// Gives what is not used any more of the file back, step by step, if that is worth it.
  private func shrink() async throws {
    while try await readJobs({ try $0.isWorthShrinking(pages: Self.pages) }) {
      try await writer.perform(.relaxed) { try $0.shrinkFile(pages: Self.pages) }
      try Task.checkCancellation()
    }
  }

  /// Gives the jobs of a worker to others, whether it lives or not. Promised.
  ///
  /// The programs that its jobs have started are killed.
  public func evict(_ worker: WorkerID) async throws -> [Rescue]? {
    guard let row = try await read({ try WorkerRow.fetchAll($0) }).first(where: { $0.id == worker }) else {
      return nil
    }
    let path = files.workers + "/" + row.file
    let file = try? WorkerFile(reading: path)
    let (rescued, running) = try await writer.perform(.promised) { transaction in
      // Read while nobody else can write: what begins later begins with a token that is worth nothing.
      let running = file?.running ?? []
      // The worker hears of it when it looks what is asked of it.
      transaction.news.hasControl = true
      return (try transaction.rescue(from: row, running: running, as: .evicted), running)
    }
    // Once the jobs are not its own any more: it could tell their end as a failure else.
    for attempt in running { attempt.processGroup?.kill(startedIn: row.lease) }
    unlink(path)
    return rescued
  }
}

package import FoundationEssentials
internal import HeapModule

/// What a bench for tests asks of a store, besides what everybody does.
extension MemoryJobStore {
  /// A job with its payload.
  package typealias Entry = (record: JobRecord, payload: JobPayload)

  /// All jobs, in the order of coming.
  ///
  /// - Complexity: O(jobs log jobs).
  package func entries() throws -> [Entry] {
    try readOpen { tables in
      tables.jobs.values.map { ($0.record, $0.payload) }.sorted { $0.record.sequence < $1.record.sequence }
    }
  }

  /// The queues whose jobs are held back.
  package func pausedQueues() throws -> Set<String> {
    try readOpen { Set($0.pausedByQueue.filter(\.value).keys) }
  }

  /// The next instant at which a job may become ready or expire, or a schedule comes up; those aside that a limit holds
  /// back, which a claim tells of. Nothing may come of it: the job may have ended since.
  package func nextInstant() throws -> Date? {
    try readOpen { tables in
      let tick = tables.schedules.values.compactMap(\.nextTick).min()
      return [tables.scheduled.min?.at, tables.expiring.min?.at, tick].compactMap(\.self).min()
    }
  }
}

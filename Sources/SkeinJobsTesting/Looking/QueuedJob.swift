public import FoundationEssentials
public import SkeinJobs

/// A job that has been enqueued and has not started, decoded.
public struct QueuedJob<J: Job>: Sendable {
  /// The job.
  public let job: J
  /// How it is stored, with all that the enqueue has said.
  public let record: JobRecord

  /// Its identity.
  public var id: JobID { record.id }
  /// The queue that it waits in.
  public var queue: String { record.queue }
  /// From 0 to 9, most urgent.
  public var priority: Int { record.priority }
  /// When it may start at the earliest.
  public var runAt: Date { record.life.runAt }
  /// When it must have started.
  public var expiresAt: Date? { record.expiresAt }
  /// The key that keeps it unique.
  public var uniqueKey: String? { record.uniqueKey }
  /// The key of its limit.
  public var concurrencyKey: String? { record.concurrencyKey }
}

/// What a ``ThreadPool`` has done, and what it is about, at one instant.
public struct ThreadPoolStatistics: Hashable, Sendable {
  /// Workers that live.
  public internal(set) var workers = 0
  /// Workers that wait for work.
  public internal(set) var idle = 0
  /// The most workers that lived at once.
  public internal(set) var mostWorkers = 0
  /// Jobs that stand in the queue.
  public internal(set) var queued = 0
  /// Threads and tasks that wait for room in the queue.
  public internal(set) var waiting = 0
  /// Jobs that were taken in.
  public internal(set) var submitted = 0
  /// Jobs that workers have done with: with a value, with an error, or without having begun because they were
  /// cancelled.
  public internal(set) var completed = 0
  /// Jobs that were refused or dropped because the queue was full, or run by the caller.
  public internal(set) var rejected = 0

  /// Creates statistics of a pool that has done nothing.
  public init() {}

  /// Jobs that run at this instant.
  public var running: Int { max(0, workers - idle) }
}

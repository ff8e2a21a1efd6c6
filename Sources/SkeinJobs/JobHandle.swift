public import SkeinWork

/// A job that was enqueued, with the type of its result.
public struct JobHandle<J: Job>: Sendable {
  /// The job's identity.
  public let id: JobID
  /// Whether the handle is on an earlier, unfinished job with the same unique key.
  public let isExisting: Bool

  private let queue: JobQueue

  /// Creates a handle on a job whose id was kept, such as by another process.
  public init(_ id: JobID, in queue: JobQueue) {
    self.id = id
    self.queue = queue
    isExisting = true
  }

  init(id: JobID, isExisting: Bool, queue: JobQueue) {
    self.id = id
    self.isExisting = isExisting
    self.queue = queue
  }

  /// Waits for the job's end and gives its result.
  ///
  /// - Parameter timeout: how long to wait at the longest; `nil` means as long as it takes.
  /// - Throws: ``JobQueueError``: `jobFailed` with the last error, `jobCancelled`, `jobExpired`, `timedOut`;
  ///   `CancellationError`. After the last two the job goes on.
  public func result(timeout: Duration? = nil) async throws -> J.Output {
    try await queue.result(of: id, as: J.Output.self, timeout: timeout)
  }

  /// The job's result, for another job to refer to: that one then waits for this one.
  public var output: JobResult<J.Output> { JobResult(of: id) }

  /// Where the job stands.
  public func status() async throws -> JobState { try await queue.status(of: id) }

  /// Cancels the job, or asks it to stop when it runs.
  @discardableResult
  public func cancel() async throws -> JobRecord { try await queue.cancel(id) }

  /// Makes the job ready again when it failed, expired or was cancelled.
  @discardableResult
  public func retry() async throws -> JobRecord { try await queue.retry(id) }
}

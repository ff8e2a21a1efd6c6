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
    let record = try await queue.waitForEnd(of: id, timeout: timeout)
    switch record.state {
    case .succeeded: break
    case .cancelled: throw JobQueueError(.jobCancelled, "job \(id) was cancelled")
    case .expired: throw JobQueueError(.jobExpired, "job \(id) expired before it could start")
    default: throw try await failure(record)
    }
    guard let data = try await queue.store.result(of: record.sequence) else {
      throw JobQueueError(.jobNotFound, "the result of job \(id) is not kept any more")
    }
    return try JSONCodec().decode(J.Output.self, from: data)
  }

  private func failure(_ record: JobRecord) async throws -> JobQueueError {
    let last = try await queue.store.attempts(of: record.sequence).last?.error
    let why = record.life.reason.map { " (\($0.name))" } ?? ""
    let message = last.map { ": \($0.type): \($0.message)" } ?? ""
    return JobQueueError(
      .jobFailed, "job \(id) failed after \(record.life.attempts) attempts\(why)\(message)")
  }

  /// Where the job stands.
  public func status() async throws -> JobState { try await queue.status(of: id) }

  /// Cancels the job, or asks it to stop when it runs.
  @discardableResult
  public func cancel() async throws -> JobRecord { try await queue.cancel(id) }

  /// Makes the job ready again when it failed, expired or was cancelled.
  @discardableResult
  public func retry() async throws -> JobRecord { try await queue.retry(id) }
}

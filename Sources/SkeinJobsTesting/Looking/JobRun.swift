internal import FoundationEssentials
public import SkeinJobs
internal import SkeinWork

/// One attempt that a ``JobBench`` has run: what it was given, how it ended, and what it has left.
public struct JobRun: Sendable {
  /// The job as it was after the attempt.
  public let job: JobRecord
  /// The attempt: its number, when it started and ended, and how.
  public let attempt: AttemptRecord
  /// What the attempt has thrown, as it was.
  public let error: (any Error)?
  /// What the attempt has written to its log.
  public let log: String
  /// What the attempt has said last of its progress.
  public let progress: JobProgress?

  private let input: Data
  private let result: Data?

  init(_ claimed: ClaimedJob, _ ended: SingleWorker.Ended, in store: MemoryJobStore) async throws {
    let number = claimed.token.sequence
    guard let record = try await store.job(sequence: number) else {
      throw JobBenchFailure.removed(claimed.id)
    }
    let attempts = try await store.attempts(of: number)
    job = record
    attempt =
      attempts.first { $0.delivery == claimed.token.delivery }
      ?? AttemptRecord(
        number: claimed.attempt, delivery: claimed.token.delivery, worker: "bench", startedAt: store.now,
        outcome: .handedBack)
    error = ended.error
    log = String(
      decoding: try await store.log(of: number, attempt: claimed.attempt, from: 0), as: UTF8.self)
    progress = ended.progress
    input = claimed.payload.kwargs
    result = attempt.outcome == .succeeded ? try await store.result(of: number) : nil
  }

  /// The name of the job.
  public var name: String { job.kind.name }

  /// The job as it was decoded for the attempt; without the results of those that it had waited for.
  ///
  /// - Throws: `DecodingError` when it is of another type.
  public func input<J: Job>(as type: J.Type) throws -> J { try JSONCodec().decode(type, from: input) }

  /// What the attempt has returned; `nil` when it did not succeed.
  ///
  /// - Throws: `DecodingError` when it is of another type.
  public func output<J: Job>(of type: J.Type) throws -> J.Output? {
    try result.map { try JSONCodec().decode(J.Output.self, from: $0) }
  }
}

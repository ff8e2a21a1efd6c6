import Foundation
import SkeinJobs

extension NewJob {
  /// A job of the name `plain`.
  static func plain(input: String = "{}", _ change: (inout JobOptions) -> Void = { _ in }) throws -> NewJob {
    var options = JobOptions()
    change(&options)
    return try NewJob(
      name: "plain", payloadVersion: 1, payload: JobPayload(kwargs: Data(input.utf8)), options: options)
  }
}

extension WorkerDescription {
  /// A worker that runs plain jobs.
  static var plain: WorkerDescription {
    WorkerDescription(
      name: "w", concurrency: 4, queues: [], knows: ["plain": 1],
      processID: ProcessInfo.processInfo.processIdentifier)
  }
}

extension ClaimRequest {
  /// Asks for one plain job.
  static var plain: ClaimRequest { ClaimRequest(limit: 1, knows: ["plain": 1]) }
}

extension FinishedAttempt {
  /// The end of an attempt.
  static func plain(
    _ job: ClaimedJob, _ event: JobLife.Event, _ outcome: AttemptRecord.Outcome, error: String? = nil
  ) -> FinishedAttempt {
    var attempt = AttemptRecord(
      number: job.attempt, delivery: job.token.delivery, worker: "w", startedAt: Date(), outcome: outcome)
    attempt.endedAt = Date()
    attempt.error = error.map { AttemptError(type: "Trouble", message: $0) }
    return FinishedAttempt(attempt: attempt, event: event)
  }
}

internal import FoundationEssentials
internal import SkeinResilience

/// How an attempt ended, before it is decided what follows.
enum RunOutcome: Sendable {
  /// The job returned; its result is encoded.
  case returned(Data)
  /// The job threw.
  case threw(any Error)
  /// A time limit ended it.
  case timedOut(TimeLimitExceeded)
  /// The worker stops at once.
  case handedBack
}

/// Decides what follows the end of an attempt. Pure.
struct Verdict {
  var job: ClaimedJob
  var worker: String
  var startedAt: Date
  var endedAt: Date
  var processGroup: Int32?
  var isCancelRequested: Bool

  func decide(_ outcome: RunOutcome, log: Data, using generator: inout some RandomNumberGenerator)
    -> FinishedAttempt
  {
    switch outcome {
    case .returned(let result):
      return finished(.succeeded, .succeeded, result: result, log: log)
    case .handedBack:
      return finished(.handedBack, .handedBack(started: true), log: log)
    case .threw(let error) where isCancelRequested:
      return finished(.cancelled, .stopped, error: AttemptError(error), log: log)
    case .threw(let error):
      let event = follow(error, last: nil, &generator)
      return finished(.failed, event, error: AttemptError(error), log: log)
    case .timedOut(let error):
      let event = follow(error, last: .timeLimit, &generator)
      return finished(.timedOut, event, error: AttemptError(error), log: log)
    }
  }

  private func follow(
    _ error: any Error, last reason: FailureReason?, _ generator: inout some RandomNumberGenerator
  ) -> JobLife.Event {
    let first = job.history?.firstStart ?? startedAt
    let previousDelay = job.history.map { job.life.runAt.timeIntervalSince($0.lastEnd) }
    let decision = job.kind.retry.decision(
      afterAttempt: job.life.failures + 1, error: error, elapsed: .seconds(endedAt.timeIntervalSince(first)),
      previousDelay: previousDelay.map { .seconds(max(0, $0)) }, using: &generator)
    switch decision {
    case .retry(let delay):
      return .failed(retryAt: endedAt.addingTimeInterval(delay.seconds), now: endedAt)
    case .giveUp(.exhausted), .giveUp(.deadline):
      return .gaveUp(reason ?? .exhausted)
    case .giveUp(.permanent), .giveUp(.cancelled):
      return .gaveUp(reason ?? .permanent)
    }
  }

  private func finished(
    _ outcome: AttemptRecord.Outcome, _ event: JobLife.Event, result: Data? = nil, error: AttemptError? = nil,
    log: Data
  ) -> FinishedAttempt {
    var attempt = AttemptRecord(
      number: job.attempt, delivery: job.token.delivery, worker: worker, startedAt: startedAt,
      outcome: outcome)
    attempt.endedAt = endedAt
    attempt.error = error
    attempt.processGroup = processGroup
    return FinishedAttempt(attempt: attempt, event: event, result: result, log: log)
  }
}

extension AttemptError {
  /// Keeps what can be kept of an error.
  init(_ error: any Error) {
    self.init(
      type: ErrorName.of(error), message: String(describing: error),
      exitCode: (error as? any ExitCodeError)?.exitCode)
  }
}

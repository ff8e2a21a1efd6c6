package import FoundationEssentials
package import SkeinJobs

/// A job in JSON.
package struct JobView: Encodable, Sendable {
  package struct Progress: Encodable, Sendable {
    package var fraction: Double
    package var message: String?
  }

  package var sequence: Int64
  package var id: JobID
  package var name: String
  package var queue: String
  package var priority: Int
  package var state: String
  package var reason: String?
  package var attempts: Int
  package var crashes: Int
  package var isCancelRequested: Bool
  package var enqueuedAt: Date
  package var runAt: Date
  package var expiresAt: Date?
  package var startedAt: Date?
  package var finishedAt: Date?
  package var uniqueKey: String?
  package var uniqueUntil: Date?
  package var concurrencyKey: String?
  /// Whether a limit holds it back.
  package var isHeld: Bool
  package var progress: Progress?

  package init(_ job: JobRecord) {
    sequence = job.sequence
    id = job.id
    name = job.kind.name
    queue = job.queue
    priority = job.priority
    state = job.state.name
    reason = job.life.reason?.name
    attempts = job.life.attempts
    crashes = job.life.crashes
    isCancelRequested = job.life.isCancelRequested
    enqueuedAt = job.enqueuedAt
    runAt = job.life.runAt
    expiresAt = job.expiresAt
    startedAt = job.startedAt
    finishedAt = job.finishedAt
    uniqueKey = job.uniqueKey
    uniqueUntil = job.uniqueUntil
    concurrencyKey = job.concurrencyKey
    isHeld = job.isHeld
    progress = job.progress.map { Progress(fraction: $0.fraction, message: $0.message) }
  }
}

/// A link between two jobs in JSON.
package struct LinkView: Encodable, Sendable {
  package var job: Int64
  package var needs: Int64
  package var condition: String
  package var state: String

  package init(_ link: JobLink) {
    job = link.job
    needs = link.needs
    condition = "\(link.condition)"
    state = "\(link.state)"
  }
}

/// An attempt in JSON.
package struct AttemptView: Encodable, Sendable {
  package var number: Int
  package var worker: String
  package var startedAt: Date
  package var endedAt: Date?
  package var outcome: String
  package var error: AttemptError?

  package init(_ attempt: AttemptRecord) {
    number = attempt.number
    worker = attempt.worker
    startedAt = attempt.startedAt
    endedAt = attempt.endedAt
    outcome = attempt.outcome.name
    error = attempt.error
  }
}

extension JobState {
  /// All states; what is under way comes first, then what is to come.
  package static let byInterest: [JobState] = [
    .running, .ready, .scheduled, .waiting, .succeeded, .failed, .cancelled, .expired,
  ]
}

extension JobRecord {
  /// The state with what belongs to it, for people.
  package var stateText: String {
    if let reason = life.reason { return "\(state.name) (\(reason.name))" }
    if isHeld { return "\(state.name) (held by a limit)" }
    if life.isCancelRequested { return "\(state.name) (to be cancelled)" }
    if state == .running, let progress { return "\(state.name) \(Int(progress.fraction * 100))%" }
    return state.name
  }
}

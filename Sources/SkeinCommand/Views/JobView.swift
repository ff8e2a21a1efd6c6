internal import FoundationEssentials
internal import SkeinJobs

/// A job in JSON.
struct JobView: Encodable {
  struct Progress: Encodable {
    var fraction: Double
    var message: String?
  }

  var sequence: Int64
  var id: JobID
  var name: String
  var queue: String
  var priority: Int
  var state: String
  var reason: String?
  var attempts: Int
  var crashes: Int
  var isCancelRequested: Bool
  var enqueuedAt: Date
  var runAt: Date
  var expiresAt: Date?
  var startedAt: Date?
  var finishedAt: Date?
  var uniqueKey: String?
  var uniqueUntil: Date?
  var concurrencyKey: String?
  /// Whether a limit holds it back.
  var isHeld: Bool
  var progress: Progress?

  init(_ job: JobRecord) {
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
struct LinkView: Encodable {
  var job: Int64
  var needs: Int64
  var condition: String
  var state: String

  init(_ link: JobLink) {
    job = link.job
    needs = link.needs
    condition = "\(link.condition)"
    state = "\(link.state)"
  }
}

/// An attempt in JSON.
struct AttemptView: Encodable {
  var number: Int
  var worker: String
  var startedAt: Date
  var endedAt: Date?
  var outcome: String
  var error: AttemptError?

  init(_ attempt: AttemptRecord) {
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
  static let byInterest: [JobState] = [
    .running, .ready, .scheduled, .waiting, .succeeded, .failed, .cancelled, .expired,
  ]

  /// The colour that says it.
  var paint: Paint? {
    switch self {
    case .succeeded: .green
    case .failed, .expired: .red
    case .running: .yellow
    case .scheduled, .waiting: .cyan
    case .cancelled: .faint
    case .ready: nil
    }
  }
}

extension JobRecord {
  /// The state with what belongs to it, for people.
  var stateText: String {
    if let reason = life.reason { return "\(state.name) (\(reason.name))" }
    if isHeld { return "\(state.name) (held by a limit)" }
    if life.isCancelRequested { return "\(state.name) (to be cancelled)" }
    if state == .running, let progress { return "\(state.name) \(Int(progress.fraction * 100))%" }
    return state.name
  }
}

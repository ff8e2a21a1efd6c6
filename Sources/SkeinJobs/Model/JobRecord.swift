public import FoundationEssentials

/// A stored job, without its payload, result and log.
public struct JobRecord: Hashable, Sendable {
  /// Its place in the order of coming; also a short handle for people.
  public var sequence: Int64
  /// Its identity.
  public var id: JobID
  /// Name and rules.
  public var kind: JobKind
  /// The queue.
  public var queue: String
  /// From 0 to 9, most urgent.
  public var priority: Int
  /// Where it stands, and its counts.
  public var life: JobLife
  /// When it was enqueued.
  public var enqueuedAt: Date
  /// When it must have started.
  public var expiresAt: Date?
  /// When the current or last attempt was taken up.
  public var startedAt: Date?
  /// When its life ended.
  public var finishedAt: Date?
  /// The key that keeps it unique.
  public var uniqueKey: String?
  /// Until when its unique key is its own, though it has ended.
  public var uniqueUntil: Date?
  /// The key of its limit.
  public var concurrencyKey: String?
  /// Whether a limit holds it back, while it is ready.
  public var isHeld = false
  /// How it is tied to others.
  public var ties: JobTies = []
  /// The worker that runs it.
  public var worker: WorkerID?
  /// How far the running attempt says it is.
  public var progress: JobProgress?
  /// Moves on with each change of the job, over all jobs of the store.
  public var revision: Int64

  /// Where it stands.
  public var state: JobState { life.state }

  /// Creates a record.
  public init(
    sequence: Int64, id: JobID, kind: JobKind, queue: String, priority: Int, life: JobLife, enqueuedAt: Date,
    revision: Int64
  ) {
    self.sequence = sequence
    self.id = id
    self.kind = kind
    self.queue = queue
    self.priority = priority
    self.life = life
    self.enqueuedAt = enqueuedAt
    self.revision = revision
  }
}

/// How far a running job says it is.
public struct JobProgress: Codable, Hashable, Sendable {
  /// From 0 to 1.
  public var fraction: Double
  /// What it is doing.
  public var message: String?

  /// Creates a progress; the fraction is brought into 0...1.
  public init(fraction: Double, message: String? = nil) {
    self.fraction = fraction.isNaN ? 0 : min(max(fraction, 0), 1)
    self.message = message
  }
}

/// One attempt to run a job.
public struct AttemptRecord: Hashable, Sendable {
  /// How an attempt ended.
  public enum Outcome: Int, Hashable, Sendable, CaseIterable {
    /// It has not ended.
    case running
    /// It gave a result.
    case succeeded
    /// It threw an error.
    case failed
    /// It ran into its time limit.
    case timedOut
    /// It was cancelled.
    case cancelled
    /// Its worker stopped and gave the job back.
    case handedBack
    /// Its worker died.
    case crashed

    /// The outcome's name.
    public var name: String { String(describing: self) }
  }

  /// From 1.
  public var number: Int
  /// The delivery in which it was started.
  public var delivery: Int
  /// The worker's name.
  public var worker: String
  /// When it started.
  public var startedAt: Date
  /// When it ended.
  public var endedAt: Date?
  /// How it ended.
  public var outcome: Outcome
  /// The error's type and message, when there was one.
  public var error: AttemptError?
  /// The group of the processes that the attempt started.
  public var processGroup: Int32?

  /// Creates a record.
  public init(number: Int, delivery: Int, worker: String, startedAt: Date, outcome: Outcome = .running) {
    self.number = number
    self.delivery = delivery
    self.worker = worker
    self.startedAt = startedAt
    self.outcome = outcome
  }
}

/// An error as data: what is kept of what an attempt threw.
public struct AttemptError: Codable, Hashable, Sendable {
  /// The name of the error's type.
  public var type: String
  /// What it says.
  public var message: String
  /// The exit code of the program, where the job was one that ran one.
  public var exitCode: Int32?

  /// The longest message that is kept, in characters.
  public static let longestMessage = 4000

  /// Creates an error from its parts; a long message is cut.
  public init(type: String, message: String, exitCode: Int32? = nil) {
    self.type = type
    self.message =
      message.count > Self.longestMessage ? String(message.prefix(Self.longestMessage)) + "…" : message
    self.exitCode = exitCode
  }
}

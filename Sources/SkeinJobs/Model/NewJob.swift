public import FoundationEssentials
public import SkeinResilience
internal import SkeinWork

/// What is the same for many jobs: their name and the rules by which they run. Stores keep it once.
public struct JobKind: Hashable, Sendable {
  /// The name of the work.
  public var name: String
  /// The version of the payload's form.
  public var payloadVersion = 1
  /// The media type of the payload and of the result.
  public var contentType = "application/json"
  /// What happens after a failed attempt.
  public var retry = RetryPolicy.none
  /// When the attempt's task is cancelled.
  public var softTimeLimit: Duration?
  /// When the attempt counts as failed.
  public var hardTimeLimit: Duration?
  /// How long the finished job is kept.
  public var retention: Duration?
  /// Whether its end must be stored before its place in the worker is free again.
  public var acknowledgesExactly = false

  /// Creates a kind by name, with the defaults for the rest.
  public init(name: String) {
    self.name = name
  }

  /// Creates the kind of jobs with this name and these options.
  public init(name: String, payloadVersion: Int, contentType: String, options: JobOptions) {
    self.name = name
    self.payloadVersion = payloadVersion
    self.contentType = contentType
    retry = options.retry
    softTimeLimit = options.softTimeLimit
    hardTimeLimit = options.hardTimeLimit
    retention = options.retention
    acknowledgesExactly = options.acknowledgesExactly
  }
}

/// The input of a job, and where it comes from: a superset of a Celery message of protocol 2.
public struct JobPayload: Hashable, Sendable {
  /// Positional arguments, encoded; Swift jobs have none.
  public var args: Data?
  /// Arguments by name, encoded: the stored properties of a Swift job.
  public var kwargs: Data
  /// What follows on success or failure (callbacks, errbacks, chain, chord), as a JSON object.
  public var embed: Data?
  /// Headers of the producer's own, as a JSON object.
  public var headers: Data?
  /// The W3C trace context of the producer.
  public var traceparent: String?
  /// The first job of the workflow.
  public var rootID: JobID?
  /// The job that enqueued this one.
  public var parentID: JobID?
  /// The group it belongs to.
  public var groupID: JobID?
  /// Its place within the group, from 0.
  public var groupIndex: Int?

  /// Creates a payload from arguments by name.
  public init(kwargs: Data) {
    self.kwargs = kwargs
  }

  /// How many bytes it has.
  public var byteCount: Int {
    kwargs.count + (args?.count ?? 0) + (embed?.count ?? 0) + (headers?.count ?? 0)
  }

  /// The largest payload that is taken, in bytes: 16 MiB. Larger input belongs in a file whose path is the input.
  public static let mostBytes = 16 << 20
}

/// A job as it is handed to a store.
public struct NewJob: Hashable, Sendable {
  /// Its identity.
  public var id = JobID()
  /// Name and rules.
  public var kind: JobKind
  /// Input.
  public var payload: JobPayload
  /// The queue it waits in.
  public var queue: String
  /// From 0 to 9, most urgent.
  public var priority: Int
  /// When it may start at the earliest; `nil` means at once.
  public var runAt: Date?
  /// When it must have started.
  public var expiresAt: Date?
  /// See ``JobOptions/uniqueKey``.
  public var uniqueKey: String?
  /// Until when its unique key is its own, though it has ended.
  public var uniqueUntil: Date?
  /// See ``JobOptions/uniqueConflict``.
  public var uniqueConflict = UniqueConflict.existing
  /// See ``JobOptions/concurrencyKey``.
  public var concurrencyKey: String?
  /// What must have happened to other jobs before it may start: jobs of the store, or of the same call.
  public var dependencies: [JobDependency] = []
  /// Whether one of the dependencies that is met suffices.
  public var startsAfterAny = false
  /// Whether, when it fails, all that is unfinished of its group (``JobPayload/groupID``) is cancelled.
  public var failsTogether = false
  /// An unfinished job. Whoever waits for it when this one is stored waits for this one in the same way.
  public var alongside: JobID?
  /// What messages call it, in the place of its id. Not stored.
  public var label: String?

  /// How it is tied to others, as far as it says so itself.
  var ties: JobTies {
    var ties: JobTies = dependencies.isEmpty ? [] : .needsOthers
    if startsAfterAny { ties.insert(.startsAfterAny) }
    if failsTogether { ties.insert(.failsTogether) }
    return ties
  }

  /// Creates a job from parts of one that was checked.
  init(kind: JobKind, payload: JobPayload, queue: String, priority: Int) {
    self.kind = kind
    self.payload = payload
    self.queue = queue
    self.priority = priority
  }

  /// Creates a job from checked parts.
  ///
  /// - Throws: ``JobQueueError`` with code `invalidInput` when a value is not acceptable or the payload is too large.
  public init(
    name: String, payloadVersion: Int = 1, contentType: String = "application/json", payload: JobPayload,
    options: JobOptions, now: Date = Date()
  ) throws(JobQueueError) {
    try options.validate()
    do { try WorkNameError.check(name) } catch { throw .invalidInput(error.description) }
    guard payload.byteCount <= JobPayload.mostBytes else {
      throw .invalidInput(
        "the input of job '\(name)' has \(payload.byteCount) bytes; at most \(JobPayload.mostBytes) are stored. "
          + "Put the data into a file and its path into the job")
    }
    kind = JobKind(name: name, payloadVersion: payloadVersion, contentType: contentType, options: options)
    self.payload = payload
    queue = options.queue
    priority = options.priority
    uniqueKey = options.uniqueKey
    uniqueConflict = options.uniqueConflict
    concurrencyKey = options.concurrencyKey
    setTimes(options, from: now)
  }

  /// Sets the instants at which the spans end that options give.
  mutating func setTimes(_ options: JobOptions, from now: Date) {
    runAt = options.delay.flatMap { $0 > .zero ? now.addingTimeInterval($0.seconds) : nil }
    expiresAt = options.expiry.map { now.addingTimeInterval($0.seconds) }
    uniqueUntil = options.uniquePeriod.map { now.addingTimeInterval($0.seconds) }
  }
}

extension Duration {
  /// The span in seconds.
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}

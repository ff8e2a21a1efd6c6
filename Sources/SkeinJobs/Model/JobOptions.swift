public import SkeinResilience

/// What happens to a job that is enqueued while its unique key is taken.
public enum UniqueConflict: String, Codable, Hashable, Sendable, CaseIterable {
  /// It is not added; the answer is the job that has the key.
  case existing
  /// The enqueue fails with ``JobQueueError/Code/duplicate``, and nothing of the call is stored.
  case error
  /// It takes the key. The job that had it is cancelled if it has not started; one that runs goes on, and the new one
  /// waits for its end. Whoever waits for a job that is cancelled so waits for the new one.
  case replace
}

/// How a job is queued and run. Each enqueue may change what the job's type says.
public struct JobOptions: Hashable, Sendable {
  /// The priorities there are; 9 is most urgent.
  public static let priorities = 0...9

  /// The queue that it waits in.
  public var queue = "default"
  /// From 0 to 9, most urgent. Within a queue, the higher runs first, and equals in the order of their coming.
  public var priority = 5
  /// What happens after a failed attempt.
  public var retry = RetryPolicy.none
  /// After this span the attempt's task is cancelled: it should end soon.
  public var softTimeLimit: Duration?
  /// After this span the attempt counts as failed, whether its task has ended or not. The task keeps its place in the
  /// worker until it ends.
  public var hardTimeLimit: Duration?
  /// How long the finished job and its result are kept.
  public var retention: Duration?
  /// Waits at least this long before it may start.
  public var delay: Duration?
  /// Must start within this span, or it expires.
  public var expiry: Duration?
  /// As long as a job with this key is unfinished, no other one with the same key is added.
  public var uniqueKey: String?
  /// Keeps the unique key for this long after the job was enqueued, though it may have ended.
  public var uniquePeriod: Duration?
  /// What happens to a job whose unique key is taken.
  public var uniqueConflict = UniqueConflict.existing
  /// Jobs with one key count against one limit, if a limit is set for the key: see ``JobQueue/setLimit(_:)``.
  public var concurrencyKey: String?
  /// Whether the worker waits, before it takes other work, until the end of this job is safely stored.
  ///
  /// Otherwise a worker that is killed may repeat up to its `unackedLimit` of jobs that had ended.
  public var acknowledgesExactly = false

  /// Creates the defaults: queue `default`, priority 5, one attempt, no limits.
  public init() {}

  /// Creates the defaults with changes.
  ///
  /// ```swift
  /// JobOptions { $0.priority = 9; $0.hardTimeLimit = .seconds(30) }
  /// ```
  public init(_ change: (inout JobOptions) -> Void) {
    change(&self)
  }

  /// Checks all values.
  ///
  /// - Throws: ``JobQueueError`` with code `invalidInput`, which names the value.
  public func validate() throws(JobQueueError) {
    try Self.check(queueName: queue)
    guard Self.priorities.contains(priority) else {
      throw .invalidInput("the priority is \(priority), but priorities go from 0 to 9, most urgent")
    }
    try positive(softTimeLimit, "the soft time limit")
    try positive(hardTimeLimit, "the hard time limit")
    try positive(expiry, "the expiry")
    try notNegative(retention, "the retention")
    try notNegative(delay, "the delay")
    try positive(uniquePeriod, "the period of the unique key")
    guard uniqueKey != nil || (uniquePeriod == nil && uniqueConflict == .existing) else {
      throw .invalidInput("what a unique key does is said, but no unique key is given")
    }
    if let soft = softTimeLimit, let hard = hardTimeLimit, soft > hard {
      throw .invalidInput("the soft time limit (\(soft)) is longer than the hard one (\(hard))")
    }
    for key in [uniqueKey, concurrencyKey].compacted() where key.isEmpty || key.utf8.count > 500 {
      throw .invalidInput("a key must have 1 to 500 bytes; one has \(key.utf8.count)")
    }
  }

  /// Checks the name of a queue: 1 to 200 bytes, none of them a control character.
  public static func check(queueName: String) throws(JobQueueError) {
    let isPrintable = queueName.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
    guard (1...200).contains(queueName.utf8.count), isPrintable else {
      throw .invalidInput("'\(queueName)' is no name for a queue: use 1 to 200 printable bytes")
    }
  }

  /// The longest span that is taken: a hundred years. It keeps every sum of times within what can be stored.
  private static let longest = Duration.seconds(100 * 366 * 86_400)

  private func positive(_ span: Duration?, _ what: String) throws(JobQueueError) {
    guard let span, span <= .zero || span > Self.longest else { return }
    throw .invalidInput("\(what) is \(span): it must be more than nothing and at most a hundred years")
  }

  private func notNegative(_ span: Duration?, _ what: String) throws(JobQueueError) {
    guard let span, span < .zero || span > Self.longest else { return }
    throw .invalidInput("\(what) is \(span): it must not be negative, and at most a hundred years")
  }
}

extension Array {
  fileprivate func compacted<Wrapped>() -> [Wrapped] where Element == Wrapped? { compactMap(\.self) }
}

package import SkeinJobs
package import SkeinResilience

/// What a submission says about how its job is queued and run; what it leaves out is as the job's type says.
package struct OptionChanges: Hashable, Sendable {
  package var queue: String?
  package var priority: Int?
  /// How many attempts may follow the first.
  package var retries: Int?
  package var backoff: RetryPolicy.Backoff?
  package var timeout: Duration?
  package var softTimeout: Duration?
  package var delay: Duration?
  package var expires: Duration?
  package var unique: String?
  package var uniqueFor: Duration?
  package var ifExists: UniqueConflict?
  package var concurrencyKey: String?

  package init(
    queue: String? = nil, priority: Int? = nil, retries: Int? = nil, backoff: RetryPolicy.Backoff? = nil,
    timeout: Duration? = nil, softTimeout: Duration? = nil, delay: Duration? = nil, expires: Duration? = nil,
    unique: String? = nil, uniqueFor: Duration? = nil, ifExists: UniqueConflict? = nil,
    concurrencyKey: String? = nil
  ) {
    self.queue = queue
    self.priority = priority
    self.retries = retries
    self.backoff = backoff
    self.timeout = timeout
    self.softTimeout = softTimeout
    self.delay = delay
    self.expires = expires
    self.unique = unique
    self.uniqueFor = uniqueFor
    self.ifExists = ifExists
    self.concurrencyKey = concurrencyKey
  }

  /// These changes, and those of `other` where these say nothing.
  package func over(_ other: OptionChanges) -> OptionChanges {
    OptionChanges(
      queue: queue ?? other.queue, priority: priority ?? other.priority, retries: retries ?? other.retries,
      backoff: backoff ?? other.backoff, timeout: timeout ?? other.timeout,
      softTimeout: softTimeout ?? other.softTimeout, delay: delay ?? other.delay,
      expires: expires ?? other.expires,
      unique: unique ?? other.unique, uniqueFor: uniqueFor ?? other.uniqueFor,
      ifExists: ifExists ?? other.ifExists, concurrencyKey: concurrencyKey ?? other.concurrencyKey)
  }

  /// Changes the options of a job.
  ///
  /// - Throws: ``JobQueueError`` or `InvalidRetryPolicy` when the values make no sense together.
  package func apply(to options: inout JobOptions) throws {
    options.queue = queue ?? options.queue
    options.priority = priority ?? options.priority
    options.retry = try retry(options.retry)
    options.hardTimeLimit = timeout ?? options.hardTimeLimit
    options.softTimeLimit = softTimeout ?? options.softTimeLimit
    options.delay = delay ?? options.delay
    options.expiry = expires ?? options.expiry
    options.uniqueKey = unique ?? options.uniqueKey
    options.uniquePeriod = uniqueFor ?? options.uniquePeriod
    options.uniqueConflict = ifExists ?? options.uniqueConflict
    options.concurrencyKey = concurrencyKey ?? options.concurrencyKey
  }

  private func retry(_ given: RetryPolicy) throws -> RetryPolicy {
    guard retries != nil || backoff != nil else { return given }
    guard retries != nil || given.maximumAttempts != 1 else {
      throw JobQueueError.invalidInput("a backoff without retries does nothing: say how many with --retries")
    }
    if let retries, !(0...1_000_000).contains(retries) {
      throw JobQueueError.invalidInput("\(retries) retries are not possible: use a number from 0 to 1000000")
    }
    do {
      return try RetryPolicy(
        validating: backoff ?? given.backoff, jitter: given.jitter, cap: given.cap,
        maximumAttempts: retries.map { $0 + 1 } ?? given.maximumAttempts,
        overallDeadline: given.overallDeadline,
        retries: given.retries)
    } catch {
      throw JobQueueError.invalidInput(error.description)
    }
  }
}

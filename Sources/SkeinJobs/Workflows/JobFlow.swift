internal import struct FoundationEssentials.Date

/// Jobs that belong together, some of which wait for others: a workflow, or a batch with what follows it.
///
/// Nothing happens before ``JobQueue/enqueue(_:)-(JobFlow)``, which stores all of it or nothing.
///
/// ```swift
/// var flow = JobFlow()
/// let pages = try flow.add(urls.map { Fetch(url: $0) })  // a group
/// let index = try flow.add(Index(pages: pages))          // a chord: when all have succeeded, with the results in order
/// try flow.add(Publish(index: index))                    // a chain
/// try flow.add(Clean(), after: [index.end])              // whatever becomes of it
/// let enqueued = try await queue.enqueue(flow)
/// ```
///
/// A job that has a ``JobResult`` among its stored properties waits for that one's success. Circles can not be made this
/// way, for there is no result to refer to before its job was added.
public struct JobFlow: Sendable {
  /// What a job's failure does to the others. It counts as one when it has failed for good, was cancelled, or expired.
  public enum FailurePolicy: Hashable, Sendable, CaseIterable {
    /// Those that wait for its success are cancelled, and so on for those that wait for them; the rest goes on.
    case cancelDependents
    /// All that is unfinished of the flow is cancelled, but for what waits for a failure or for any end.
    case cancelAll
    /// A job that refers to the result runs nevertheless; ``JobResult/value`` throws in it.
    case goOn
  }

  /// The identity of the flow: the group of its jobs.
  public let id = JobID()
  /// What a job's failure does to the others.
  public let failurePolicy: FailurePolicy
  private(set) var jobs: [NewJob] = []
  private var callbacks: [(job: NewJob, condition: JobDependency.Condition)] = []
  /// Of each job: the spans in them count from the enqueueing.
  private var options: [JobID: JobOptions] = [:]

  /// Creates an empty flow.
  public init(onFailure failurePolicy: FailurePolicy = .cancelDependents) {
    self.failurePolicy = failurePolicy
  }

  // MARK: Adding

  /// Adds a job. It starts when those whose results it refers to have succeeded, and what `after` says has happened.
  ///
  /// - Parameters:
  ///   - job: its stored properties become the input.
  ///   - dependencies: further jobs that it waits for: of this flow, or of the queue.
  ///   - startsAfterAny: whether one of all of them that is met suffices.
  ///   - change: changes the options that the job's type gives. A delay and an expiry count from the enqueueing.
  /// - Returns: its result, for others to refer to.
  /// - Throws: ``JobQueueError`` with code `invalidInput`.
  @discardableResult
  public mutating func add<J: Job>(
    _ job: J, after dependencies: [JobDependency] = [], startsAfterAny: Bool = false,
    _ change: (inout JobOptions) -> Void = { _ in }
  ) throws -> JobResult<J.Output> {
    let new = try new(job, after: dependencies, startsAfterAny: startsAfterAny, change)
    jobs.append(new)
    return JobResult(of: new.id)
  }

  /// Adds jobs that do not wait for each other: a group.
  @discardableResult
  public mutating func add<J: Job>(
    _ jobs: [J], after dependencies: [JobDependency] = [], _ change: (inout JobOptions) -> Void = { _ in }
  ) throws -> [JobResult<J.Output>] {
    try jobs.map { try add($0, after: dependencies, change) }
  }

  /// Adds a job that runs only if another one fails, and then takes its place: who waits for the success of that one waits
  /// for this one's, and finds its result.
  @discardableResult
  public mutating func add<J: Job, Value>(
    _ job: J, insteadOf failed: JobResult<Value>, _ change: (inout JobOptions) -> Void = { _ in }
  ) throws -> JobResult<Value> where J.Output == Value {
    try add(job, after: [JobDependency(on: failed.job, .fallback)], change)
  }

  /// Adds jobs each of which starts when the one before it has succeeded: a chain.
  @discardableResult
  public mutating func chain<J: Job>(
    _ jobs: [J], _ change: (inout JobOptions) -> Void = { _ in }
  ) throws -> [JobResult<J.Output>] {
    var results: [JobResult<J.Output>] = []
    for job in jobs {
      results.append(try add(job, after: results.last.map { [usual($0.job)] } ?? [], change))
    }
    return results
  }

  /// Adds a job for each of some values: a map.
  @discardableResult
  public mutating func map<Value, J: Job>(
    _ values: some Sequence<Value>, _ job: (Value) throws -> J
  ) throws -> [JobResult<J.Output>] {
    try add(values.map(job))
  }

  /// Adds a group and the job that joins its results, in their order: a chord.
  @discardableResult
  public mutating func chord<J: Job, K: Job>(
    _ jobs: [J], _ join: ([JobResult<J.Output>]) throws -> K
  ) throws -> JobResult<K.Output> {
    try add(join(try add(jobs)))
  }

  // MARK: What follows the whole

  /// Adds a job that runs when all others of the flow have ended, however they did.
  @discardableResult
  public mutating func whenAllEnd<J: Job>(
    _ job: J, _ change: (inout JobOptions) -> Void = { _ in }
  ) throws -> JobResult<J.Output> {
    try addCallback(job, .end, change)
  }

  /// Adds a job that runs when all others of the flow have succeeded.
  @discardableResult
  public mutating func whenAllSucceed<J: Job>(
    _ job: J, _ change: (inout JobOptions) -> Void = { _ in }
  ) throws -> JobResult<J.Output> {
    try addCallback(job, .success, change)
  }

  /// Adds a job that runs as soon as one of the others has failed.
  @discardableResult
  public mutating func whenOneFails<J: Job>(
    _ job: J, _ change: (inout JobOptions) -> Void = { _ in }
  ) throws -> JobResult<J.Output> {
    try addCallback(job, .failure, change)
  }

  private mutating func addCallback<J: Job>(
    _ job: J, _ condition: JobDependency.Condition, _ change: (inout JobOptions) -> Void
  ) throws -> JobResult<J.Output> {
    var new = try new(job, after: [], startsAfterAny: condition == .failure, change)
    // It belongs to the flow, but is none of those that it follows.
    new.failsTogether = false
    callbacks.append((new, condition))
    return JobResult(of: new.id)
  }

  // MARK: All of it

  private mutating func new<J: Job>(
    _ job: J, after dependencies: [JobDependency], startsAfterAny: Bool,
    _ change: (inout JobOptions) -> Void
  ) throws -> NewJob {
    var options = job.options
    change(&options)
    var new = try NewJob(job) { $0 = options }
    self.options[new.id] = options
    let named = Set(dependencies.map(\.job))
    new.dependencies =
      new.dependencies.filter { !named.contains($0.job) }.map { usual($0.job) } + dependencies
    new.startsAfterAny = startsAfterAny
    new.failsTogether = failurePolicy == .cancelAll
    return new
  }

  private func usual(_ job: JobID) -> JobDependency {
    JobDependency(on: job, failurePolicy == .goOn ? .end : .success)
  }

  /// All jobs, those that follow the whole last.
  ///
  /// - Parameter now: the time of the enqueueing.
  /// - Throws: ``JobQueueError`` with code `invalidInput` when one that follows the whole has nothing to follow.
  func newJobs(now: Date) throws(JobQueueError) -> [NewJob] {
    if jobs.isEmpty, let first = callbacks.first {
      throw .invalidInput("job '\(first.job.kind.name)' is to follow the others of a flow that has none")
    }
    let contingent = contingent
    var all = jobs
    for (callback, condition) in callbacks {
      var job = callback
      let named = Set(job.dependencies.map(\.job))
      // What runs only after a failure is cancelled where there was none, and that is none either.
      let members = jobs.map(\.id).filter { condition == .end || !contingent.contains($0) }
      job.dependencies += members.filter { !named.contains($0) }.map { JobDependency(on: $0, condition) }
      all.append(job)
    }
    for place in all.indices {
      all[place].setTimes(options[all[place].id]!, from: now)
      all[place].payload.groupID = id
      all[place].payload.groupIndex = place
    }
    return all
  }

  /// The jobs that run only if others fail, and those that follow them.
  private var contingent: Set<JobID> {
    jobs.reduce(into: []) { contingent, job in
      let isContingent = job.dependencies.contains { dependency in
        [.failure, .fallback].contains(dependency.condition)
          || (dependency.condition == .success && contingent.contains(dependency.job))
      }
      if isContingent { contingent.insert(job.id) }
    }
  }
}

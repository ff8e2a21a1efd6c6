/// A flow that was enqueued.
public struct EnqueuedFlow: Sendable {
  /// The identity of the flow.
  public let id: JobID
  /// What stands for each of its jobs, in the order in which they were added; those that follow the whole come last.
  public let jobs: [EnqueuedJob]

  private let queue: JobQueue
  private let stands: [JobID: JobID]

  init(id: JobID, asked: [NewJob], jobs: [EnqueuedJob], queue: JobQueue) {
    self.id = id
    self.jobs = jobs
    self.queue = queue
    stands = Dictionary(uniqueKeysWithValues: zip(asked.map(\.id), jobs.map(\.id)))
  }

  /// Waits for a job of the flow, and gives its result.
  ///
  /// - Throws: as ``JobHandle/result(timeout:)``.
  public func value<Value>(of result: JobResult<Value>, timeout: Duration? = nil) async throws -> Value {
    try await queue.result(of: stands[result.job] ?? result.job, as: Value.self, timeout: timeout)
  }

  /// Waits until all jobs of the flow have ended.
  ///
  /// - Parameter timeout: how long to wait for all of them together; `nil` means as long as it takes.
  /// - Returns: how many have ended in which state.
  /// - Throws: ``JobQueueError`` with code `timedOut`; `CancellationError`. The flow goes on.
  @discardableResult
  public func waitForEnd(timeout: Duration? = nil) async throws -> [JobState: Int] {
    let deadline = timeout.map { ContinuousClock.now.advanced(by: $0) }
    var states: [JobState: Int] = [:]
    for job in jobs {
      let left = deadline.map { max(.zero, $0 - .now) }
      states[try await queue.waitForEnd(of: job.id, timeout: left).state, default: 0] += 1
    }
    return states
  }

  /// How many jobs of the flow stand where, those included that were added while it ran.
  ///
  /// - Complexity: O(jobs of the flow).
  public func counts() async throws -> [JobState: Int] {
    var filter = JobFilter()
    filter.group = id
    filter.limit = .max
    return try await queue.store.jobs(filter).reduce(into: [:]) { $0[$1.state, default: 0] += 1 }
  }

  /// Cancels all jobs of the flow that are unfinished.
  public func cancel() async throws {
    var filter = JobFilter()
    filter.group = id
    filter.states = Set(JobState.allCases.filter { !$0.isFinished })
    filter.limit = .max
    for job in try await queue.store.jobs(filter) { try await queue.cancel(job.id) }
  }
}

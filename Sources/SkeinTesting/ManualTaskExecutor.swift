internal import SkeinSync

/// A task executor on which nothing runs until the test says so, one job at a time, on the test's own thread.
///
/// A job is what a task does from one suspension to the next, so that running one is one step of an
/// interleaving; `Task.yield()` takes two, of which the runtime keeps the first for itself. Tasks that are started here, their child tasks and the default actors that they call run
/// here; `Task {}`, `Task.detached` and the main actor do not.
///
/// ```swift
/// let executor = ManualTaskExecutor()
/// let waiter = executor.start { try await semaphore.acquire() }
/// executor.runUntilIdle()  // the waiter has come as far as it can
/// semaphore.release()
/// executor.runUntilIdle()
/// try await waiter.value
/// ```
///
/// Several threads may run jobs at once; the order is kept only where one does. A job may itself call
/// ``runNext()``.
///
/// - Invariant: a job that was enqueued runs once, or waits still.
public final class ManualTaskExecutor: TaskExecutor {
  /// Which of the jobs that are ready runs next.
  public enum Order: Hashable, Sendable, CustomStringConvertible {
    /// The one that was enqueued first.
    case arrival
    /// Any of them, by the random numbers of a seed: the same seed gives the same interleaving again.
    case random(seed: UInt64)

    /// The order, with its seed.
    public var description: String {
      switch self {
      case .arrival: "in the order of arrival"
      case .random(let seed): "in the random order of seed \(seed)"
      }
    }
  }

  private struct State: Sendable {
    var jobs: [UnownedJob] = []
    var generator: SeededGenerator?

    mutating func takeNext() -> UnownedJob? {
      guard !jobs.isEmpty else { return nil }
      let index = generator == nil ? 0 : Int.random(in: jobs.indices, using: &generator!)
      return jobs.remove(at: index)
    }
  }

  private let state: Lock<State>

  /// Creates an executor with no jobs.
  ///
  /// - Parameter order: which of the jobs that are ready runs next.
  public init(order: Order = .arrival) {
    switch order {
    case .arrival: state = Lock(State())
    case .random(let seed): state = Lock(State(generator: SeededGenerator(seed: seed)))
    }
  }

  /// Creates an executor that picks the next job by the random numbers of a seed.
  public convenience init(seed: UInt64) {
    self.init(order: .random(seed: seed))
  }

  /// Takes a job of a task; called by the runtime, on any thread.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock { $0.jobs.append(job) }
  }

  /// How many jobs are ready to run at this instant.
  public var pendingCount: Int { state.withLock { $0.jobs.count } }

  /// Starts a task that runs here: nothing of it has run when this returns.
  ///
  /// - Parameters:
  ///   - name: the task's name.
  ///   - operation: what the task does.
  /// - Returns: the task. Await its value only when it has ended, or nothing would run it.
  @discardableResult
  public func start<Success: Sendable>(
    name: String? = nil, _ operation: @escaping @Sendable () async throws -> Success
  ) -> Task<Success, any Error> {
    Task(name: name, executorPreference: self) { try await operation() }
  }

  // MARK: Running

  /// Runs one job on the calling thread.
  ///
  /// - Returns: `false` when none is ready, and nothing happens.
  /// - Complexity: O(n) in the jobs that are ready.
  @discardableResult
  public func runNext() -> Bool {
    guard let job = state.withLock({ $0.takeNext() }) else { return false }
    job.runSynchronously(on: asUnownedTaskExecutor())
    return true
  }

  /// Runs jobs on the calling thread until none is ready, those included that become ready by it.
  ///
  /// A task that yields for ever keeps this from returning.
  ///
  /// - Returns: how many ran.
  @discardableResult
  public func runUntilIdle() -> Int {
    var count = 0
    while runNext() { count += 1 }
    return count
  }

  /// Runs jobs until `condition` holds, which is looked at before each of them; when none is ready, waits for
  /// other threads and executors to make one ready, or the condition true.
  ///
  /// ```swift
  /// try await executor.runUntil("the thread was served") { served.isSet }
  /// ```
  ///
  /// - Parameters:
  ///   - expectation: what is awaited, as the end of the sentence "it did not come about that ...".
  ///   - limit: how much real time that may take; generous, for it is reached only when the code under test
  ///     is wrong.
  ///   - condition: what must come true.
  /// - Throws: ``EventuallyError`` past the limit, `CancellationError`, or what `condition` throws.
  public func runUntil(
    _ expectation: String, limit: Duration = .seconds(60), _ condition: () async throws -> Bool
  ) async throws {
    try await eventually(expectation, limit: limit) {
      // Bounded, so that the limit holds even where tasks yield for ever.
      for _ in 0..<1000 {
        if try await condition() { return true }
        guard runNext() else { return false }
      }
      return false
    }
  }
}

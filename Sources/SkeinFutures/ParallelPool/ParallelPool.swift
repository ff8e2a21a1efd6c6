public import SkeinSync

/// A pool of threads for work that computes: it splits up, and whoever has nothing to do takes a part.
///
/// ```swift
/// let pool = try ParallelPool()
/// let roots = try await pool.parallelMap(numbers) { $0.squareRoot() }
/// let total = await pool.reduce(numbers, identity: 0, accumulate: +=, combine: +)
/// ```
///
/// Every worker keeps what it has split off, and does the newest part next; the others steal the oldest, the largest
/// ones. A worker that waits for a part that was stolen does other parts meanwhile. Work should not block: there are
/// as many workers as processors.
///
/// The pool runs tasks as well: `Task(executorPreference: pool)`. Child tasks and default actors that such a task
/// calls stay on it. A task that may block belongs there rather than on the cooperative pool of the runtime.
///
/// A pool that is not referred to any more, or that is there at the end of the process, does what was submitted; its
/// workers end after that. Once it was shut down, who calls does all the work of ``join(_:_:)`` and of the parallel
/// loops alone, and tasks that prefer the pool run on the global executor.
///
/// - Invariant: a job that was taken is run once, or its future says why not.
/// - Source: R. D. Blumofe, C. E. Leiserson, *Scheduling Multithreaded Computations by Work Stealing* (1999); the shape
///   of rayon.
public final class ParallelPool: LocalWorkerPool, TaskExecutor {
  @usableFromInline let core: ParallelCore

  /// Creates a pool, and starts its threads.
  ///
  /// - Parameters:
  ///   - threads: how many workers it has; by default as many as there are processors for the process.
  ///   - name: what errors and diagnosis call it; its threads are called so with a number.
  ///   - isDaemon: whether the process ends without waiting for what the workers do.
  ///   - stackSize: that of each thread, in bytes; by default the system's. Work that splits up very deep needs more.
  /// - Throws: ``PoolError/invalidSize(pool:parameter:value:)`` when `threads` is not positive;
  ///   ``PoolError/noWorker(pool:_:)`` when the system gives not enough threads.
  public init(
    threads: Int? = nil, name: String = "parallel", isDaemon: Bool = false, stackSize: Int? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) throws(PoolError) {
    let threads = threads ?? processorCount()
    guard threads > 0 else { throw .invalidSize(pool: name, parameter: "threads", value: threads) }
    core = ParallelCore(
      threads: threads, identity: ObjectIdentity("ParallelPool", name: name, place: SourcePlace(file, line)))
    PoolRegistry.add(core, as: core.id)
    try core.start(isDaemon: isDaemon, stackSize: stackSize)
  }

  deinit { core.close(cancelPending: false) }

  /// What errors and diagnosis call the pool.
  public var name: String { core.name }

  /// How many workers it has.
  public var maximumWorkers: Int { core.workers.count }

  // MARK: Submitting

  /// Hands a closure in. Never waits.
  ///
  /// - Parameter body: the work.
  /// - Returns: the future of what `body` returns or throws.
  /// - Throws: ``PoolError/shutDown(pool:)``.
  /// - Complexity: O(1).
  @inlinable
  public func submit<Output: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable () throws -> Output
  ) async throws -> Future<Output> {
    try trySubmit(file: file, line: line, body)
  }

  /// Hands a closure in. Never waits.
  ///
  /// - Parameter body: the work.
  /// - Returns: the future of what `body` returns or throws.
  /// - Throws: ``PoolError/shutDown(pool:)``.
  /// - Complexity: O(1).
  @available(*, noasync, message: "await the asynchronous form")
  @inlinable
  public func submit<Output: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable () throws -> Output
  ) throws -> Future<Output> {
    try trySubmit(file: file, line: line, body)
  }

  /// Hands a closure in. Never waits.
  ///
  /// - Parameter body: the work.
  /// - Returns: the future of what `body` returns or throws.
  /// - Throws: ``PoolError/shutDown(pool:)``.
  /// - Complexity: O(1).
  @inlinable
  public func trySubmit<Output: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable () throws -> Output
  ) throws -> Future<Output> {
    let job = PoolJob(place: SourcePlace(file, line), poolID: core.id, body)
    try core.submit(job.task)
    return job
  }

  /// Takes a task that is to go on.
  public func enqueue(_ job: consuming ExecutorJob) {
    let task = UnownedJob(job)
    if !core.enqueue(task, on: asUnownedTaskExecutor()) {
      globalConcurrentExecutor.enqueue(ExecutorJob(task))
    }
  }

  // MARK: Shutting down

  /// Takes nothing any more, and suspends the task until the workers have ended, if it is to wait.
  ///
  /// - Parameters:
  ///   - wait: whether to wait for the workers.
  ///   - cancelPending: whether to cancel what has not begun; otherwise it is done. Tasks are run in any case.
  /// - Cancellation: does not end the wait.
  public func shutdown(wait: Bool = true, cancelPending: Bool = false) async {
    core.close(cancelPending: cancelPending)
    if wait { await core.joinWorkers() }
  }

  /// Takes nothing any more, and blocks the thread until the workers have ended, if it is to wait.
  ///
  /// - Parameters:
  ///   - wait: whether to wait for the workers. Called by one of them, it never waits.
  ///   - cancelPending: whether to cancel what has not begun; otherwise it is done. Tasks are run in any case.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func shutdown(wait: Bool = true, cancelPending: Bool = false) {
    core.close(cancelPending: cancelPending)
    if wait, ParallelWorker.current(in: core.id) == nil { core.joinWorkers() }
  }
}

public import SkeinSync
internal import SkeinThreads

/// A pool of threads for work that blocks, or that is to run beside the tasks.
///
/// ```swift
/// let pool = try ThreadPool(threads: 4, name: "io")
/// let page = try await pool.submit { try read(file) }
/// print(try await page.value)
/// await pool.shutdown()
/// ```
///
/// Workers are threads that start when work comes and nobody is idle, up to the number of `threads`. Work beyond that is
/// queued, first come, first served. With a bounded queue, more workers up to `maximum` help out when it is full, and
/// end when they have been idle for a while. Task-locals that are bound where work is submitted are bound where it
/// runs.
///
/// A worker that waits for a future of its own pool makes room for another worker, up to `maximum`. If all workers
/// wait in that way, the last one's wait fails with ``FutureError/wouldStarve(pool:workers:)``.
///
/// A pool that is not referred to any more, or that is there at the end of the process, does what was submitted; its
/// workers end after that.
///
/// - Invariant: a job that was taken is run once, or its future says why not.
/// - Source: behaviour after CPython's `ThreadPoolExecutor`; growth and rejection after Java's `ThreadPoolExecutor`.
public final class ThreadPool: LocalWorkerPool {
  @usableFromInline let core: ThreadPoolCore

  /// Creates a pool. Its threads start when there is work for them.
  ///
  /// - Parameters:
  ///   - threads: how many workers it has when there is enough to do.
  ///   - maximum: how many it may have when the queue is full; by default no more than `threads`.
  ///   - keepAlive: how long a worker beyond `threads` stays idle before it ends.
  ///   - queueCapacity: how many jobs may wait; `nil` for no limit, with which `maximum` is never reached but by workers
  ///     that wait for their own pool.
  ///   - whenFull: what is done with work that there is no room for.
  ///   - name: what errors and diagnosis call it; its threads are called so with a number.
  ///   - isDaemon: whether the process ends without waiting for what was submitted.
  ///   - stackSize: that of each thread, in bytes; by default the system's.
  ///   - clock: what measures `keepAlive`.
  ///   - initialiser: is run by each worker before its first job. If it throws, the pool is broken: what waits and
  ///     what comes fails with ``PoolError/broken(pool:_:)``.
  /// - Throws: ``PoolError/invalidSize(pool:parameter:value:)`` when a number is negative, both numbers of threads are
  ///   zero, or `maximum` is less than `threads`.
  public init<C: DeadlineClock>(
    threads: Int, maximum: Int? = nil, keepAlive: Duration = .seconds(60), queueCapacity: Int? = nil,
    whenFull: RejectionPolicy = .block, name: String = "pool", isDaemon: Bool = false, stackSize: Int? = nil,
    clock: C = MonotonicClock(),
    file: StaticString = #fileID, line: UInt = #line, initialiser: (@Sendable () throws -> Void)? = nil
  ) throws(PoolError) {
    let maximum = maximum ?? threads
    guard threads >= 0 else { throw .invalidSize(pool: name, parameter: "threads", value: threads) }
    guard maximum >= max(1, threads) else {
      throw .invalidSize(pool: name, parameter: "maximum", value: maximum)
    }
    guard queueCapacity ?? 0 >= 0 else {
      throw .invalidSize(pool: name, parameter: "queueCapacity", value: queueCapacity ?? 0)
    }
    core = ThreadPoolCore(
      PoolState(core: threads, maximum: maximum, capacity: queueCapacity ?? .max),
      identity: ObjectIdentity("ThreadPool", name: name, place: SourcePlace(file, line)),
      whenFull: whenFull, isDaemon: isDaemon, stackSize: stackSize, initialiser: initialiser,
      idleLimit: KeepAlive(limit: keepAlive, clock: clock))
    PoolRegistry.add(core, as: core.id)
  }

  deinit { core.close(cancelPending: false) }

  /// What errors and diagnosis call the pool.
  public var name: String { core.name }

  /// How many workers it may have at the most.
  public var maximumWorkers: Int { core.maximum }

  /// What the pool has done, and what it is about at this instant.
  public var statistics: ThreadPoolStatistics { core.statistics }

  // MARK: Submitting

  /// Hands a closure in; suspends the task while the queue is full and the policy is to block.
  ///
  /// - Parameter body: the work.
  /// - Returns: the future of what `body` returns or throws.
  /// - Throws: ``PoolError/shutDown(pool:)``, ``PoolError/full(pool:capacity:)``, ``PoolError/broken(pool:_:)``,
  ///   ``PoolError/noWorker(pool:_:)``; `WaitError.cancelled`.
  /// - Cancellation: ends the wait for room; the work was not taken then.
  /// - Complexity: O(1).
  @inlinable
  public func submit<Output: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable () throws -> Output
  ) async throws -> Future<Output> {
    let job = PoolJob(place: SourcePlace(file, line), poolID: core.id, body)
    let isTaken = try core.offer(job.task, waits: true)
    if !isTaken { try await core.waitForRoom(for: job.task, at: job.place) }
    return job
  }

  /// Hands a closure in; blocks the thread while the queue is full and the policy is to block.
  ///
  /// - Parameter body: the work.
  /// - Returns: the future of what `body` returns or throws.
  /// - Throws: ``PoolError/shutDown(pool:)``, ``PoolError/full(pool:capacity:)``, ``PoolError/broken(pool:_:)``,
  ///   ``PoolError/noWorker(pool:_:)``.
  /// - Complexity: O(1).
  @available(*, noasync, message: "this form may block the thread; await the asynchronous one")
  @inlinable
  public func submit<Output: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable () throws -> Output
  ) throws -> Future<Output> {
    let job = PoolJob(place: SourcePlace(file, line), poolID: core.id, body)
    let isTaken = try core.offer(job.task, waits: true)
    if !isTaken { try core.waitForRoom(for: job.task, at: job.place) }
    return job
  }

  /// Hands a closure in if there is room for it. Never waits.
  ///
  /// - Parameter body: the work.
  /// - Returns: the future of what `body` returns or throws.
  /// - Throws: ``PoolError/full(pool:capacity:)`` where the policy is to block or to fail; else as `submit`.
  /// - Complexity: O(1).
  @inlinable
  public func trySubmit<Output: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable () throws -> Output
  ) throws -> Future<Output> {
    let job = PoolJob(place: SourcePlace(file, line), poolID: core.id, body)
    _ = try core.offer(job.task, waits: false)
    return job
  }

  // MARK: Shutting down

  /// Breaks the pool: what has not begun, and what comes, fails with ``PoolError/broken(pool:_:)``.
  package func breakUp(_ error: any Error) { core.breakUp(error, workersLess: 0) }

  /// Takes nothing any more, and suspends the task until the workers have ended, if it is to wait.
  ///
  /// - Parameters:
  ///   - wait: whether to wait for the workers.
  ///   - cancelPending: whether to cancel what has not begun; otherwise it is done.
  /// - Cancellation: does not end the wait.
  public func shutdown(wait: Bool = true, cancelPending: Bool = false) async {
    core.close(cancelPending: cancelPending)
    if wait { await core.joinWorkers() }
  }

  /// Takes nothing any more, and blocks the thread until the workers have ended, if it is to wait.
  ///
  /// - Parameters:
  ///   - wait: whether to wait for the workers. Called by one of them, it never waits.
  ///   - cancelPending: whether to cancel what has not begun; otherwise it is done.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func shutdown(wait: Bool = true, cancelPending: Bool = false) {
    core.close(cancelPending: cancelPending)
    if wait, PoolWorker.current?.poolID != core.id { core.joinWorkers() }
  }
}

/// Makes a pool for the length of `body`, and shuts it down after that: what was submitted is done, or cancelled if `body`
/// throws.
///
/// - Parameters:
///   - threads: how many workers it has when there is enough to do.
///   - name: what errors and diagnosis call it.
///   - body: gets the pool.
/// - Returns: what `body` returns, once the workers have ended.
/// - Throws: what `body` throws; ``PoolError/invalidSize(pool:parameter:value:)``.
@available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
@_disfavoredOverload
public func withThreadPool<Result>(
  threads: Int, name: String = "pool", file: StaticString = #fileID, line: UInt = #line,
  _ body: (ThreadPool) throws -> Result
) throws -> Result {
  let pool = try ThreadPool(threads: threads, name: name, file: file, line: line)
  do {
    let result = try body(pool)
    pool.shutdown()
    return result
  } catch {
    pool.shutdown(cancelPending: true)
    throw error
  }
}

/// Makes a pool for the length of `body`, and shuts it down after that: what was submitted is done, or cancelled if `body`
/// throws.
///
/// - Parameters:
///   - threads: how many workers it has when there is enough to do.
///   - name: what errors and diagnosis call it.
///   - body: gets the pool.
/// - Returns: what `body` returns, once the workers have ended.
/// - Throws: what `body` throws; ``PoolError/invalidSize(pool:parameter:value:)``.
/// - Cancellation: `body` sees it; jobs that run do not, and are waited for.
public func withThreadPool<Result>(
  threads: Int, name: String = "pool", file: StaticString = #fileID, line: UInt = #line,
  _ body: (ThreadPool) async throws -> Result
) async throws -> Result {
  let pool = try ThreadPool(threads: threads, name: name, file: file, line: line)
  do {
    let result = try await body(pool)
    await pool.shutdown()
    return result
  } catch {
    await pool.shutdown(cancelPending: true)
    throw error
  }
}

/// Something that a pool can run.
///
/// A closure is the usual case (see ``LocalWorkerPool``). A type of its own is for work that has a name, so that it can
/// be run in another process as well.
public protocol PoolWork<Output>: Sendable {
  /// What the work makes.
  associatedtype Output: Sendable
  /// Does the work.
  func run() throws -> Output
}

/// A number of workers that run what is submitted, and give a future for each result.
///
/// Every pool keeps the rules that `exerciseWorkerPool` of SkeinTesting checks: work that was taken is done, once, or its
/// future says why not; after a shutdown nothing is taken, and what was taken before is done, unless it is
/// cancelled.
///
/// - Source: behaviour after CPython's `concurrent.futures.Executor`.
public protocol WorkerPool: Sendable {
  /// What traps, errors, threads and diagnosis call the pool.
  var name: String { get }

  /// How many jobs it runs at once at the most.
  var maximumWorkers: Int { get }

  /// Hands work in; suspends the task while the pool has no room and its policy is to wait.
  ///
  /// - Returns: the future of the result.
  /// - Throws: ``PoolError``; `WaitError.cancelled`.
  func submit<Output: Sendable>(
    _ work: some PoolWork<Output>, file: StaticString, line: UInt
  ) async throws -> Future<Output>

  /// Hands work in; blocks the thread while the pool has no room and its policy is to wait.
  ///
  /// - Returns: the future of the result.
  /// - Throws: ``PoolError``.
  @available(*, noasync)
  func submit<Output: Sendable>(
    _ work: some PoolWork<Output>, file: StaticString, line: UInt
  ) throws -> Future<Output>

  /// Hands work in if the pool takes it at once. Never waits.
  ///
  /// - Returns: the future of the result.
  /// - Throws: ``PoolError``.
  func trySubmit<Output: Sendable>(
    _ work: some PoolWork<Output>, file: StaticString, line: UInt
  ) throws -> Future<Output>

  /// Takes nothing any more, and suspends the task until the workers have ended, if it is to wait.
  ///
  /// - Parameters:
  ///   - wait: whether to wait for the workers.
  ///   - cancelPending: whether to cancel what has not begun; otherwise it is done.
  /// - Cancellation: does not end the wait.
  func shutdown(wait: Bool, cancelPending: Bool) async

  /// Takes nothing any more, and blocks the thread until the workers have ended, if it is to wait.
  ///
  /// - Parameters:
  ///   - wait: whether to wait for the workers. Called by one of them, it never waits.
  ///   - cancelPending: whether to cancel what has not begun; otherwise it is done.
  @available(*, noasync)
  func shutdown(wait: Bool, cancelPending: Bool)
}

/// A pool of threads of this process, which can run closures.
public protocol LocalWorkerPool: WorkerPool {
  /// Hands a closure in; suspends the task while the pool has no room and its policy is to wait.
  ///
  /// - Returns: the future of the result.
  /// - Throws: ``PoolError``; `WaitError.cancelled`.
  func submit<Output: Sendable>(
    file: StaticString, line: UInt, _ body: @escaping @Sendable () throws -> Output
  ) async throws -> Future<Output>

  /// Hands a closure in; blocks the thread while the pool has no room and its policy is to wait.
  ///
  /// - Returns: the future of the result.
  /// - Throws: ``PoolError``.
  @available(*, noasync)
  func submit<Output: Sendable>(
    file: StaticString, line: UInt, _ body: @escaping @Sendable () throws -> Output
  ) throws -> Future<Output>

  /// Hands a closure in if the pool takes it at once. Never waits.
  ///
  /// - Returns: the future of the result.
  /// - Throws: ``PoolError``.
  func trySubmit<Output: Sendable>(
    file: StaticString, line: UInt, _ body: @escaping @Sendable () throws -> Output
  ) throws -> Future<Output>
}

extension LocalWorkerPool {
  /// Hands work in, as a closure.
  public func submit<Output: Sendable>(
    _ work: some PoolWork<Output>, file: StaticString = #fileID, line: UInt = #line
  ) async throws -> Future<Output> {
    try await submit(file: file, line: line) { try work.run() }
  }

  /// Hands work in, as a closure; blocks the thread.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func submit<Output: Sendable>(
    _ work: some PoolWork<Output>, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Future<Output> {
    try submit(file: file, line: line) { try work.run() }
  }

  /// Hands work in, as a closure. Never waits.
  public func trySubmit<Output: Sendable>(
    _ work: some PoolWork<Output>, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Future<Output> {
    try trySubmit(file: file, line: line) { try work.run() }
  }
}

extension WorkerPool {
  /// Takes nothing any more, does what was taken, and suspends the task until the workers have ended.
  public func shutdown() async { await shutdown(wait: true, cancelPending: false) }

  /// Takes nothing any more, does what was taken, and blocks the thread until the workers have ended.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func shutdown() { shutdown(wait: true, cancelPending: false) }
}

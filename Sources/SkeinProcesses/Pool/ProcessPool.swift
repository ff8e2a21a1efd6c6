public import SkeinFutures
internal import SkeinSync

/// A pool of processes that run functions: on all processors at once, and so that a crash ends nothing but one process.
///
/// ```swift
/// let pool = try ProcessPool(processes: 4)
/// let primes = try await pool.submit(Primes(range: 0..<1000))
/// print(try await primes.value.count)
/// await pool.shutdown()
/// ```
///
/// A function that traps, is killed or calls `exit` fails with ``ProcessCrashed``, with what its process wrote last; one
/// that takes too long is killed with its process and fails with ``TimeLimitExceeded``. An error that it throws comes as a
/// ``RemoteError``.
///
/// Processes start when there is work for them, and are kept for more. A function that has begun can not be cancelled
/// by its future, but by its time limit.
///
/// - Invariant: a process runs one function at a time; no more than `processes` run at once.
/// - Source: behaviour after CPython's `ProcessPoolExecutor`, with the limits of `multiprocessing.Pool` and loky.
public final class ProcessPool: WorkerPool {
  /// What a pool is like beyond its size.
  public struct Options: Sendable {
    /// How processes are started.
    public var method: StartMethod = .standard
    /// Which program they run; `nil` for this one.
    public var program: ChildProgram?
    /// Is run in each process before anything else. If it fails, the pool is broken.
    public var initialiser: (any RemoteFunction)?
    /// What becomes of the pool when a process ends while it runs a function.
    public var crashPolicy = CrashPolicy.restart(attempts: 1)
    /// How long a function may run before it is killed with its process; `nil` for no limit.
    public var timeLimit: Duration?
    /// How much memory a process may have, in bytes; an allocation beyond it ends the process. `nil` for no limit.
    public var memoryLimit: Int?
    /// Whether what processes write to their standard error goes on to that of this process. The end of it is in a
    /// ``ProcessCrashed`` either way.
    public var passesOutputOn = true
    /// After how many functions a process is replaced, so that what it leaks is given back; `nil` for never.
    public var functionsPerProcess: Int?
    /// How many processes stay when there is nothing to do; `nil` for all.
    public var warmProcesses: Int?
    /// How long a process beyond those stays idle before it ends.
    public var keepAlive = Duration.seconds(60)
    /// How many jobs may wait; `nil` for no limit.
    public var queueCapacity: Int?
    /// What is done with work that there is no room for.
    public var whenFull = RejectionPolicy.block

    /// Creates the standard options.
    public init() {}
  }

  let options: Options
  /// Each job of it stands for a function in a process.
  let threads: ThreadPool
  let processes: ProcessStock

  /// Creates a pool. Its processes start when there is work for them.
  ///
  /// - Parameters:
  ///   - processes: how many functions run at once at the most.
  ///   - name: what errors and diagnosis call it; its processes are called so with a number.
  ///   - options: what it is like beyond that.
  /// - Throws: `PoolError.invalidSize` when a number is not positive; ``ProcessError/notPrepared`` when the program has not
  ///   called `Skein.main`; ``ProcessError/notRegistered(function:known:)`` for the initialiser.
  public init(
    processes: Int, name: String = "processes", options: Options = Options(),
    file: StaticString = #fileID, line: UInt = #line
  ) throws {
    try Self.check(options, processes, of: name)
    let program = try options.program ?? ChildProgram.current
    if let initialiser = options.initialiser { try program.check(type(of: initialiser)) }
    self.options = options
    self.processes = ProcessStock(
      name: name, size: processes, options: options, place: SourcePlace(file, line))
    threads = try ThreadPool(
      threads: processes, queueCapacity: options.queueCapacity, whenFull: options.whenFull, name: name,
      file: file, line: line)
  }

  private static func check(_ options: Options, _ processes: Int, of name: String) throws(PoolError) {
    let numbers = [
      ("processes", processes, 1), ("warmProcesses", options.warmProcesses ?? 0, 0),
      ("functionsPerProcess", options.functionsPerProcess ?? 1, 1),
      ("memoryLimit", options.memoryLimit ?? 1, 1),
    ]
    for (parameter, value, least) in numbers where value < least {
      throw .invalidSize(pool: name, parameter: parameter, value: value)
    }
    if case .restart(let attempts) = options.crashPolicy, attempts < 1 {
      throw .invalidSize(pool: name, parameter: "attempts", value: attempts)
    }
  }

  /// What errors and diagnosis call the pool.
  public var name: String { threads.name }

  /// How many functions run at once at the most.
  public var maximumWorkers: Int { threads.maximumWorkers }

  /// The ids of the processes that live.
  public var processIDs: [Int32] { processes.processIDs }

  // MARK: Submitting

  /// Hands a function in; suspends the task while the queue is full and the policy is to block.
  ///
  /// - Parameter work: a registered ``RemoteFunction``.
  /// - Returns: the future of what it returns or throws.
  /// - Throws: `PoolError`; ``ProcessPoolError/notRemote(type:)``; ``ProcessError/notRegistered(function:known:)``;
  ///   `WaitError.cancelled`.
  public func submit<Output: Sendable>(
    _ work: some PoolWork<Output>, file: StaticString = #fileID, line: UInt = #line
  ) async throws -> Future<Output> {
    try await threads.submit(file: file, line: line, job(work, at: SourcePlace(file, line)))
  }

  /// Hands a function in; blocks the thread while the queue is full and the policy is to block.
  ///
  /// - Parameter work: a registered ``RemoteFunction``.
  /// - Returns: the future of what it returns or throws.
  /// - Throws: as the asynchronous form.
  @available(*, noasync, message: "this form may block the thread; await the asynchronous one")
  public func submit<Output: Sendable>(
    _ work: some PoolWork<Output>, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Future<Output> {
    try threads.submit(file: file, line: line, job(work, at: SourcePlace(file, line)))
  }

  /// Hands a function in if there is room for it. Never waits.
  ///
  /// - Parameter work: a registered ``RemoteFunction``.
  /// - Returns: the future of what it returns or throws.
  /// - Throws: `PoolError.full` where the policy is to block or to fail; else as `submit`.
  public func trySubmit<Output: Sendable>(
    _ work: some PoolWork<Output>, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Future<Output> {
    try threads.trySubmit(file: file, line: line, job(work, at: SourcePlace(file, line)))
  }

  /// What one of the threads does for a function.
  private func job<Output: Sendable>(
    _ work: some PoolWork<Output>, at place: SourcePlace
  ) throws -> @Sendable () throws -> Output {
    guard let function = work as? any RemoteFunction else {
      throw ProcessPoolError.notRemote(type: String(reflecting: type(of: work)))
    }
    try check(function)
    let perform = performing(function, at: place)
    // The output's type is known twice: as that of work, and as that of a function.
    return { try perform() as! Output }
  }

  /// Hands a chunk of a map in.
  func submitBatch<Function: RemoteFunction>(
    _ functions: [Function]
  ) async throws -> Future<[CallOutcome<Function.Output>]> {
    try await submit(FunctionBatch(functions: functions))
  }

  /// The pool is not kept by its jobs: one that nobody refers to does what was submitted, and ends.
  private func performing<Function: RemoteFunction>(
    _ function: Function, at place: SourcePlace
  ) -> @Sendable () throws -> any Sendable {
    { [processes, weak threads] in
      do { return try processes.perform(function, at: place) } catch {
        if let fault = processes.fault { threads?.breakUp(fault) }
        throw error
      }
    }
  }

  private func check(_ function: any RemoteFunction) throws {
    try (try options.program ?? ChildProgram.current).check(type(of: function))
  }

  // MARK: Running at once

  /// Has a process run a function, and suspends the task until that is done. It does not stand in the pool's queue, but
  /// waits for a process with its jobs.
  ///
  /// - Returns: what the function returns.
  /// - Throws: ``RemoteError`` for what it throws; ``ProcessCrashed``; ``TimeLimitExceeded``; `PoolError.broken`;
  ///   ``ProcessError``; `WaitError.cancelled`.
  /// - Cancellation: the function is killed with its process.
  public func run<Function: RemoteFunction>(_ function: Function) async throws -> Function.Output {
    try check(function)
    return try await processes.perform(function)
  }

  /// Has a process run a function, and blocks the thread until that is done. It does not stand in the pool's queue, but
  /// waits for a process with its jobs.
  ///
  /// - Returns: what the function returns.
  /// - Throws: as the asynchronous form.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func run<Function: RemoteFunction>(
    _ function: Function, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Function.Output {
    try check(function)
    return try processes.perform(function, at: SourcePlace(file, line))
  }

  // MARK: Shutting down

  /// Takes nothing any more, and suspends the task until the processes have ended, if it is to wait.
  ///
  /// - Parameters:
  ///   - wait: whether to wait for the processes.
  ///   - cancelPending: whether to cancel what has not begun; otherwise it is done.
  /// - Cancellation: does not end the wait.
  public func shutdown(wait: Bool = true, cancelPending: Bool = false) async {
    await threads.shutdown(wait: false, cancelPending: cancelPending)
    let ending = Task.detached { [threads, processes] in
      await threads.shutdown()
      for child in processes.close() { _ = try? await child.join() }
    }
    if wait { await ending.value }
  }

  /// Takes nothing any more, and blocks the thread until the processes have ended, if it is to wait.
  ///
  /// - Parameters:
  ///   - wait: whether to wait for the processes.
  ///   - cancelPending: whether to cancel what has not begun; otherwise it is done.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func shutdown(wait: Bool = true, cancelPending: Bool = false) {
    threads.shutdown(wait: false, cancelPending: cancelPending)
    guard wait else {
      Task.detached { [threads, processes] in
        await threads.shutdown()
        processes.close()
      }
      return
    }
    threads.shutdown()
    for child in processes.close() { _ = try? child.join() }
  }
}

internal import SkeinSync
internal import SkeinWork

/// Runs one function in a process of its own, and suspends the task until that is done: what it does to its memory, or to
/// itself, does nothing here.
///
/// ```swift
/// do { print(try await runInProcess(Parse(file: path))) } catch let crash as ProcessCrashed { print(crash.lastOutput) }
/// ```
///
/// For more than a few calls, a ``ProcessPool`` keeps its processes.
///
/// - Parameters:
///   - function: what to run.
///   - timeLimit: how long it may run before its process is killed; `nil` for no limit.
///   - memoryLimit: how much memory the process may have, in bytes; `nil` for no limit.
///   - passesOutputOn: whether what the process writes to its standard error goes on to that of this process.
///   - method: how the process comes to be.
///   - program: which program it runs; `nil` for this one.
/// - Returns: what the function returns.
/// - Throws: ``RemoteError`` for what it throws; ``ProcessCrashed`` when its process ends; ``TimeLimitExceeded``;
///   ``ProcessError``; `WaitError.cancelled`.
/// - Cancellation: the process is killed.
public func runInProcess<Function: RemoteFunction>(
  _ function: Function, timeLimit: Duration? = nil, memoryLimit: Int? = nil, passesOutputOn: Bool = true,
  method: StartMethod = .standard, program: ChildProgram? = nil, file: StaticString = #fileID,
  line: UInt = #line
) async throws -> Function.Output {
  try (try program ?? ChildProgram.current).check(Function.self)
  let process = try PoolProcess(
    name: Function.name, method: method, program: program, memoryLimit: memoryLimit,
    passesOutputOn: passesOutputOn, at: SourcePlace(file, line))
  defer { process.retire() }
  return try await process.call(function, limit: timeLimit, attempt: 1)
}

/// Runs one function in a process of its own, and blocks the thread until that is done.
///
/// - Parameters:
///   - function: what to run.
///   - timeLimit: how long it may run before its process is killed; `nil` for no limit.
///   - memoryLimit: how much memory the process may have, in bytes; `nil` for no limit.
///   - passesOutputOn: whether what the process writes to its standard error goes on to that of this process.
///   - method: how the process comes to be.
///   - program: which program it runs; `nil` for this one.
/// - Returns: what the function returns.
/// - Throws: ``RemoteError`` for what it throws; ``ProcessCrashed`` when its process ends; ``TimeLimitExceeded``;
///   ``ProcessError``.
@available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
public func runInProcess<Function: RemoteFunction>(
  _ function: Function, timeLimit: Duration? = nil, memoryLimit: Int? = nil, passesOutputOn: Bool = true,
  method: StartMethod = .standard, program: ChildProgram? = nil, file: StaticString = #fileID,
  line: UInt = #line
) throws -> Function.Output {
  try (try program ?? ChildProgram.current).check(Function.self)
  let place = SourcePlace(file, line)
  let process = try PoolProcess(
    name: Function.name, method: method, program: program, memoryLimit: memoryLimit,
    passesOutputOn: passesOutputOn, at: place)
  defer { process.retire() }
  return try process.call(function, limit: timeLimit, attempt: 1, at: place)
}

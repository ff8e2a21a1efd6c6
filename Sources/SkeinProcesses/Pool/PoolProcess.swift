internal import Glibc
internal import SkeinSync
internal import SkeinWork

/// A process of a pool, and how it is talked to. At any time one alone uses it.
final class PoolProcess: Sendable {
  let child: ChildProcess
  private let calls: Connection
  private let output: OutputTail
  private let callCount = Lock(0, internalTo: "PoolProcess")
  /// Whether it has said that it can be given calls.
  private let isReady = Lock(false, internalTo: "PoolProcess")

  init(
    name: String, method: StartMethod, program: ChildProgram?, memoryLimit: Int?, passesOutputOn: Bool,
    at place: SourcePlace
  ) throws {
    let (mine, theirs) = try Connection.makePair(name: name)
    defer { theirs.close() }
    let (output, errors) = try OutputTail.make(passesOn: passesOutputOn)
    calls = mine
    self.output = output
    child = try ChildProcess.start(
      PoolWorkerFunction(calls: theirs, memoryLimit: memoryLimit), name: name, isDaemon: true, method: method,
      program: program, errors: errors, at: place)
  }

  deinit { calls.close() }

  /// How many calls it has done.
  var callsDone: Int { callCount.withLock { $0 } }

  /// Whether it can be given a call.
  var isUsable: Bool { child.isAlive && !calls.isClosed }

  /// Lets it end when it has done what it does.
  func retire() { calls.close() }

  /// What is known of its end, once that has come.
  private func crash(of function: String, _ exit: ChildExit, _ attempt: Int) -> ProcessCrashed {
    ProcessCrashed(function: function, exit: exit, lastOutput: output.text, attempts: attempt)
  }

  // MARK: Calls

  /// Has it run a function; blocks the thread until there is an answer.
  ///
  /// - Throws: ``RemoteError``; ``ProcessCrashed``; ``TimeLimitExceeded``; what encoding and decoding throw.
  @available(*, noasync)
  func call<Function: RemoteFunction>(
    _ function: Function, limit: Duration?, attempt: Int, at place: SourcePlace
  ) throws -> Function.Output {
    let call = try FunctionCall(function)
    let frame: Frame
    do {
      if !isReady.withLock({ $0 }) {
        _ = try calls.nextFrame(until: nil, at: place)
        isReady.withLock { $0 = true }
      }
      try calls.send(call.bytes, call.descriptors, at: place)
      frame = try calls.nextFrame(until: Connection.deadline(after: limit), at: place)
    } catch let error as ConnectionError where error.meansAnEnd {
      let exit = try child.join()
      output.waitForEnd()
      throw crash(of: Function.name, exit, attempt)
    } catch let error as ConnectionError where !error.isAboutTheMessage {
      // What it says can not be understood any more.
      try end()
      throw error
    } catch WaitError.timedOut {
      try end()
      throw TimeLimitExceeded(function: Function.name, limit: limit ?? .zero)
    }
    callCount.withLock { $0 += 1 }
    return try CallAnswer.decode(frame, as: Function.Output.self)
  }

  @available(*, noasync)
  private func end() throws {
    child.kill()
    calls.close()
    try child.join()
  }

  /// Has it run a function; suspends the task until there is an answer.
  ///
  /// - Throws: as the blocking form; `WaitError.cancelled`, and the process is killed.
  func call<Function: RemoteFunction>(
    _ function: Function, limit: Duration?, attempt: Int
  ) async throws -> Function.Output {
    let call = try FunctionCall(function)
    let frame: Frame
    do {
      if !isReady.withLock({ $0 }) {
        _ = try await calls.nextFrame(until: nil, clock: MonotonicClock())
        isReady.withLock { $0 = true }
      }
      try await calls.send(call.bytes, call.descriptors)
      frame = try await calls.nextFrame(until: Connection.deadline(after: limit), clock: MonotonicClock())
    } catch let error as ConnectionError where error.meansAnEnd {
      // Not cut short by a cancellation: it has ended, or is about to.
      let exit = await Task { [child] in try? await child.join() }.value ?? .unknown
      await output.waitForEnd()
      throw crash(of: Function.name, exit, attempt)
    } catch let error as ConnectionError where !error.isAboutTheMessage {
      // What it says can not be understood any more.
      child.kill()
      calls.close()
      throw error
    } catch let error as WaitError {
      child.kill()
      calls.close()
      throw error == .timedOut ? TimeLimitExceeded(function: Function.name, limit: limit ?? .zero) : error
    }
    callCount.withLock { $0 += 1 }
    return try CallAnswer.decode(frame, as: Function.Output.self)
  }
}

extension ConnectionError {
  /// Whether a message is refused before any of it was sent, so that the connection is as it was.
  var isAboutTheMessage: Bool {
    switch self {
    case .tooLarge, .tooManyDescriptors: true
    default: false
    }
  }

  /// Whether the other end is not there any more.
  package var meansAnEnd: Bool {
    switch self {
    case .ended, .truncated: true
    default: false
    }
  }
}

public import SkeinJobs
internal import Subprocess
internal import SystemPackage

extension CommandJob {
  /// Runs the program and waits for its end.
  ///
  /// - Throws: ``CommandFailed``; ``CommandNotStarted`` or ``InvalidJobInput``, which are permanent;
  ///   `CancellationError`; the system's error when it lacks memory, processes or descriptors.
  public func run(in context: JobContext) async throws -> CommandResult {
    try checkInput()
    try context.checkCancellation()
    let supervisor = CommandSupervisor(grace: terminationGrace)
    // A task of its own, which nobody cancels: swift-subprocess would answer a cancellation by closing the
    // pipes and by reaping the leader while the rest of its group has some of the grace left.
    let command = Task { try await run(in: context, under: supervisor) }
    return try await withTaskCancellationHandler {
      try await command.value
    } onCancel: {
      supervisor.stop()
    }
  }

  private func run(
    in context: JobContext, under supervisor: CommandSupervisor
  ) async throws -> CommandResult {
    let input = try FileDescriptor.standardInput(of: standardInput)
    defer { try? input.close() }  // Nothing is written any more, so nothing can be lost.
    let start = ContinuousClock.now
    let end: ExecutionResult<CommandStreams, SequenceOutput, SequenceOutput>
    do {
      end = try await Subprocess.run(
        configuration(for: context), input: .fileDescriptor(input, closeAfterSpawningProcess: false),
        output: .sequence, error: .sequence
      ) { execution in
        let group = ProcessGroup(leader: execution.processIdentifier.value)
        context.processGroupStarted(group.leader)
        return try await follow(execution, group, under: supervisor, context)
      }
    } catch let error as SubprocessError {
      throw explain(error) ?? error
    }
    let streams = end.takeClosureResult()
    if streams.life.isOverdue {
      context.appendLog(line: "[killed: not ended \(terminationGrace) after SIGTERM]")
    }
    if streams.life.isStopped { throw CancellationError() }
    return try result(end.terminationStatus, streams, ContinuousClock.now - start)
  }

  /// Reads both streams until the group has ended.
  private func follow<Input>(
    _ execution: Execution<Input, SequenceOutput, SequenceOutput>, _ group: ProcessGroup,
    under supervisor: CommandSupervisor, _ context: JobContext
  ) async throws -> CommandStreams {
    try await withThrowingTaskGroup(of: CommandStreams.Part.self) { tasks in
      var streams = CommandStreams(limit: outputLimit)
      let kept = streams
      tasks.addTask { .life(await supervisor.run(group)) }
      tasks.addTask { .output(try await kept.output.reading(execution.standardOutput, into: context)) }
      tasks.addTask { .error(try await kept.error.reading(execution.standardError, into: context)) }
      for try await part in tasks {
        streams.set(part)
        // Who reads then takes what is in the pipes, and waits no longer.
        if case .life = part { tasks.cancelAll() }
      }
      return streams
    }
  }

  private func result(
    _ status: TerminationStatus, _ streams: CommandStreams, _ duration: Duration
  ) throws -> CommandResult {
    let (output, error) = (streams.output, streams.error)
    let exitCode =
      switch status {
      case .exited(let code): code
      case .signaled(let signal): -signal
      }
    guard exitCode == 0 else {
      throw CommandFailed(program: arguments[0], exitCode: exitCode, standardErrorTail: error.tail)
    }
    return CommandResult(
      exitCode: exitCode, seconds: duration / .seconds(1),
      standardOutput: output.text, standardError: error.text,
      standardOutputBytes: output.byteCount, standardErrorBytes: error.byteCount,
      isTruncated: output.isTruncated || error.isTruncated)
  }

  /// Says why the program can not be started; `nil` when a later attempt may succeed.
  private func explain(_ error: SubprocessError) -> CommandNotStarted? {
    let program = arguments[0]
    switch error.code {
    case .executableNotFound:
      return CommandNotStarted(
        "'\(program)' can not be run: it does not exist, is not executable, or its interpreter is missing")
    case .failedToChangeWorkingDirectory:
      return CommandNotStarted(
        "'\(program)' can not run in '\(directory ?? ".")': there is no such directory, or no access")
    case .spawnFailed where Self.lasting.contains(error.underlyingError ?? .init(rawValue: 0)):
      return CommandNotStarted("'\(program)' can not be run: \(error.underlyingError!)")
    default: return nil
    }
  }

  /// Errors of execve(2) that another attempt would meet as well.
  private static let lasting: Set<Errno> = [
    .execFormatError, .argListTooLong, .fileNameTooLong, .tooManySymbolicLinkLevels, .isDirectory,
    .notPermitted,
  ]
}

/// What a command leaves.
private struct CommandStreams: Sendable {
  enum Part: Sendable {
    case life(CommandLife)
    case output(KeptOutput)
    case error(KeptOutput)
  }

  var life = CommandLife()
  var output: KeptOutput
  var error: KeptOutput

  init(limit: Int) {
    output = KeptOutput(limit: limit)
    error = output
  }

  mutating func set(_ part: Part) {
    switch part {
    case .life(let life): self.life = life
    case .output(let kept): output = kept
    case .error(let kept): error = kept
    }
  }
}

extension KeptOutput {
  /// The most that a pipe holds (man 7 pipe, pipe-max-size).
  private static let largestPipe = 1 << 20

  /// Appends a whole stream, here and to the log.
  ///
  /// - Cancellation: it still takes what stands in the pipe, and no more than a pipe holds, for a process
  ///   that left the group may write for ever.
  fileprivate func reading(
    _ stream: SubprocessOutputSequence, into context: JobContext
  ) async throws -> KeptOutput {
    var kept = self
    var lateBytes = 0
    for try await buffer in stream {
      buffer.withUnsafeBytes { bytes in
        kept.append(bytes)
        context.appendLog(bytes)
      }
      if Task.isCancelled { lateBytes += buffer.count }
      if lateBytes >= Self.largestPipe { break }
    }
    return kept
  }
}

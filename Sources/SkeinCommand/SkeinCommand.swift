internal import ArgumentParser
internal import Glibc
internal import SkeinBuiltinJobs
public import SkeinJobs
public import SkeinProcesses

/// The command line of a queue, as a library: an executable of your own gets every verb, for your jobs and
/// the built-in ones.
///
/// ```swift
/// import SkeinCommand
///
/// @main struct Images {
///   static func main() async { await SkeinCommand.main(jobs: [Resize.self]) }
/// }
/// ```
public enum SkeinCommand {
  /// Runs the verb that the process' arguments name, then ends the process with the exit code that `--help`
  /// documents.
  ///
  /// In a process that was started as a child (see `Skein.main`), it runs what that is for instead.
  ///
  /// - Parameters:
  ///   - jobs: the jobs that this executable can run, besides the built-in ones (`BuiltinJobs`).
  ///   - functions: what its child processes can run.
  public static func main(jobs: [any Job.Type] = [], functions: [any RemoteFunction.Type] = []) async -> Never
  {
    BrokenPipe.catchSignal()
    let code: Int32
    do {
      let registry = try JobRegistry(BuiltinJobs.all + DemoJobs.all + jobs)
      code = try await Skein.main(jobs: registry, functions: LabFunctions.all + functions) {
        await run(Array(CommandLine.arguments.dropFirst()), jobs: jobs)
      }
    } catch {
      Console.shared.complain("\(error)")
      code = ExitStatus.systemError.rawValue
    }
    // Not `exit`: a worker that gave its jobs back may have left tasks to themselves, and the exit handlers
    // of the libraries that they use complain about them.
    fflush(nil)
    _exit(code)
  }

  /// Runs a verb.
  ///
  /// - Returns: the exit code.
  static func run(_ arguments: [String], jobs: [any Job.Type]) async -> Int32 {
    do {
      let registry = try JobRegistry(BuiltinJobs.all + jobs)
      try await KnownJobs.$registry.withValue(registry) {
        var verb = try await SkeinTool.asyncParseAsRoot(arguments)
        if var asynchronous = verb as? any AsyncParsableCommand {
          try await asynchronous.run()
        } else {
          try verb.run()
        }
      }
      return ExitStatus.success.rawValue
    } catch {
      return report(error)
    }
  }

  /// Says what went wrong, unless there is nothing to say, and finds the exit code for it.
  private static func report(_ error: any Error) -> Int32 {
    switch error {
    case is BrokenPipe: return ExitStatus.success.rawValue
    case let code as ExitCode: return code.rawValue
    case let failure as CommandFailure:
      Console.shared.complain(failure.message)
      return failure.status.rawValue
    case let failure as JobQueueError:
      Console.shared.complain(failure.message)
      return ExitStatus(failure.code).rawValue
    case is CancellationError: return ExitStatus.interrupted.rawValue
    default: return reportParsing(error)
    }
  }

  /// Help, version and wrong arguments are errors of the parser's own.
  private static func reportParsing(_ error: any Error) -> Int32 {
    let code = SkeinTool.exitCode(for: error)
    let message = SkeinTool.fullMessage(for: error)
    if code.isSuccess {
      try? Console.shared.write(message + "\n")
    } else {
      Console.shared.note(message)
    }
    return code == .failure ? ExitStatus.systemError.rawValue : code.rawValue
  }
}

/// The jobs that this executable can run.
enum KnownJobs {
  // The built-in names are well formed and differ from each other.
  @TaskLocal static var registry = try! JobRegistry(BuiltinJobs.all)
}

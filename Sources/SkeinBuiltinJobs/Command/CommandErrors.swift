public import SkeinJobs
public import SkeinResilience

/// A program ran, and did not exit with code 0.
public struct CommandFailed: ExitCodeError, Hashable, CustomStringConvertible {
  /// The program, as the job names it.
  public let program: String
  /// The exit code; negative for the number of the signal that ended the program.
  public let exitCode: Int32
  /// The last lines that it wrote to its standard error.
  public let standardErrorTail: String

  /// How it ended, and the last lines of its standard error.
  public var description: String {
    let end = exitCode < 0 ? "was ended by \(Self.name(ofSignal: -exitCode))" : "exited with code \(exitCode)"
    let tail = standardErrorTail.isEmpty ? "; it wrote nothing to standard error" : ":\n\(standardErrorTail)"
    return "'\(program)' \(end)\(tail)"
  }

  /// The signals that end a process, with the numbers of Linux on x86-64 and ARM (man 7 signal).
  private static let signalNames: [Int32: String] = [
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
    9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
    24: "SIGXCPU", 25: "SIGXFSZ", 31: "SIGSYS",
  ]

  private static func name(ofSignal number: Int32) -> String {
    signalNames[number].map { "\($0) (signal \(number))" } ?? "signal \(number)"
  }
}

/// A program could not be started, and another attempt would not start it either.
public struct CommandNotStarted: PermanentError, Hashable, CustomStringConvertible {
  /// What is missing or forbidden.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

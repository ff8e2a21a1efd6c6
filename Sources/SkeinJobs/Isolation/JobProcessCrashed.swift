public import SkeinProcesses

/// The process that ran a job has ended: by a trap, by a signal, or because the job ended it.
public struct JobProcessCrashed: ExitCodeError, Hashable, CustomStringConvertible {
  /// The job's name.
  public let job: String
  /// How the process ended.
  public let exit: ChildExit
  /// The end of what it wrote to its standard error, Swift's own account of a trap included.
  public let lastOutput: String

  /// The exit code; negative for the number of a signal.
  public var exitCode: Int32 { exit.code ?? -1 }

  /// A sentence for people; the whole of the output is in the attempt's log.
  public var description: String {
    let lines = lastOutput.split(separator: "\n")
    let line = lines.first { $0.contains("Fatal error") } ?? lines.last
    return "the process that ran job '\(job)' \(exit)" + (line.map { ": \($0)" } ?? "")
  }
}

internal import ArgumentParser
internal import SkeinJobForms
internal import SkeinJobs

/// Cancels jobs.
struct CancelVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "Cancel jobs that have not started, and ask running ones to stop.",
    discussion: """
      A running command gets SIGTERM and, if that does not help, SIGKILL. The exit
      code is 1 when one of the jobs had ended before.

      Examples:
        \(SkeinTool.name) cancel 12
        \(SkeinTool.name) list --state ready | cut -f 1 | xargs \(SkeinTool.name) cancel
      """)

  @OptionGroup var queue: QueueOptions

  @Argument(help: "The jobs: numbers or ids.", transform: JobReference.parse)
  var jobs: [JobReference]

  func run() async throws {
    try await queue.withQueue { queue in
      var hadEnded = false
      for job in try await queue.find(jobs) {
        let after = try await queue.cancel(job.id)
        hadEnded = hadEnded || job.state.isFinished
        try report(after, before: job)
      }
      if hadEnded { throw ExitCode(ExitStatus.jobFailed.rawValue) }
    }
  }

  private func report(_ job: JobRecord, before: JobRecord) throws {
    if queue.json { return try Console.shared.line(JSONText.encode(JobView(job))) }
    let news =
      switch job.state {
      case .running: "is asked to stop"
      case .cancelled where !before.state.isFinished: "is cancelled"
      default: "had ended before: \(job.stateText)"
      }
    try Console.shared.line("job \(job.sequence) \(news)")
  }
}

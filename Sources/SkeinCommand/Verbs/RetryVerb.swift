internal import ArgumentParser
internal import SkeinJobs

/// Runs jobs again.
struct RetryVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Make failed, cancelled or expired jobs ready again.",
    discussion: """
      The job starts over with all the attempts that its retry policy allows;
      earlier attempts stay on record.

      Examples:
        \(SkeinTool.name) retry 12
        \(SkeinTool.name) list --state failed | cut -f 1 | xargs \(SkeinTool.name) retry
      """)

  @OptionGroup var queue: QueueOptions

  @Argument(help: "The jobs: numbers or ids.", transform: JobReference.parse)
  var jobs: [JobReference]

  func run() async throws {
    try await queue.withQueue { queue in
      for job in try await queue.find(jobs) {
        let after = try await queue.retry(job.id)
        try Console.shared.line(
          self.queue.json
            ? JSONText.encode(JobView(after)) : "job \(after.sequence) is \(after.state.name) again")
      }
    }
  }
}

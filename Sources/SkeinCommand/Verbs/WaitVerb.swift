internal import ArgumentParser
internal import SkeinJobForms
internal import SkeinJobs

/// Waits for the end of jobs.
struct WaitVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Wait until jobs have ended, and pass on how.",
    discussion: """
      The exit code is that of the first job, in the order given, that did not
      succeed: a command's own exit code, 128 + signal when a signal ended it, and
      1 for everything else. It is 0 when all succeeded.

      Examples:
        \(SkeinTool.name) wait 12
        \(SkeinTool.name) wait --timeout 10m 12 13 14
        \(SkeinTool.name) wait --any 12 13 14
        id=$(\(SkeinTool.name) submit -- make test) && \(SkeinTool.name) wait $id && echo passed
      """)

  @OptionGroup var queue: QueueOptions

  @Option(
    help: ArgumentHelp(
      "Wait no longer than this for all of them together; then the exit code is 4.", valueName: "duration"),
    transform: JobFlags.Flag.duration)
  var timeout: Duration?

  /// How many of the jobs have to end.
  enum HowMany: String, EnumerableFlag {
    case all, any

    static func help(for value: HowMany) -> ArgumentHelp? {
      switch value {
      case .all: "Wait for all of them: so it is unless told."
      case .any: "Wait for the first of them to end, whichever that is, and pass on how it did."
      }
    }
  }

  @Flag var howMany = HowMany.all

  @Argument(help: "The jobs: numbers or ids.", transform: JobReference.parse)
  var jobs: [JobReference]

  func run() async throws {
    try await queue.withQueue { queue in
      let records = try await queue.find(jobs)
      let wait = JobWait(
        queue: queue, isJSON: self.queue.json, timeout: timeout, isAnyEnough: howMany == .any)
      try await wait.run(records.map(\.id))
    }
  }
}

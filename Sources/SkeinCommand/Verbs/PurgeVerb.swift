internal import ArgumentParser
internal import SkeinJobForms
internal import SkeinJobs

/// Removes jobs of a queue.
struct PurgeVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge",
    abstract: "Remove the jobs of a queue that have not started, or those in the states named.",
    discussion: """
      They are gone, with their logs and results. Running jobs stay: 'cancel' ends
      them.

      Examples:
        \(SkeinTool.name) purge mail
        \(SkeinTool.name) purge mail --state failed --state cancelled
      """)

  @OptionGroup var queue: QueueOptions

  @Argument(help: ArgumentHelp("The queue.", valueName: "queue"))
  var name: String

  @Option(
    name: .customLong("state"),
    help: ArgumentHelp(
      "Those in this state, instead of waiting, scheduled and ready; may be repeated.", valueName: "state"),
    transform: JobStateText.parse)
  var states: [JobState] = []

  func validate() throws {
    guard !states.contains(.running) else {
      throw ValidationError("running jobs can not be removed; 'cancel' ends them")
    }
  }

  func run() async throws {
    let states: Set<JobState> = states.isEmpty ? [.waiting, .scheduled, .ready] : Set(self.states)
    try await queue.withQueue { queue in
      try RemovedJobs.tell(try await queue.purge(name, states: states), json: self.queue.json)
    }
  }
}

/// Removes what has been kept long enough.
struct PruneVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Remove the finished jobs that have been kept long enough.",
    discussion: """
      Workers do so by themselves, twice a minute, by the options that they were
      started with, which are not known here. A job that was submitted with a
      retention of its own is kept for that long.

      Examples:
        \(SkeinTool.name) prune
        \(SkeinTool.name) prune --keep 1h --keep-failed forever
      """)

  @OptionGroup var queue: QueueOptions
  @OptionGroup var retention: RetentionFlags

  func run() async throws {
    try await queue.withQueue { queue in
      try RemovedJobs.tell(try await queue.prune(retention.policy), json: self.queue.json)
    }
  }
}

private struct RemovedJobs: Encodable {
  var removed: Int

  static func tell(_ count: Int, json: Bool) throws {
    try Console.shared.line(
      json
        ? JSONText.encode(RemovedJobs(removed: count))
        : count == 1 ? "1 job was removed" : "\(count) jobs were removed")
  }
}

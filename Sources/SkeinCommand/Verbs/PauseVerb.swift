internal import ArgumentParser
internal import SkeinJobForms
internal import SkeinJobs

/// Holds a queue's jobs back.
struct PauseVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Hold back the jobs of queues, until 'resume'.",
    discussion: """
      Jobs can still be submitted, and those that run go on. The pause is kept in
      the queue's file: it outlives workers and restarts.

      Examples:
        \(SkeinTool.name) pause mail
        \(SkeinTool.name) pause                the queue 'default'
      """)

  @OptionGroup var queue: QueueOptions

  @Argument(help: ArgumentHelp("The queues.", valueName: "queue"))
  var names = ["default"]

  func run() async throws {
    try await QueuePause.set(true, names, queue)
  }
}

/// Hands a queue's jobs out again.
struct ResumeVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Hand out the jobs of queues again that 'pause' has held back.",
    discussion: """
      Examples:
        \(SkeinTool.name) resume mail
      """)

  @OptionGroup var queue: QueueOptions

  @Argument(help: ArgumentHelp("The queues.", valueName: "queue"))
  var names = ["default"]

  func run() async throws {
    try await QueuePause.set(false, names, queue)
  }
}

private enum QueuePause {
  private struct View: Encodable {
    var queue: String
    var isPaused: Bool
  }

  /// All names are looked at before the first queue is touched.
  static func set(_ isPaused: Bool, _ names: [String], _ options: QueueOptions) async throws {
    for name in names { try JobOptions.check(queueName: name) }
    try await options.withQueue(creates: true) { queue in
      for name in names {
        if isPaused { try await queue.pause(name) } else { try await queue.resume(name) }
        try Console.shared.line(
          options.json
            ? JSONText.encode(View(queue: name, isPaused: isPaused))
            : "queue \(Text.printable(name)) is \(isPaused ? "paused" : "handed out again")")
      }
    }
  }
}

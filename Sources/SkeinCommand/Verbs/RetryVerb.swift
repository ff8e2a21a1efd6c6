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
        \(SkeinTool.name) retry --failed --queue mail
      """)

  @OptionGroup var queue: QueueOptions

  @Argument(help: "The jobs: numbers or ids.", transform: JobReference.parse)
  var jobs: [JobReference] = []

  @Flag(help: "All jobs that have failed.")
  var failed = false

  @Option(
    name: .customLong("queue"), help: ArgumentHelp("With --failed, only of this queue.", valueName: "name"))
  var queueName: String?

  @Option(help: ArgumentHelp("With --failed, only of this name.", valueName: "name"))
  var name: String?

  func validate() throws {
    guard failed != !jobs.isEmpty else {
      throw ValidationError("name the jobs, or take all that have failed with --failed")
    }
    guard failed || (queueName == nil && name == nil) else {
      throw ValidationError("--queue and --name go with --failed")
    }
  }

  func run() async throws {
    try await queue.withQueue { queue in
      guard failed else {
        for job in try await queue.find(jobs) { try await retry(job, in: queue) }
        return
      }
      for job in try await queue.store.jobs(filter).reversed() {
        // Somebody else may have been faster, or its unique key is taken: the others are tried all the same.
        do { try await retry(job, in: queue) } catch let error as JobQueueError {
          Console.shared.note(error.message)
        }
      }
    }
  }

  private var filter: JobFilter {
    var filter = JobFilter()
    filter.states = [.failed]
    filter.queue = queueName
    filter.name = name
    filter.limit = .max
    return filter
  }

  private func retry(_ job: JobRecord, in queue: JobQueue) async throws {
    let after = try await queue.retry(job.id)
    try Console.shared.line(
      self.queue.json
        ? JSONText.encode(JobView(after)) : "job \(after.sequence) is \(after.state.name) again")
  }
}

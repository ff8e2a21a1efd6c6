internal import ArgumentParser
internal import SkeinJobForms
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
        for job in try await queue.find(jobs) { try tell(try await queue.retry(job.id)) }
        return
      }
      try await retryFailed(in: queue)
    }
  }

  /// Retries page by page, those of a page together, which costs one wait for the disk.
  private func retryFailed(in queue: JobQueue) async throws {
    var filter = JobFilter()
    (filter.states, filter.queue, filter.name, filter.limit) = ([.failed], queueName, name, 500)
    var refused = 0
    while true {
      let page = try await queue.store.jobs(filter)
      guard let last = page.last else { break }
      for outcome in try await Self.retry(page, in: queue) {
        switch outcome {
        case .success(let after): try tell(after)
        case .failure(let error):
          refused += 1
          Console.shared.note(error.message)
        }
      }
      filter.before = last.sequence
    }
    guard refused > 0 else { return }
    throw CommandFailure(
      .jobFailed, refused == 1 ? "1 job was not retried" : "\(refused) jobs were not retried")
  }

  /// Somebody else may have been faster, or a unique key be taken: that is an outcome, and keeps nothing else up.
  private static func retry(
    _ jobs: [JobRecord], in queue: JobQueue
  ) async throws -> [Result<JobRecord, JobQueueError>] {
    try await withThrowingTaskGroup(of: (Int, Result<JobRecord, JobQueueError>).self) { group in
      for (index, job) in jobs.enumerated() {
        group.addTask {
          do {
            return (index, .success(try await queue.retry(job.id)))
          } catch let error as JobQueueError where [.wrongState, .jobNotFound].contains(error.code) {
            return (index, .failure(error))
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private func tell(_ after: JobRecord) throws {
    try Console.shared.line(
      queue.json ? JSONText.encode(JobView(after)) : "job \(after.sequence) is \(after.state.name) again")
  }
}

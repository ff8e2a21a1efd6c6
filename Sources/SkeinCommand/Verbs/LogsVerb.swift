internal import ArgumentParser
internal import FoundationEssentials
internal import SkeinJobForms
internal import SkeinJobs

/// Prints what a job wrote.
struct LogsVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Print what an attempt of a job wrote: of a command, its output.",
    discussion: """
      Examples:
        \(SkeinTool.name) logs 12                   of the latest attempt
        \(SkeinTool.name) logs 12 --attempt 1
        \(SkeinTool.name) logs 12 --follow          as it comes, until the job has ended
      """)

  @OptionGroup var queue: QueueOptions

  @Option(help: ArgumentHelp("Of this attempt; of the latest unless told.", valueName: "number"))
  var attempt: Int?

  @Flag(help: "Go on until the job has ended.")
  var follow = false

  @Argument(help: "The job: a number or an id.", transform: JobReference.parse)
  var job: JobReference

  func validate() throws {
    if follow, attempt != nil || queue.json {
      throw ValidationError("--follow goes with neither --attempt nor --json")
    }
  }

  func run() async throws {
    try await queue.withQueue { queue in
      let record = try await queue.find(job)
      if follow {
        var follower = LogFollower(queue: queue, job: record)
        return try await follower.run()
      }
      let number = try await attemptNumber(of: record, in: queue)
      let log = try await queue.store.log(of: record.sequence, attempt: number, from: 0)
      guard self.queue.json else { return try Console.shared.write(bytes: log) }
      let view = LogView(id: record.id, attempt: number, log: String(decoding: log, as: UTF8.self))
      try Console.shared.line(JSONText.encode(view))
    }
  }

  private func attemptNumber(of record: JobRecord, in queue: JobQueue) async throws -> Int {
    let attempts = try await queue.store.attempts(of: record.sequence)
    guard let last = attempts.last else {
      throw CommandFailure(
        .notFound, "job \(record.sequence) is \(record.state.name) and has had no attempt yet")
    }
    guard let attempt else { return last.number }
    guard attempts.contains(where: { $0.number == attempt }) else {
      throw CommandFailure(
        .notFound, "job \(record.sequence) has no attempt \(attempt): it has had \(attempts.count)")
    }
    return attempt
  }
}

private struct LogView: Encodable {
  var id: JobID
  var attempt: Int
  var log: String
}

/// Prints the log of a job as it grows, one attempt after the other.
struct LogFollower {
  var queue: JobQueue
  var job: JobRecord
  private var attempt = 0
  private var offset = 0

  init(queue: JobQueue, job: JobRecord) {
    self.queue = queue
    self.job = job
  }

  /// Prints until the job has ended.
  mutating func run() async throws {
    var events = queue.events(after: try queue.store.revision()).makeAsyncIterator()
    while true {
      // Looked at before the log is printed, so that nothing is left unprinted at the end.
      let state = try await queue.find(.id(job.id)).state
      try await printNews()
      if state.isFinished { return }
      while let change = try await events.next(), change.id != job.id {}
    }
  }

  private mutating func printNews() async throws {
    for record in try await queue.store.attempts(of: job.sequence) where record.number >= attempt {
      if record.number > attempt { (attempt, offset) = (record.number, 0) }
      let news = try await queue.store.log(of: job.sequence, attempt: attempt, from: offset)
      offset += news.count
      try Console.shared.write(bytes: news)
    }
  }
}

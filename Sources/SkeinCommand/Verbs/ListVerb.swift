internal import ArgumentParser
internal import Foundation
internal import SkeinJobForms
internal import SkeinJobs

/// Lists jobs.
struct ListVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List jobs, the latest first.",
    discussion: """
      In a pipe the fields are: number, state, name, queue, priority, attempts,
      enqueued, started, finished, input, id.

      Sorted by number, enqueued, started or ended, the latest come first; by ran,
      priority or attempts, the highest. Jobs without a value, such as the end of
      one that runs, come last either way round.

      Examples:
        \(SkeinTool.name) list --state failed --state expired
        \(SkeinTool.name) list --queue mail --limit 200
        \(SkeinTool.name) list --before 4711      the page before job 4711
        \(SkeinTool.name) list --since 1h --sort ran
        \(SkeinTool.name) list --state running --sort -started
        \(SkeinTool.name) list --json | jq -r 'select(.attempts > 1) | .id'
      """)

  @OptionGroup var queue: QueueOptions

  @Option(
    name: .customLong("state"),
    help: ArgumentHelp(
      "Only in this state (\(JobState.allCases.map(\.name).joined(separator: ", "))); may be repeated.",
      valueName: "state"),
    transform: JobStateText.parse)
  var states: [JobState] = []

  @Option(name: .customLong("queue"), help: ArgumentHelp("Only of this queue.", valueName: "name"))
  var queueName: String?

  @Option(help: ArgumentHelp("Only of this name.", valueName: "name"))
  var name: String?

  @Option(help: ArgumentHelp("At most so many.", valueName: "count"))
  var limit = 50

  @Option(
    help: ArgumentHelp("Only those of this flow: the group that 'show' tells.", valueName: "id"),
    transform: Self.group)
  var group: JobID?

  @Option(help: ArgumentHelp("Only those that came before this one.", valueName: "number"))
  var before: Int64?

  @Option(
    help: ArgumentHelp("Only those that were enqueued within this time.", valueName: "duration"),
    transform: JobFlags.Flag.duration)
  var since: Duration?

  @Option(
    name: .customLong("sort"), parsing: .unconditional,
    help: ArgumentHelp(
      "By \(JobOrderText.keys); by number unless told. With - in front the other way round.",
      valueName: "key"),
    transform: JobOrderText.parse)
  var order: JobOrder?

  @Flag(help: "The other way round.")
  var reverse = false

  func validate() throws {
    guard (1...1_000_000).contains(limit) else {
      throw ValidationError("--limit must be from 1 to 1000000, not \(limit)")
    }
    guard before == nil || filter.order == JobOrder() else {
      throw ValidationError("--before goes with the usual order alone, not with --sort or --reverse")
    }
  }

  func run() async throws {
    try await queue.withQueue { queue in
      let jobs = try await queue.store.jobs(filter)
      if self.queue.json {
        for job in jobs { try Console.shared.line(JSONText.encode(JobView(job))) }
        return
      }
      var table = JobTable()
      for job in jobs { table.add(job, input: try await queue.store.payload(of: job.sequence)?.kwargs) }
      try Console.shared.write(table.table.text(for: Console.shared.output))
      try remark(jobs)
    }
  }

  private var filter: JobFilter {
    var filter = JobFilter()
    filter.queue = queueName
    filter.name = name
    filter.states = Set(states)
    filter.group = group
    filter.before = before
    filter.since = since.map { Date(timeIntervalSinceNow: -($0 / .seconds(1))) }
    filter.order = order ?? JobOrder()
    if reverse { filter.order.isReversed.toggle() }
    filter.limit = limit
    return filter
  }

  @Sendable private static func group(_ text: String) throws -> JobID {
    guard let id = JobID(text) else {
      throw ValidationError("'\(text)' is no group: it is an id, as 'show' tells it")
    }
    return id
  }

  private func remark(_ jobs: [JobRecord]) throws {
    guard Console.shared.output.isTerminal else { return }
    if jobs.isEmpty { try Console.shared.line("there are no such jobs") }
    if jobs.count == limit, filter.order == JobOrder(), let last = jobs.last {
      try Console.shared.line("for earlier ones: \(SkeinTool.name) list --before \(last.sequence)")
    }
  }
}

/// Jobs as a table.
struct JobTable {
  private(set) var table = Table(columns: [
    .init(title: "JOB", isNumber: true),
    .init(title: "STATE", minimum: 9),
    .init(title: "NAME", minimum: 6, rank: 2),
    .init(title: "QUEUE", minimum: 5, rank: 4),
    .init(title: "PRIO", isNumber: true, rank: 6),
    .init(title: "TRIES", isNumber: true, rank: 5),
    .init(title: "ENQUEUED", rank: 3),
    .init(title: "WAITED", isNumber: true, rank: 8),
    .init(title: "RAN", isNumber: true, rank: 7),
    .init(title: "INPUT", minimum: 20, rank: 1),
  ])
  /// The present.
  var now = Date()

  /// Adds a row.
  mutating func add(_ job: JobRecord, input: Data?) {
    let times = [job.startedAt, job.finishedAt].map { $0.map(TimeText.exact) ?? "" }
    let text = input.map { InputText.summary(name: job.kind.name, input: $0) } ?? ""
    table.rows.append([
      "\(job.sequence)",
      .init(job.stateText, exact: job.state.name, paint: job.state.paint),
      .init(job.kind.name), .init(job.queue), "\(job.priority)", "\(job.life.attempts)",
      .init(TimeText.distance(to: job.enqueuedAt, from: now), exact: TimeText.exact(job.enqueuedAt)),
      .init(TimeText.span(from: job.enqueuedAt, to: job.startedAt), exact: times[0]),
      .init(TimeText.span(from: job.startedAt, to: job.finishedAt), exact: times[1]),
      .init(text, exact: Text.printable(text) + "\t" + job.id.description),
    ])
  }
}

internal import ArgumentParser
internal import FoundationEssentials
internal import SkeinJobForms
internal import SkeinJobs

/// Shows how many jobs there are, and who works.
struct StatsVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Show how many jobs each queue has in each state, and which workers there are.",
    discussion: """
      In a pipe a line has 'queue', its name and the counts of waiting, scheduled,
      ready, running, succeeded, failed, cancelled and expired jobs; or 'worker',
      its name, state, jobs at once, process, time of joining, and queues.

      Examples:
        \(SkeinTool.name) stats
        \(SkeinTool.name) stats --json | jq '.queues[].jobs.ready'
      """)

  @OptionGroup var queue: QueueOptions

  func run() async throws {
    let directory = try queue.directory()
    try await queue.withQueue { queue in
      let stats = try await QueueStats(of: queue)
      let console = Console.shared
      if self.queue.json { return try console.line(JSONText.encode(stats.view(directory))) }
      if console.output.isTerminal { try console.line("queue in \(directory)\n") }
      try console.write(stats.text(for: console.output))
    }
  }
}

/// How a queue stands.
struct QueueStats: Sendable {
  var queues: [QueueCounts]
  var workers: [WorkerRecord]
  /// Names that somebody knows, with the newest payload version.
  var known: [String: Int]

  init(of queue: JobQueue) async throws {
    queues = try await queue.counts().sorted { $0.queue < $1.queue }
    workers = try await queue.store.workers().sorted { $0.id < $1.id }
    known = try await queue.store.knownJobs()
  }

  func text(for terminal: Terminal) -> String {
    let parts = [queueTable.text(for: terminal), workerTable.text(for: terminal)]
    guard terminal.isTerminal else { return parts.joined() }
    let empty = ["no jobs\n", "no workers: 'up' or 'worker' starts one\n"]
    return zip(parts, empty).map { $0.isEmpty ? $1 : $0 }.joined(separator: "\n")
  }

  private var queueTable: Table {
    var table = Table(columns: [.init(title: "QUEUE", minimum: 6)])
    for state in JobState.allCases {
      let isRare = [.waiting, .expired, .cancelled].contains(state)
      table.columns.append(.init(title: state.name.uppercased(), isNumber: true, rank: isRare ? 2 : 1))
    }
    for counts in queues {
      let fields = JobState.allCases.map { state -> Table.Cell in
        let count = counts.jobs[state] ?? 0
        return Table.Cell("\(count)", paint: count == 0 ? .faint : state.paint)
      }
      let name = counts.isPaused ? "\(counts.queue) (paused)" : counts.queue
      table.rows.append([.init(name, exact: "queue\t\(counts.queue)")] + fields)
    }
    return table
  }

  private var workerTable: Table {
    var table = Table(columns: [
      .init(title: "WORKER", minimum: 8), .init(title: "STATE"),
      .init(title: "AT ONCE", isNumber: true, rank: 2),
      .init(title: "PROCESS", isNumber: true, rank: 3), .init(title: "JOINED", rank: 4),
      .init(title: "QUEUES", minimum: 6, rank: 1),
    ])
    for worker in workers {
      let about = worker.description
      table.rows.append([
        .init(about.name, exact: "worker\t\(about.name)"),
        .init(worker.liveness.rawValue, paint: worker.liveness == .alive ? .green : .red),
        "\(about.concurrency)", "\(about.processID)",
        .init(TimeText.distance(to: worker.joinedAt), exact: TimeText.exact(worker.joinedAt)),
        .init(about.queues.isEmpty ? "all" : about.queues.joined(separator: " ")),
      ])
    }
    return table
  }

  struct View: Encodable {
    struct Queue: Encodable {
      var name: String
      var isPaused: Bool
      var jobs: [String: Int]
    }
    var directory: String
    var queues: [Queue]
    var workers: [WorkerView]
    var knownJobs: [String: Int]
  }

  func view(_ directory: String) -> View {
    View(
      directory: directory,
      queues: queues.map { counts in
        let jobs = JobState.allCases.map { ($0.name, counts.jobs[$0] ?? 0) }
        return .init(
          name: counts.queue, isPaused: counts.isPaused, jobs: Dictionary(uniqueKeysWithValues: jobs))
      },
      workers: workers.map { WorkerView($0) }, knownJobs: known)
  }
}

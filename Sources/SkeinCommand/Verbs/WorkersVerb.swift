internal import ArgumentParser
internal import Foundation
internal import SkeinJobForms
internal import SkeinJobs

/// Shows who works on what.
struct WorkersVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workers",
    abstract: "Show the workers, and the jobs that each of them holds.",
    discussion: """
      A worker is alive, unresponsive (its process lives, but has not been heard of
      for a while: its jobs stay its own until it is evicted), or dead (its jobs are
      about to be taken up by others).

      In a pipe the fields are: number, name, state, jobs at once, process, time of
      joining, queues, numbers of the jobs it holds.

      Examples:
        \(SkeinTool.name) workers
        \(SkeinTool.name) workers --json | jq -r 'select(.state == "unresponsive") | .number'
      """)

  @OptionGroup var queue: QueueOptions

  func run() async throws {
    try await queue.withQueue { queue in
      let workers = try await queue.store.workers().sorted { $0.id < $1.id }
      var jobs: [WorkerID: [JobRecord]] = [:]
      for worker in workers {
        var held = JobFilter()
        held.worker = worker.id
        held.limit = .max
        jobs[worker.id] = try await queue.store.jobs(held)
      }
      if self.queue.json {
        for worker in workers {
          try Console.shared.line(JSONText.encode(WorkerView(worker, holds: jobs[worker.id] ?? [])))
        }
        return
      }
      try Console.shared.write(Self.table(workers, jobs).text(for: Console.shared.output))
      if workers.isEmpty, Console.shared.output.isTerminal {
        try Console.shared.line("no workers: 'up' or 'worker' starts one")
      }
    }
  }

  private static func table(_ workers: [WorkerRecord], _ jobs: [WorkerID: [JobRecord]]) -> Table {
    var table = Table(columns: [
      .init(title: "NUMBER", isNumber: true), .init(title: "WORKER", minimum: 8), .init(title: "STATE"),
      .init(title: "AT ONCE", isNumber: true, rank: 3), .init(title: "PROCESS", isNumber: true, rank: 2),
      .init(title: "JOINED", rank: 4), .init(title: "QUEUES", minimum: 6, rank: 5),
      .init(title: "HOLDS", minimum: 6, rank: 1),
    ])
    for worker in workers {
      let about = worker.description
      let held = (jobs[worker.id] ?? []).map { "\($0.sequence)" }.reversed().joined(separator: " ")
      table.rows.append([
        "\(worker.id)", .init(about.name),
        .init(worker.liveness.rawValue, paint: worker.liveness == .alive ? .green : .red),
        "\(about.concurrency)", "\(about.processID)",
        .init(TimeText.distance(to: worker.joinedAt), exact: TimeText.exact(worker.joinedAt)),
        .init(about.queues.isEmpty ? "all" : about.queues.joined(separator: " ")),
        .init(held),
      ])
    }
    return table
  }
}

/// Takes a worker's jobs away.
struct EvictVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evict",
    abstract: "Give the jobs of an unresponsive worker to others.",
    discussion: """
      What it still tells about those jobs is refused, the programs that they have
      started are killed, and it leaves as soon as it learns of it. Of a job in
      Swift code the attempt itself can not be ended from outside: until the worker
      does so, it may run beside the next one.

      Examples:
        \(SkeinTool.name) evict 7
        \(SkeinTool.name) evict 7 --force      though it is alive
      """)

  @OptionGroup var queue: QueueOptions

  @Argument(help: ArgumentHelp("The worker, as 'workers' numbers it.", valueName: "number"))
  var number: Int64

  @Flag(help: "Evict it though it is alive.")
  var force = false

  func run() async throws {
    let id = WorkerID(number: number)
    try await queue.withQueue { queue in
      guard let worker = try await queue.store.workers().first(where: { $0.id == id }) else {
        throw CommandFailure(.notFound, "there is no worker \(number); 'workers' shows those there are")
      }
      guard worker.liveness != .alive || force else {
        throw CommandFailure(
          .jobFailed, "worker \(number) is alive: stop its process, or evict it all the same with --force")
      }
      let rescued = try await queue.store.evict(id) ?? []
      if self.queue.json { return try Console.shared.line(JSONText.encode(View(number, rescued))) }
      let jobs = rescued.count == 1 ? "1 job is" : "\(rescued.count) jobs are"
      try Console.shared.line("worker \(number) is evicted; \(jobs) taken from it")
    }
  }

  private struct View: Encodable {
    var number: Int64
    var jobs: [JobID]

    init(_ number: Int64, _ rescued: [Rescue]) {
      self.number = number
      jobs = rescued.map(\.id)
    }
  }
}

internal import ArgumentParser
internal import Logging
internal import SkeinJobs

/// Runs a worker.
struct WorkerVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Run a worker in this process until interrupted.",
    discussion: """
      Any number of workers may serve one queue, in as many processes of this
      machine. When one is killed, the others take up its jobs at once. The first
      SIGINT, SIGTERM or SIGHUP lets running jobs finish, a second one gives them
      back; either way the exit code is 0.

      Examples:
        \(SkeinTool.name) worker --concurrency 4
        \(SkeinTool.name) worker --queue urgent=10 --queue default --name mail-1
      """)

  @OptionGroup var queue: QueueOptions
  @OptionGroup var worker: WorkerFlags

  func run() async throws {
    let options = try worker.options()
    try await queue.withQueue(creates: true, logs: .info) { queue in
      try await WorkerRun(queue: queue, options: options).run()
    }
  }
}

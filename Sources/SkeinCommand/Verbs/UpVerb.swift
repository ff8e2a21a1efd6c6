internal import ArgumentParser
internal import Logging
internal import SkeinJobs

/// Runs a queue and its workers.
struct UpVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Run a queue, its workers and its dashboard in this process until interrupted.",
    discussion: """
      The dashboard is at http://127.0.0.1:8088/; see '\(SkeinTool.name) dashboard'.

      The first SIGINT (Ctrl-C), SIGTERM or SIGHUP lets running jobs finish, a
      second one gives them back to the queue; either way the exit code is 0. On a
      terminal a live line shows the counts; in a pipe each job that ends is
      logged. More workers may join with '\(SkeinTool.name) worker'.

      Examples:
        \(SkeinTool.name) up
        \(SkeinTool.name) up --concurrency 8 --queue mail=3 --queue default
        \(SkeinTool.name) up --data-dir /var/lib/example
      """)

  @OptionGroup var queue: QueueOptions
  @OptionGroup var worker: WorkerFlags
  @OptionGroup(title: "The dashboard") var dashboard: DashboardFlags

  @Flag(help: "Serve no dashboard.")
  var noDashboard = false

  func run() async throws {
    let options = try worker.options()
    let directory = try queue.directory()
    try await queue.withQueue(creates: true, logs: .info) { queue in
      let queues = options.queues.isEmpty ? "all queues" : options.queues.map(\.name).joined(separator: ", ")
      if !self.queue.json {
        Console.shared.note(
          "queue in \(directory): \(options.concurrency) jobs at once from \(queues); Ctrl-C ends it")
      }
      let served = noDashboard ? nil : try await DashboardRun.start(dashboard, queue, in: directory)
      do { try await WorkerRun(queue: queue, options: options, logsJobs: true).run() } catch {
        await served?.stop()
        throw error
      }
      await served?.stop()
    }
  }
}

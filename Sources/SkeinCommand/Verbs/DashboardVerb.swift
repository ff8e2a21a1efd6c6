internal import ArgumentParser
internal import SkeinJobs

/// Serves the dashboard without working.
struct DashboardVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dashboard",
    abstract: "Serve the dashboard and the HTTP API of a queue, without running jobs.",
    discussion: """
      'up' serves it too. Here it stands alone, beside workers of other processes.
      Pages are at /, the API at /api/v1 (described by /api/v1/openapi.json), and
      metrics for Prometheus at /metrics.

      Who reaches the API can run programs as the workers do. At this machine's own
      address, therefore, it answers its own user and root; at any other one, and
      with --token, each request needs a token: it is shown when it is made, and
      kept in the file 'dashboard-token' beside the queue.

      Examples:
        \(SkeinTool.name) dashboard
        \(SkeinTool.name) dashboard --port 9000 --read-only
        \(SkeinTool.name) dashboard --host 0.0.0.0 --allow-host jobs.example.org
      """)

  @OptionGroup var queue: QueueOptions
  @OptionGroup(title: "The dashboard") var dashboard: DashboardFlags

  func run() async throws {
    var flags = dashboard
    // Nothing else is done here, so that a port which is taken is an error.
    flags.port = flags.port ?? DashboardFlags.usualPort
    let directory = try queue.directory()
    try await queue.withQueue(creates: true) { [flags] queue in
      let signals = try SignalWatch.start()
      guard let run = try await DashboardRun.start(flags, queue, in: directory) else { return }
      let stopping = Task {
        for await _ in signals { break }
        await run.stop()
      }
      defer { stopping.cancel() }
      do { try await run.wait() } catch is CancellationError {}
    }
  }
}

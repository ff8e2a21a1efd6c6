internal import ArgumentParser
internal import Logging
internal import SkeinDashboard
internal import SkeinJobs
internal import SkeinNetwork

/// The options that say where and how the dashboard is served.
struct DashboardFlags: ParsableArguments {
  /// The usual port.
  static let usualPort = 8088

  @Option(help: ArgumentHelp("The dashboard's port; 8088 unless told, and 0 is any that is free."))
  var port: Int?

  @Option(
    help: ArgumentHelp(
      "The address to listen at. Any but this machine's own asks for a token, which is made and shown once.",
      valueName: "address"))
  var host = "127.0.0.1"

  @Flag(help: "Ask for the token at this machine's own address too: so other users of it can be let in.")
  var token = false

  @Flag(help: "Only show: no button, and no request, changes anything.")
  var readOnly = false

  @Option(
    help: ArgumentHelp(
      "Another name by which browsers may call the dashboard, as behind a proxy. Can be repeated.",
      valueName: "name"))
  var allowHost: [String] = []

  func validate() throws {
    guard (0...65535).contains(port ?? 0) else {
      throw ValidationError("a port is 0 to 65535, and not \(port ?? 0)")
    }
    for name in allowHost where name.isEmpty || name.contains("/") || name.contains(" ") {
      throw ValidationError("'\(name)' is no host name: write it without http:// and without a path")
    }
  }

  /// Describes the dashboard of a queue.
  ///
  /// - Parameter onListening: is told where it listens.
  func dashboard(
    of queue: JobQueue, in directory: String, onListening: @escaping @Sendable (TCPEndpoint) -> Void
  ) throws -> Dashboard {
    var options = Dashboard.Options()
    options.host = host
    options.port = port ?? Self.usualPort
    options.isReadOnly = readOnly
    options.allowedHosts = Set(allowHost)
    if token || !options.isLoopback {
      let token = try AccessToken(directory: directory)
      options.token = token.text
      Console.shared.note(
        token.isNew
          ? "the dashboard's token, which is not shown again: \(token.text)"
          : "the dashboard's token is in \(directory)/dashboard-token")
    }
    return try Dashboard(
      queue: queue, registry: KnownJobs.registry, options: options, onListening: onListening)
  }
}

/// Serves a dashboard beside other work.
struct DashboardRun: Sendable {
  private let task: Task<Void, any Error>

  /// Begins to serve.
  ///
  /// - Throws: ``CommandFailure`` when it can not listen; where the port was not asked for, that is only told.
  static func start(_ flags: DashboardFlags, _ queue: JobQueue, in directory: String) async throws
    -> DashboardRun?
  {
    let (places, teller) = AsyncStream.makeStream(of: TCPEndpoint.self)
    let dashboard = try flags.dashboard(of: queue, in: directory) { teller.yield($0) }
    let task = Task {
      defer { teller.finish() }
      try await dashboard.run()
    }
    for await place in places {
      Console.shared.note("dashboard at http://\(place)/")
      return DashboardRun(task: task)
    }
    do { try await task.value } catch let error as NetworkError {
      guard flags.port == nil, flags.host == "127.0.0.1" else {
        throw CommandFailure(.systemError, "\(error)")
      }
      Console.shared.note("there is no dashboard here: \(error); --port gives it another port")
    }
    return nil
  }

  /// Serves until a signal comes, or the server fails.
  func wait() async throws { try await task.value }

  /// Ends it.
  func stop() async {
    task.cancel()
    _ = await task.result
  }
}

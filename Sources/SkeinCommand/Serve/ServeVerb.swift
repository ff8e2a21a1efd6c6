internal import ArgumentParser
internal import Logging
internal import ServiceLifecycle
internal import SkeinJobs
internal import SkeinNetwork
internal import SkeinSync
internal import UnixSignals

/// Serves the files of a folder over HTTP.
struct ServeVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve the files of a folder over HTTP.",
    discussion: """
      Names that begin with a dot are not served, nor anything outside the folder:
      symbolic links are followed within it alone. A file with '.br', '.zst' or '.gz'
      behind its name is sent in its place to browsers that take that.

      On a terminal a line tells what goes on; --log prints a line for each request.
      SIGINT and SIGTERM let the requests that are being answered end.

      Examples:
        \(SkeinTool.name) serve docs
        \(SkeinTool.name) serve . --listing --port 3000
        \(SkeinTool.name) serve public --host 0.0.0.0 --compress --limit 100/s
      """)

  @Argument(help: "The folder.", completion: .directory)
  var directory: String

  @Option(help: "The port; 0 is any that is free.")
  var port = 8080

  @Option(
    help: ArgumentHelp(
      "The address to listen at; 0.0.0.0 is every one of this machine.", valueName: "address"))
  var host = "127.0.0.1"

  @Flag(help: "Show what is in a folder that has no index.html.")
  var listing = false

  @Option(
    help: ArgumentHelp(
      "Let pages from this origin read the files: https://example.org, or '*' for all. Can be repeated.",
      valueName: "origin"))
  var cors: [String] = []

  @Flag(help: "Compress texts with gzip, for browsers that take it.")
  var compress = false

  @Option(help: ArgumentHelp("Answer each client so often at the most: 100/s, 1000/1m.", valueName: "rate"))
  var limit: String?

  @Flag(help: "Print a line for each request.")
  var log = false

  func validate() throws {
    guard (0...65535).contains(port) else { throw ValidationError("a port is 0 to 65535, and not \(port)") }
    for origin in cors where origin != "*" {
      guard origin.hasPrefix("http://") || origin.hasPrefix("https://"), !origin.hasSuffix("/") else {
        throw ValidationError("'\(origin)' is no origin: write https://example.org, without a path, or '*'")
      }
    }
  }

  func run() async throws {
    let counters = ServeCounters(logs: log)
    let server = try makeServer(counters)
    let watch = Task { await counters.show() }
    defer { watch.cancel() }
    let group = ServiceGroup(
      services: [server], gracefulShutdownSignals: [.sigint, .sigterm], logger: Self.quietLogger)
    do { try await group.run() } catch let error as NetworkError {
      throw CommandFailure(.systemError, "\(error)")
    }
    watch.cancel()
    await watch.value
    Console.shared.note(counters.summary)
  }

  private func makeServer(_ counters: ServeCounters) throws -> HTTPServer {
    var options = StaticFiles.Options()
    options.listsDirectories = listing
    let files: StaticFiles
    do { files = try StaticFiles(root: directory, options: options) } catch {
      throw CommandFailure(.usage, "\(error)")
    }
    var router = Router()
    router.use(counters, RequestIDs(), SecurityHeaders())
    if !cors.isEmpty { router.use(CrossOrigin(origins: cors.contains("*") ? .any : .only(Set(cors)))) }
    if let limit {
      let rate = try RateText.parse(limit)
      guard rate.count > 0, rate.period / rate.count > .zero else {
        throw CommandFailure.usage(
          "'\(limit)' lets nothing pass: write a number and a span that are above zero")
      }
      router.use(RateLimit(rate.count, per: rate.period))
    }
    if compress { router.use(Compression()) }
    router.files("", files)
    var server = HTTPServer.Options()
    server.drainTimeout = .seconds(10)
    server.logger = Logger(label: "serve") { _ in LineLogHandler(level: .warning, isJSON: false) }
    return try HTTPServer(router, host: host, port: port, options: server) { [directory, listing] endpoint in
      Console.shared.note("serving \(directory) at http://\(endpoint)/\(listing ? ", with listings" : "")")
      if !endpoint.isLoopback {
        Console.shared.note("note: everybody who reaches this machine can read it")
      }
    }
  }

  private static var quietLogger: Logger {
    Logger(label: "serve") { _ in SwiftLogNoOpLogHandler() }
  }
}

extension TCPEndpoint {
  /// Whether this machine alone reaches it.
  fileprivate var isLoopback: Bool {
    guard case .host(let host, _) = self else { return true }
    return host.hasPrefix("127.") || host == "::1"
  }
}

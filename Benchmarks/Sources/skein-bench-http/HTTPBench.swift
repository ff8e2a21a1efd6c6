import ArgumentParser
import BenchReport
import Foundation

@main struct HTTPBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "http",
    abstract:
      "Measures the web server beside nginx, SwiftNIO, Hummingbird, FlyingFox, Go, aiohttp and uvicorn.",
    discussion: """
      Each server is started for a case, loaded by wrk over loopback, and ended. On a machine with two processors one is \
      wrk's and one is the server's: figures with two threads have wrk in their way.
      """)

  @Flag(help: "One round of a second.")
  var quick = false

  @Flag(name: .customLong("no-peers"), help: "Measure Skein alone.")
  var skipsPeers = false

  @Flag(help: "Write the tables to Benchmarks/RESULTS.md.")
  var save = false

  @Option(
    name: [.customLong("runs"), .customLong("rounds")],
    help: ArgumentHelp("How many rounds the medians are of.", valueName: "count"))
  var runs: Int?

  @Option(
    name: [.customLong("case"), .customLong("only")],
    help: ArgumentHelp("Measure only cases whose names begin with this; may be repeated.", valueName: "name"))
  var names: [String] = []

  @Option(
    name: .customLong("peer"),
    help: ArgumentHelp("Measure beside this server only; may be repeated.", valueName: "name"))
  var peers: [String] = []

  private var cases: [WebCase] {
    WebCase.all.filter { webCase in names.isEmpty || names.contains { webCase.name.hasPrefix($0) } }
  }

  func validate() throws {
    guard runs.map({ $0 >= 1 }) ?? true else { throw ValidationError("--runs must be at least 1") }
    guard !save || (names.isEmpty && peers.isEmpty && !skipsPeers) else {
      throw ValidationError("--save writes the whole section: leave out --case, --peer and --no-peers")
    }
    guard !cases.isEmpty else {
      throw ValidationError("no case is called \(names.joined(separator: ", ")): \(WebCase.all.map(\.name))")
    }
  }

  func run() throws {
    guard FileManager.default.isExecutableFile(atPath: Wrk.path) else {
      throw BenchmarkError("wrk is not installed: './bench --install-peers=http' gets it")
    }
    raiseDescriptorLimit()
    let places = try Places()
    let servers = try wantedServers(in: places)
    let (rounds, seconds) = (runs ?? (quick ? 1 : 3), quick ? 1.0 : 4.0)
    let folder = FileManager.default.temporaryDirectory.path + "/skein-bench-http-\(getpid())"
    Children.all.endWhenInterrupted(removing: folder)
    try makeFiles(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var report = WebReport(
      machine: .current, rounds: rounds, seconds: seconds,
      versions: servers.filter { $0.trouble == nil }.compactMap(\.made),
      troubles: servers.compactMap { server in server.trouble.map { "\(server.name): \($0)" } })
    let wrk = Wrk(seconds: seconds)
    for webCase in cases {
      measure(
        webCase, servers.filter { $0.trouble == nil && $0.works.contains(webCase.work) }, wrk, folder, &report
      )
    }
    print(report.text)
    if save { try ResultsFile.save(report.markdown, under: WebReport.heading, at: places.results) }
  }

  /// Skein's server, and those that were asked for.
  private func wantedServers(in places: Places) throws -> [WebServer] {
    let all = WebServer.all(in: places)
    for name in peers where !all.contains(where: { $0.isCalled(name) }) {
      throw ValidationError("no server is called \(name): \(all.map(\.name).joined(separator: ", "))")
    }
    return all.filter { server in
      server.name == "skein" || (!skipsPeers && (peers.isEmpty || peers.contains(where: server.isCalled)))
    }
  }

  private func measure(
    _ webCase: WebCase, _ servers: [WebServer], _ wrk: Wrk, _ folder: String, _ report: inout WebReport
  ) {
    var figures: [String: [WebFigures]] = [:]
    for round in 1...report.rounds {
      say("\(webCase.name), round \(round)")
      for server in servers {
        do {
          let running = try RunningServer(server, for: webCase, folder: folder)
          defer { running.stop() }
          figures[server.name, default: []].append(try wrk.run(webCase, on: running, folder: folder))
        } catch { note("\(server.name), \(webCase.name): \(error)", &report) }
      }
    }
    report.entries += servers.compactMap { server in
      figures[server.name].map { WebReport.Entry(webCase: webCase, server: server.name, figures: $0) }
    }
  }

  private func note(_ trouble: String, _ report: inout WebReport) {
    say(trouble)
    if !report.troubles.contains(trouble) { report.troubles.append(trouble) }
  }

  private func makeFiles(_ folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder + "/files", withIntermediateDirectories: true)
    for (name, size) in [("1k", 1 << 10), ("100k", 100 << 10), ("10m", 10 << 20)] {
      var generator = SystemRandomNumberGenerator()
      let words = (0..<size / 8).map { _ in generator.next() }
      try words.withUnsafeBytes { Data($0) }.write(to: URL(filePath: "\(folder)/files/\(name).bin"))
    }
  }

  /// Ten thousand connections are as many descriptors, here and in the servers, which inherit the limit.
  private func raiseDescriptorLimit() {
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    getrlimit(files, &limit)
    // What root alone may ask for, and then what everybody may.
    let most = limit.rlim_max
    for wanted in [max(most, 20_000), most] {
      limit = rlimit(rlim_cur: wanted, rlim_max: wanted)
      if setrlimit(files, &limit) == 0 { return }
    }
  }
}

import ArgumentParser
import BenchReport
import Foundation

struct SyncCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Measures the primitives beside C, Go, Rust, Java, Python and Synchronization.Mutex.",
    discussion: """
      Every language has one program with the same cases (Benchmarks/peers/languages). All of them are measured in turns, \
      and each figure of a peer is shown as its ratio to Skein's in the same round.
      """)

  @OptionGroup var options: ComparisonOptions

  func validate() throws { try options.check(for: .sync) }
  func run() async throws { try await options.run(.sync) }
}

struct PoolsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pools",
    abstract: "Measures pools and futures beside Java, Go, Rust, C++, Python, Dispatch and NIOThreadPool.",
    discussion: """
      Every language has one program with the same cases (Benchmarks/peers/languages). All of them are measured in turns, \
      and each figure of a peer is shown as its ratio to Skein's in the same round.
      """)

  @OptionGroup var options: ComparisonOptions

  func validate() throws { try options.check(for: .pools) }
  func run() async throws { try await options.run(.pools) }
}

struct ProcessesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "processes",
    abstract: "Measures processes beside Python's multiprocessing and ProcessPoolExecutor, loky, and C.",
    discussion: """
      C shows the limits: a ping-pong of two processes on futexes, a copy of bytes, a fork and an execution. All are measured \
      in turns, and each figure of a peer is shown as its ratio to Skein's in the same round.
      """)

  @OptionGroup var options: ComparisonOptions

  func validate() throws { try options.check(for: .processes) }
  func run() async throws { try await options.run(.processes) }
}

/// What the suites take.
struct ComparisonOptions: ParsableArguments {
  @Flag(help: "One round, with a fifth of the time for each case.")
  var quick = false

  @Flag(name: .customLong("no-peers"), help: "Measure what is written in Swift alone.")
  var skipsPeers = false

  @Flag(help: "Print every value of every round as JSON.")
  var json = false

  @Flag(help: "Write the tables to Benchmarks/RESULTS.md.")
  var save = false

  @Option(help: ArgumentHelp("How many rounds the medians are of.", valueName: "count"))
  var runs: Int?

  @Option(
    name: .customLong("case"),
    help: ArgumentHelp(
      "Measure only cases whose names contain this, or match it where it has asterisks; may be repeated.",
      valueName: "pattern"))
  var patterns: [String] = []

  @Option(
    name: .customLong("peer"),
    help: ArgumentHelp("Measure beside this peer only; may be given several times.", valueName: "name"))
  var peers: [System.ID] = []

  private func rows(of suite: Suite) -> [Row] {
    let all = suite.families.flatMap(\.rows)
    return patterns.isEmpty ? all : all.filter { patterns.contains(where: $0.matches) }
  }

  func check(for suite: Suite) throws {
    guard runs.map({ $0 >= 1 }) ?? true else { throw ValidationError("--runs must be at least 1") }
    guard !save || (patterns.isEmpty && peers.isEmpty) else {
      throw ValidationError("--save writes the whole section: leave out --case and --peer")
    }
    guard !rows(of: suite).isEmpty else {
      throw ValidationError("no case is called \(patterns.joined(separator: ", "))")
    }
  }

  /// Measures, and prints what was found.
  func run(_ suite: Suite) async throws {
    let places = try Places()
    let systems = suite.systems(in: places).filter { isWanted($0.id) }
    let (rounds, seconds) = (runs ?? (quick ? 1 : 3), quick ? 0.05 : 0.25)
    let machine = Machine.current
    let rows = rows(of: suite)
    let run = ComparisonRun(suite: suite, rows: rows, systems: systems, rounds: rounds, seconds: seconds)
    let report = ComparisonReport(
      suite, machine: machine, rows: rows, samples: try await run.perform(), rounds: rounds, seconds: seconds)
    print(json ? try report.json : report.text)
    if save { try ResultsFile.save(report.markdown, under: suite.heading, at: places.results) }
  }

  private func isWanted(_ id: System.ID) -> Bool {
    switch id {
    case .skein: true
    case .mutex, .dispatch, .nio: peers.isEmpty || peers.contains(id)
    default: !skipsPeers && (peers.isEmpty || peers.contains(id))
    }
  }
}

extension System.ID: ExpressibleByArgument {}

import ArgumentParser
import BenchReport
import Foundation

struct JobsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs",
    abstract: "Measures the durable job queue beside Celery, Dramatiq and Huey.",
    discussion: """
      Jobs do nothing, results are stored, and two run at a time (Dramatiq: 8 threads). Skein's figures are taken with \
      1,000 and with 100,000 other jobs waiting in the queue; all that it promises is synced to disk.
      """)

  @Flag(help: "One run, with a tenth of the jobs.")
  var quick = false

  @Flag(name: .customLong("no-peers"), help: "Measure Skein alone.")
  var skipsPeers = false

  @Flag(help: "Print every value of every run as JSON.")
  var json = false

  @Flag(help: "Write the table to Benchmarks/RESULTS.md.")
  var save = false

  @Option(help: ArgumentHelp("How many runs the medians are of.", valueName: "count"))
  var runs = 3

  func validate() throws {
    guard runs >= 1 else { throw ValidationError("--runs must be at least 1") }
  }

  func run() async throws {
    let places = try Places()
    defer { places.remove() }
    let report = try await measure(in: places)
    print(json ? try report.json : report.text)
    if save { try ResultsFile.save(report.markdown, under: "Job queue: ./bench jobs", at: places.results) }
  }

  /// Goes round all systems once for each run, so that a slow minute of the machine does not fall on one of them.
  private func measure(in places: Places) async throws -> Report {
    let (machine, runs) = (Machine.current, quick ? 1 : runs)
    var skein = SkeinJobsBenchmark.columns(quick: quick, places: places)
    var peers = skipsPeers ? [] : Peer.all.map { ($0, Measurements(system: $0.system)) }
    for run in 1...runs {
      for index in skein.indices {
        say("run \(run) of \(runs): \(skein[index].measurements.system)")
        try await skein[index].measure()
      }
      for index in peers.indices {
        say("run \(run) of \(runs): \(peers[index].1.system)")
        try await peers[index].0.measure(in: places, latencySamples: quick ? 50 : 200, into: &peers[index].1)
      }
    }
    return Report(machine: machine, runs: runs, skein: skein.map(\.measurements), peers: peers.map(\.1))
  }
}

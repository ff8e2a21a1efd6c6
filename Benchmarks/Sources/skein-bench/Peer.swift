import BenchReport
import Foundation
import Subprocess
import SystemPackage

/// A job queue of another project, measured by a program in `peers/`.
struct Peer {
  var system: String
  var script: String
  var arguments: [String] = []
  /// As many as take it a few seconds.
  var jobs: Int

  static let all = [
    Peer(system: "Celery", script: "celery_jobs.py", jobs: 3000),
    Peer(system: "Dramatiq", script: "dramatiq_jobs.py", jobs: 5000),
    Peer(system: "Huey", script: "huey_jobs.py", jobs: 5000),
    Peer(
      system: "Huey unsynced", script: "huey_jobs.py", arguments: ["--variant", "unsynced"],
      jobs: 10_000),
  ]

  /// What a peer program prints, beside its figures.
  private struct Line: Decodable {
    var version: String?
    var note: String?
    var skipped: String?
  }

  /// Measures once and adds the figures.
  func measure(in places: Places, latencySamples: Int, into measurements: inout Measurements) async throws {
    guard measurements.skipped == nil else { return }
    guard FileManager.default.isExecutableFile(atPath: places.python) else {
      measurements.skipped = "not installed; './bench --install-peers' gets it"
      return
    }
    let result = try await run(
      .path(FilePath(places.python)),
      arguments: Arguments(
        [
          "\(places.benchmarks)/peers/\(script)", "--jobs", "\(jobs)", "--latency-samples",
          "\(latencySamples)",
        ]
          + arguments),
      environment: .inherit.updating(["TMPDIR": places.data]),
      output: .string(limit: 1 << 16), error: .string(limit: 1 << 20))
    guard result.terminationStatus.isSuccess else {
      throw BenchmarkError("\(script) failed (\(result.terminationStatus)):\n\(result.standardError)")
    }
    try add(Data(result.standardOutput.utf8), to: &measurements)
  }

  private func add(_ output: Data, to measurements: inout Measurements) throws {
    let line = try JSONDecoder().decode(Line.self, from: output)
    (measurements.version, measurements.note, measurements.skipped) = (line.version, line.note, line.skipped)
    let figures = try JSONDecoder().decode([String: Lenient].self, from: output)
    for metric in Metric.allCases {
      if let value = figures[metric.rawValue]?.number { measurements.add(value, metric) }
    }
  }

  /// A number, or something else that is not of interest.
  private struct Lenient: Decodable {
    var number: Double?

    init(from decoder: any Decoder) throws {
      number = try? decoder.singleValueContainer().decode(Double.self)
    }
  }
}

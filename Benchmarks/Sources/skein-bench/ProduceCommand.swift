import ArgumentParser
import BenchReport
import Foundation
import SkeinJobs
import Subprocess
import SystemPackage

/// A producer in a process of its own.
struct ProduceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "produce", shouldDisplay: false)

  /// When it produced, in nanoseconds of the machine's monotonic clock.
  struct Span: Codable {
    var start: Int64
    var end: Int64
  }

  @Option var directory: String
  @Option var jobs: Int

  func run() async throws {
    let queue = try await JobQueue(directory: directory)
    let start = monotonicNanoseconds()
    for _ in 0..<jobs { _ = try await queue.enqueue(Noop()) { $0.queue = "enqueue" } }
    let span = Span(start: start, end: monotonicNanoseconds())
    try await queue.close()
    print(String(decoding: try JSONEncoder().encode(span), as: UTF8.self))
  }

  /// Runs it and waits for its end.
  static func spawn(directory: String, jobs: Int) async throws -> Span {
    let result = try await Subprocess.run(
      .path("/proc/self/exe"), arguments: ["produce", "--directory", directory, "--jobs", "\(jobs)"],
      output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess else {
      throw BenchmarkError("a producer failed (\(result.terminationStatus)): \(result.standardError)")
    }
    return try JSONDecoder().decode(Span.self, from: Data(result.standardOutput.utf8))
  }
}

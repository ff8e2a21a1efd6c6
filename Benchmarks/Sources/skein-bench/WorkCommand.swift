import ArgumentParser
import BenchReport
import Foundation
import Logging
import SkeinJobs
import Subprocess
import SystemPackage

/// A worker in a process of its own, which works until its standard input ends and then tells what it saw.
struct WorkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "work", shouldDisplay: false)

  /// As many jobs at once as the peers run.
  static let concurrency = 2

  @Option var directory: String
  @Option var queue: String?
  @Flag var isolated = false

  static let jobs: [any Job.Type] = [Noop.self, Gather.self]

  func run() async throws {
    let queue = try await JobQueue(directory: directory)
    let worker = try Self.worker(queue, serving: self.queue, isolated: isolated)
    Thread.detachNewThread {
      while readLine() != nil {}
      worker.stop(.handBack)
    }
    try await worker.run()
    var report = StartLog.take()
    report.memoryBytes = Self.residentBytes()
    try await queue.close()
    print(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
  }

  /// The worker that is measured, in whichever process.
  static func worker(_ queue: JobQueue, serving name: String? = nil, isolated: Bool = false) throws -> Worker
  {
    var options = WorkerOptions()
    options.queues = name.map { [WorkerOptions.QueueShare($0)] } ?? []
    options.concurrency = concurrency
    options.isolation = isolated ? .process : .none
    var logger = Logger(label: "bench.worker")
    logger.logLevel = .error
    return try Worker(
      store: queue.store, registry: JobRegistry(jobs), options: options, logger: logger)
  }

  /// Runs a worker beside `body`, ends it, and gives what it saw.
  static func beside(
    directory: String, queue: String? = nil, isolated: Bool = false,
    _ body: @Sendable @escaping () async throws -> Void
  ) async throws -> StartReport {
    let result = try await Subprocess.run(
      .path("/proc/self/exe"),
      arguments: Arguments(
        ["work", "--directory", directory] + (queue.map { ["--queue", $0] } ?? [])
          + (isolated ? ["--isolated"] : [])),
      input: .inputWriter, output: .string(limit: 1 << 24), error: .string(limit: 1 << 20)
    ) { execution in
      try await body()
      try await execution.standardInputWriter.finish()
    }
    guard result.terminationStatus.isSuccess else {
      throw BenchmarkError("the worker failed (\(result.terminationStatus)): \(result.standardError)")
    }
    return try JSONDecoder().decode(StartReport.self, from: Data(result.standardOutput.utf8))
  }

  /// This process's memory, its share of what it has in common with others.
  private static func residentBytes() -> Int? {
    let lines = try? String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8).split(separator: "\n")
    let kilobytes = lines?.first { $0.hasPrefix("Pss:") }?.split(separator: " ")[1]
    return kilobytes.flatMap { Int($0) }.map { $0 * 1024 }
  }
}

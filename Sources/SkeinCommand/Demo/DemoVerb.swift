internal import ArgumentParser
internal import Foundation
internal import Logging
internal import SkeinJobForms
internal import SkeinJobs

/// Shows it all at work.
struct DemoVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Run a real batch in a queue of its own, show what happened, and check it.",
    discussion: """
      It counts the words of each folder of PATH, joins the results, computes
      checksums with an external command, and shows a job that fails twice and
      then succeeds, one over its time limit, one that fails for good, one that
      is asked for several times and runs once, the jobs of a schedule, urgent
      jobs that overtake a backlog, and the jobs of a worker process that is
      killed in the middle, which another worker finishes. The exit code is 0 only when every outcome is
      the expected one. The queue is in a temporary directory and is removed.

      Examples:
        \(SkeinTool.name) demo
        \(SkeinTool.name) demo ~/Documents
        \(SkeinTool.name) demo --keep      then look: list, show and logs, with --data-dir
      """)

  @Flag(help: "Leave the queue's directory in place, to look into it.")
  var keep = false

  @Flag(help: "Write what happened as one JSON document.")
  var json = false

  @Argument(
    help: ArgumentHelp(
      "The files to work on; the checkout this program was built in, else here.", valueName: "path"))
  var path: String?

  /// After this long the demo gives up: many times what it takes on an idle machine.
  static let limit = Duration.seconds(180)

  func run() async throws {
    LineLogHandler.install(level: try QueueOptions.level(Self.environmentLevel) ?? .critical, isJSON: false)
    let path = try workPath()
    let directory = try Self.makeDirectory()
    defer { if !keep { try? FileManager.default.removeItem(atPath: directory) } }
    // From here on the process ends by itself only, so that nothing is left behind.
    let signals = try SignalWatch.start()
    let console = Console.shared
    if !json { try console.line("queue in \(directory), work from \(path)") }
    let demo = try await DemoRun(
      directory: directory, plan: DemoPlan(path: path, scratch: directory), quiet: json)
    let end = await demo.run(limit: Self.limit, signals: signals)
    if case .interrupted = end {
      throw CommandFailure(.interrupted, "interrupted: the demo's processes are ended")
    }
    let report = try await demo.report(end)
    try console.write(json ? JSONText.encode(report.view) + "\n" : report.text(for: console.output))
    if keep, !json { try console.line("look into it: \(SkeinTool.name) list --data-dir \(directory)") }
    try await demo.queue.close()
    if !report.isAsExpected { throw ExitCode(ExitStatus.jobFailed.rawValue) }
  }

  private static var environmentLevel: String? { ProcessInfo.processInfo.environment["SKEIN_LOG"] }

  private func workPath() throws -> String {
    guard let path else { return Self.checkout ?? FileManager.default.currentDirectoryPath }
    let full = Paths.absolute(path)
    guard FileManager.default.isReadableFile(atPath: full) else {
      throw CommandFailure.usage("'\(path)' is no file or folder that can be read")
    }
    return full
  }

  /// The package that this executable was built in, if it still is there.
  private static var checkout: String? {
    guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
      return nil
    }
    var folder = URL(filePath: program).deletingLastPathComponent()
    while folder.path != "/" {
      if FileManager.default.fileExists(atPath: folder.path + "/Package.swift") { return folder.path }
      folder.deleteLastPathComponent()
    }
    return nil
  }

  private static func makeDirectory() throws -> String {
    var template = Array((FileManager.default.temporaryDirectory.path + "/skein-demo-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw CommandFailure(
        .systemError, "no temporary directory can be made: \(String(cString: strerror(errno)))")
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

import Foundation
import SkeinTesting
import Subprocess
import SystemPackage
import Testing

extension Tag {
  /// Waits for real processes.
  @Tag static var slow: Self
}

/// The built `skein`, with a queue of its own that is removed at the end.
final class SkeinProgram: Sendable {
  /// What a run left.
  struct Run: Sendable {
    var code: Int32
    var output: String
    var errors: String

    /// The lines of the output.
    var lines: [String] { output.split(separator: "\n").map(String.init) }
  }

  /// Where the queue is; made by the first verb that does so.
  let directory: String

  init() {
    directory = FileManager.default.temporaryDirectory.appending(path: "skein-\(UUID().uuidString)").path
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  /// The program beside this test's own.
  static var path: String {
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(
      path: "skein"
    ).path
  }

  var environment: Environment {
    .inherit.updating(["SKEIN_DATA_DIR": directory, "SKEIN_LOG": nil, "NO_COLOR": nil])
  }

  /// Runs a verb to its end.
  func callAsFunction(_ arguments: String..., input: String = "") async throws -> Run {
    try await run(arguments, input: input)
  }

  /// Runs a line of Bash, in which `$0` is the program.
  func shell(_ line: String) async throws -> Run {
    try await run(["-c", line, Self.path], program: "/bin/bash")
  }

  /// Runs a verb to its end.
  func run(_ arguments: [String], input: String = "", program: String = path) async throws -> Run {
    let result = try await Subprocess.run(
      .path(FilePath(program)), arguments: Arguments(arguments), environment: environment,
      input: .string(input),
      output: .string(limit: 1 << 22), error: .string(limit: 1 << 22))
    return Run(
      code: Self.code(result.terminationStatus), output: result.standardOutput, errors: result.standardError)
  }

  /// Runs a worker as long as the body takes, then ends it.
  ///
  /// - Parameters:
  ///   - signals: what ends it, in this order.
  ///   - afterSignals: what happens once they are sent.
  /// - Returns: the worker's own end.
  @discardableResult
  func withWorker(
    _ arguments: String..., signals: [Signal] = [.terminate], afterSignals: () -> Void = {},
    body: (SkeinProgram) async throws -> Void
  ) async throws -> Run {
    try await withWorkerProcess(arguments, signals: signals, afterSignals: afterSignals) { skein, _ in
      try await body(skein)
    }
  }

  /// The same; the body gets the worker's process as well.
  @discardableResult
  func withWorkerProcess(
    _ arguments: [String] = [], signals: [Signal] = [.terminate], afterSignals: () -> Void = {},
    body: (SkeinProgram, Int32) async throws -> Void
  ) async throws -> Run {
    let result = try await Subprocess.run(
      .path(FilePath(Self.path)), arguments: Arguments(["worker"] + arguments), environment: environment,
      input: .none, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
    ) { execution in
      do {
        try await body(self, execution.processIdentifier.value)
      } catch {
        // Two signals end it at once, whatever runs.
        for signal in [Signal.terminate, .interrupt] { try? execution.send(signal: signal) }
        throw error
      }
      for signal in signals { try? execution.send(signal: signal) }
      afterSignals()
    }
    return Run(
      code: Self.code(result.terminationStatus), output: result.standardOutput, errors: result.standardError)
  }

  /// Returns once the first job runs.
  func untilRunning() async throws {
    try await eventually("the job runs") {
      try await self("list").lines.first?.contains("\trunning\t") == true
    }
  }

  static func code(_ status: TerminationStatus) -> Int32 {
    switch status {
    case .exited(let code): code
    case .signaled(let signal): 128 + signal
    }
  }
}

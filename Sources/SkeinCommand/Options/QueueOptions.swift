internal import ArgumentParser
internal import Foundation
internal import Logging
internal import SkeinJobForms
internal import SkeinJobs

/// What every verb takes.
struct QueueOptions: ParsableArguments {
  @Option(
    name: .customLong("data-dir"),
    help: ArgumentHelp(
      "The queue's directory; else $SKEIN_DATA_DIR, $XDG_DATA_HOME/skein, ~/.local/share/skein.",
      valueName: "directory"))
  var dataDirectory: String?

  @Flag(help: "Write JSON: one object a line.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "What is logged: trace, debug, info, notice, warning, error or critical; else $SKEIN_LOG.",
      valueName: "level"), transform: Self.namedLevel)
  var logLevel: Logger.Level?

  /// The queue's directory.
  ///
  /// - Throws: ``CommandFailure`` when there is none to be found.
  func directory(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws -> String {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let dataDirectory {
      guard !dataDirectory.isEmpty else {
        throw CommandFailure.usage("--data-dir is empty: name a directory")
      }
      return absolute(dataDirectory)
    }
    if let directory = value("SKEIN_DATA_DIR") { return absolute(directory) }
    if let base = value("XDG_DATA_HOME") { return absolute(base + "/skein") }
    if let home = value("HOME") { return absolute(home + "/.local/share/skein") }
    throw CommandFailure.usage("there is no HOME to keep the queue in: name a directory with --data-dir")
  }

  private func absolute(_ path: String) -> String { Paths.absolute(path) }

  /// Lets the process log to standard error.
  func startLogging(_ usual: Logger.Level) throws {
    let level = try logLevel ?? Self.level(ProcessInfo.processInfo.environment["SKEIN_LOG"]) ?? usual
    LineLogHandler.install(level: level, isJSON: json)
  }

  /// Reads a level from the environment.
  static func level(_ text: String?) throws -> Logger.Level? {
    guard let text, !text.isEmpty else { return nil }
    do { return try namedLevel(text) } catch { throw CommandFailure.usage("SKEIN_LOG: \(error)") }
  }

  @Sendable private static func namedLevel(_ text: String) throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: text.lowercased()) else {
      let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("'\(text)' is no log level; levels are \(levels)")
    }
    return level
  }

  /// Opens the queue for a short verb, and closes it at the end.
  ///
  /// - Parameter creates: whether a queue is made where there is none; otherwise that is an error.
  func withQueue<Value>(
    creates: Bool = false, logs: Logger.Level = .warning, _ body: (JobQueue) async throws -> Value
  ) async throws -> Value {
    try startLogging(logs)
    let queue = try await open(creates: creates)
    do {
      let value = try await body(queue)
      try await queue.close()
      return value
    } catch {
      try? await queue.close()
      throw error
    }
  }

  private func open(creates: Bool) async throws -> JobQueue {
    let directory = try directory()
    var isDirectory: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory)
    guard !isThere || isDirectory.boolValue else {
      throw CommandFailure(.systemError, "\(directory) is a file: name a directory with --data-dir")
    }
    guard creates || exists(directory) else {
      throw CommandFailure(
        .systemError,
        "there is no queue in \(directory): 'submit' and 'up' make one; --data-dir names another directory")
    }
    return try await JobQueue(directory: directory)
  }

  /// Whether there is a queue in a directory.
  func exists(_ directory: String) -> Bool {
    FileManager.default.fileExists(atPath: directory + "/queue.sqlite")
  }
}

internal import ArgumentParser
internal import FoundationEssentials
internal import SkeinJobForms
internal import SkeinJobs

/// Copies a queue.
struct BackupVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Write a copy of the queue to a file, while everything goes on.",
    discussion: """
      The copy shows the queue at one instant, is compact, and appears when it is
      whole and on disk. To use it, stop all workers, put it as queue.sqlite into a
      directory that has no queue, and start workers there: jobs that were running
      at that instant run again.

      Examples:
        \(SkeinTool.name) backup /backup/queue-$(date +%F).sqlite
      """)

  @OptionGroup var queue: QueueOptions

  @Argument(help: ArgumentHelp("The file; nothing may be there yet.", valueName: "path"))
  var path: String

  func run() async throws {
    let path = Paths.absolute(path)
    try await queue.withStore { store in
      try await store.backUp(to: path)
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? UInt64 ?? 0
      try Console.shared.line(
        queue.json ? JSONText.encode(View(path: path, bytes: size)) : "\(path) has \(size) bytes")
    }
  }

  private struct View: Encodable {
    var path: String
    var bytes: UInt64
  }
}

/// Looks for damage.
struct CheckVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Look for damage in the queue's file, and for jobs in no state a job can be in.",
    discussion: """
      It reads everything, changes nothing, and may run while workers do. Problems
      are listed, a line each, and the exit code is then 2.

      Examples:
        \(SkeinTool.name) check
      """)

  @OptionGroup var queue: QueueOptions

  func run() async throws {
    try await queue.withStore { store in
      let problems = try await store.check()
      if queue.json {
        try Console.shared.line(JSONText.encode(View(path: store.databasePath, problems: problems)))
      } else {
        for problem in problems { try Console.shared.line(problem) }
      }
      guard problems.isEmpty else {
        let count = problems.count == 1 ? "a problem" : "\(problems.count) problems"
        throw CommandFailure(.systemError, "\(store.databasePath) has \(count)")
      }
      if !queue.json { try Console.shared.line("\(store.databasePath) is sound") }
    }
  }

  private struct View: Encodable {
    var path: String
    var problems: [String]
  }
}

extension QueueOptions {
  /// Opens the store of a queue that there is, and closes it at the end.
  fileprivate func withStore(_ body: (SQLiteJobStore) async throws -> Void) async throws {
    try await withQueue { queue in
      guard let store = queue.store as? SQLiteJobStore else {
        throw CommandFailure(.systemError, "this queue is not kept in a file")
      }
      try await body(store)
    }
  }
}

import Foundation
import SkeinJobs
import Testing

/// A queue in a directory of its own, the processes of the fixture that use it, and the log that they write.
struct FixtureQueue {
  let directory: TemporaryDirectory
  /// The queue's own directory.
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("queue")
  }

  /// A queue elsewhere, such as on a disk of its own; the log stays out of it.
  init(at path: String) throws {
    directory = try TemporaryDirectory()
    self.path = path
  }

  var log: String { directory.file("log") }
  var gate: String { directory.file("gate") }

  func worker(_ more: String..., faults: Faults? = nil) async throws -> FixtureProcess {
    try await FixtureProcess(["worker", path, log] + more, faults: faults)
  }

  func producer(_ count: Int, _ more: String..., faults: Faults? = nil) async throws -> FixtureProcess {
    try await FixtureProcess(["produce", path, log, "\(count)"] + more, faults: faults)
  }

  /// Runs `body` with the queue opened in this process too.
  func open<Value>(_ body: (JobQueue) async throws -> Value) async throws -> Value {
    try await Self.open(path, body)
  }

  static func open<Value>(_ path: String, _ body: (JobQueue) async throws -> Value) async throws -> Value {
    let queue = try await JobQueue(directory: path)
    do {
      let value = try await body(queue)
      try await queue.close()
      return value
    } catch {
      try? await queue.close()
      throw error
    }
  }

  /// Lets a job go on that waits for the gate: in one attempt, or in all of them.
  func openGate(_ attempt: Int? = nil) throws {
    try Data().write(to: URL(filePath: gate + (attempt.map { ".\($0)" } ?? "")))
  }

  /// The jobs that producers have written down as stored.
  var promised: [JobID] {
    lines(of: log).filter { $0.hasPrefix("promised ") }.compactMap { JobID(String($0.dropFirst(9))) }
  }

  /// How often the code of each job has run.
  var runs: [JobID: Int] {
    let ids = lines(of: log).filter { $0.hasPrefix("ran ") }.compactMap { line in
      line.split(separator: " ").dropFirst().first.flatMap { JobID(String($0)) }
    }
    return Dictionary(ids.map { ($0, 1) }, uniquingKeysWith: +)
  }
}

extension JobQueue {
  /// The store, which is kept in SQLite.
  var sqlite: SQLiteJobStore { store as! SQLiteJobStore }

  /// Whether no job is left to do.
  func isDone() async throws -> Bool {
    try await store.counts().allSatisfy { $0.jobs.keys.allSatisfy(\.isFinished) }
  }

  /// Expects that everything of `ids` is stored, and that the file is sound.
  func expectAll(
    _ ids: [JobID], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    for id in ids { #expect(try await job(id) != nil, "\(id) is lost", sourceLocation: sourceLocation) }
    #expect(try await sqlite.check() == [], sourceLocation: sourceLocation)
  }
}

/// Whether a process lives.
func isAlive(_ process: Int32) -> Bool {
  guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
  return !stat.contains(") Z ")
}

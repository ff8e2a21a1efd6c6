import Foundation
import Logging
import SkeinJobs
import SkeinTesting
import Testing

extension Tag {
  /// Takes longer than a moment.
  @Tag static var slow: Self
}

/// The stores that keep the same rules.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case memory
  case sqlite

  var testDescription: String { rawValue }
}

/// A directory that is gone with the test.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "skein-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }
}

/// Runs `body` with an empty store of a kind, and closes it.
func withStore<Value>(_ kind: StoreKind, _ body: (any JobStore) async throws -> Value) async throws -> Value {
  let directory = try TemporaryDirectory()
  let store: any JobStore =
    switch kind {
    case .memory: MemoryJobStore()
    case .sqlite: try await SQLiteJobStore(directory: directory.path)
    }
  do {
    let value = try await body(store)
    try await store.close()
    return value
  } catch {
    try? await store.close()
    throw error
  }
}

/// Runs `body` beside a worker, then stops the worker.
func withWorker<Value>(
  _ store: any JobStore, _ jobs: [any Job.Type], concurrency: Int = 2,
  _ change: (inout WorkerOptions) -> Void = { _ in },
  _ body: (Worker) async throws -> Value
) async throws -> Value {
  var options = WorkerOptions()
  options.concurrency = concurrency
  change(&options)
  let worker = try Worker(store: store, registry: JobRegistry(jobs), options: options, logger: .quiet)
  let running = Task { try await worker.run() }
  do {
    let value = try await body(worker)
    worker.stop()
    try await running.value
    return value
  } catch {
    worker.stop(.handBack)
    _ = await running.result
    throw error
  }
}

extension Logger {
  static var quiet: Logger {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }
}

extension WorkerDescription {
  static func test(_ name: String = "tester", knows: [String: Int] = ["test": 1]) -> WorkerDescription {
    WorkerDescription(
      name: name, concurrency: 4, queues: [], knows: knows,
      processID: ProcessInfo.processInfo.processIdentifier)
  }
}

extension NewJob {
  static func test(
    _ name: String = "test", version: Int = 1, input: String = "{}",
    _ change: (inout JobOptions) -> Void = { _ in }
  ) throws -> NewJob {
    var options = JobOptions()
    change(&options)
    return try NewJob(
      name: name, payloadVersion: version, payload: JobPayload(kwargs: Data(input.utf8)), options: options)
  }
}

extension ClaimRequest {
  static func test(
    _ limit: Int = 100, queues: [String]? = nil, takesSuspect: Bool = true, knows: [String: Int] = ["test": 1]
  ) -> ClaimRequest {
    ClaimRequest(limit: limit, queues: queues, takesSuspect: takesSuspect, knows: knows)
  }
}

extension FinishedAttempt {
  static func test(
    _ job: ClaimedJob, _ event: JobLife.Event, _ outcome: AttemptRecord.Outcome, result: String? = nil,
    log: String = ""
  ) -> FinishedAttempt {
    var attempt = AttemptRecord(
      number: job.attempt, delivery: job.token.delivery, worker: "tester", startedAt: Date(), outcome: outcome
    )
    attempt.endedAt = Date()
    return FinishedAttempt(
      attempt: attempt, event: event, result: result.map { Data($0.utf8) }, log: Data(log.utf8))
  }
}

/// Expects an error of the queue's with a code, and a message that says something.
func expectError<Value>(
  _ code: JobQueueError.Code, contains part: String = "", sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () async throws -> Value
) async {
  do {
    _ = try await body()
    Issue.record("no error was thrown, but \(code) was expected", sourceLocation: sourceLocation)
  } catch let error as JobQueueError {
    #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    #expect(part.isEmpty || error.message.contains(part), "\(error)", sourceLocation: sourceLocation)
  } catch {
    Issue.record("\(error) was thrown, but \(code) was expected", sourceLocation: sourceLocation)
  }
}

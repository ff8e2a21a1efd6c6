import Foundation
import SkeinJobs
import Testing

@Suite("A worker that dies at a step", .timeLimit(.minutes(5)))
struct StepCrashTests {
  /// What is known of a job once another worker has ended it.
  struct Account: Equatable, Sendable {
    /// How often its code ran.
    var runs: Int
    var deliveries: Int
    var attempts: Int
    var crashes: Int
  }

  private let fixture: FixtureQueue

  init() throws { fixture = try FixtureQueue() }

  @Test(
    "its job runs again exactly if its end was not stored, and the attempt counts exactly if it was begun",
    .tags(.slow),
    arguments: [
      (WorkerStep.claimed, Account(runs: 1, deliveries: 2, attempts: 1, crashes: 0)),
      (.placed, Account(runs: 1, deliveries: 2, attempts: 1, crashes: 0)),
      (.noted, Account(runs: 1, deliveries: 2, attempts: 2, crashes: 1)),
      (.ran, Account(runs: 2, deliveries: 2, attempts: 2, crashes: 1)),
      (.decided, Account(runs: 2, deliveries: 2, attempts: 2, crashes: 1)),
      (.stored, Account(runs: 1, deliveries: 1, attempts: 1, crashes: 0)),
    ])
  func account(of step: WorkerStep, _ expected: Account) async throws {
    try await fixture.open { (queue) async throws in
      let handle = try await queue.enqueue(Note(file: fixture.log)) { $0.acknowledgesExactly = true }
      let doomed = try await fixture.worker("--die", step.rawValue, "1")
      #expect(try await doomed.ended() == -SIGKILL)
      let heir = try await fixture.worker()
      _ = try await handle.result(timeout: .seconds(60))
      heir.stop()
      try await heir.ended()
      let life = try #require(try await queue.job(handle.id)).life
      let account = Account(
        runs: fixture.runs[handle.id] ?? 0, deliveries: life.deliveries, attempts: life.attempts,
        crashes: life.crashes)
      #expect(account == expected)
      try await queue.expectAll([handle.id])
    }
  }

  @Test(
    "no job is lost, and a repetition is explained by its deliveries", .tags(.slow),
    arguments: WorkerStep.allCases)
  func many(step: WorkerStep) async throws {
    try await fixture.open { (queue) async throws in
      let handles = try await queue.enqueue((0..<20).map { Note(file: fixture.log, text: "\($0)") })
      let doomed = try await fixture.worker("--die", step.rawValue, "7")
      #expect(try await doomed.ended() == -SIGKILL)
      let heir = try await fixture.worker()
      for handle in handles { _ = try await handle.result(timeout: .seconds(60)) }
      heir.stop()
      try await heir.ended()
      for handle in handles {
        let life = try #require(try await queue.job(handle.id)).life
        #expect((1...life.deliveries).contains(fixture.runs[handle.id] ?? 0), "\(life)")
        #expect(life.attempts == 1 + life.crashes)
      }
      try await queue.expectAll(handles.map(\.id))
    }
  }
}

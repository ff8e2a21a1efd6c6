import Foundation
import SkeinJobs
import SkeinTesting
import Testing

/// A process is killed at one of the system calls by which the store changes its files or waits for the disk: between
/// savepoint, commit and wait, in the middle of a write, while the file is made, while it is closed.
///
/// A few calls, chosen at random, in an ordinary run; all of them when SKEIN_SOAK is set.
@Suite("A process that dies at a system call", .timeLimit(.minutes(Soak.isOn ? 60 : 5)))
struct SystemCallCrashTests {
  private let fixture: FixtureQueue
  private let faults: Faults

  init() throws {
    fixture = try FixtureQueue()
    faults = try Faults(in: fixture.directory)
  }

  /// Runs the fixture's whole life of some jobs; the exit status.
  private func live(_ jobs: Int, in path: String, dyingAt call: Int, torn: Bool) async throws -> Int32 {
    faults[.calls] = 0
    faults[.death] = Int64(call)
    faults[.isTorn] = torn ? 1 : 0
    let process = try await FixtureProcess(["life", path, fixture.log, "\(jobs)"], faults: faults)
    return try await process.ended()
  }

  /// The calls to die at, of so many.
  private func choose(_ count: Int, of calls: Int, using generator: inout SeededGenerator) -> [Int] {
    let all = Array(1...max(1, calls))
    return Soak.isOn ? all : all.shuffled(using: &generator).prefix(count).sorted()
  }

  @Test("while a queue is made: what is there is made use of, and the queue is sound", .tags(.slow))
  func making() async throws {
    let seed = Soak.seed
    var generator = SeededGenerator(seed: seed)
    #expect(try await live(0, in: fixture.path, dyingAt: 0, torn: false) == 0)
    for call in choose(8, of: Int(faults[.calls]), using: &generator) {
      let path = fixture.directory.file("queue-\(call)")
      let status = try await live(0, in: path, dyingAt: call, torn: .random(using: &generator))
      #expect(status == -SIGKILL || status == 0, "call \(call), seed \(seed)")
      try await FixtureQueue.open(path) { (queue) async throws in
        let job = try await queue.enqueue(Note(file: fixture.log))
        try await queue.expectAll([job.id])
        #expect(try await queue.store.workers().filter { $0.liveness != .dead } == [])
      }
    }
  }

  @Test("while jobs are stored, run and ended: what was promised is there, and ends", .tags(.slow))
  func working() async throws {
    let seed = Soak.seed
    var generator = SeededGenerator(seed: seed)
    #expect(try await live(4, in: fixture.path, dyingAt: 0, torn: false) == 0)
    for call in choose(12, of: Int(faults[.calls]), using: &generator) {
      let status = try await live(4, in: fixture.path, dyingAt: call, torn: .random(using: &generator))
      #expect(status == -SIGKILL || status == 0, "call \(call), seed \(seed)")
      try await fixture.open { try await $0.expectAll(fixture.promised) }
    }
    // What the dead have left is run by the last one, beside its own.
    #expect(try await live(4, in: fixture.path, dyingAt: 0, torn: false) == 0)
    let heir = try await fixture.worker()
    try await fixture.open { (queue) async throws in
      try await eventually("all is done") { try await queue.isDone() }
      heir.stop()
      #expect(try await heir.ended() == -SIGTERM)
      let runs = fixture.runs
      for id in fixture.promised {
        let record = try #require(try await queue.job(id))
        let attempts = try await queue.store.attempts(of: record.sequence)
        #expect(record.state == .succeeded, "seed \(seed): \(record.life)")
        #expect(attempts.filter { $0.outcome == .succeeded }.count == 1, "seed \(seed): \(attempts)")
        #expect((1...record.life.deliveries).contains(runs[id] ?? 0), "seed \(seed): \(record.life)")
      }
      // What was seen as ended had ended.
      for line in lines(of: fixture.log) where line.hasPrefix("done ") {
        let id = try #require(JobID(String(line.dropFirst(5))))
        #expect(try await queue.job(id)?.state == .succeeded)
      }
      try await queue.expectAll(fixture.promised)
    }
  }
}

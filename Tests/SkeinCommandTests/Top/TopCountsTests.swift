import Foundation
import SkeinJobs
import SkeinTesting
import Testing

@testable import SkeinCommand

@Suite struct TopCountsTests {
  @Test(
    "followed from change to change, counts are what a count gives", arguments: 1...20 as ClosedRange<UInt64>)
  func following(seed: UInt64) async throws {
    var game = try await CountGame(seed: seed)
    for _ in 0..<60 { try await game.play() }
    var counts = try await game.count()
    var position = try game.store.revision()
    for _ in 0..<40 {
      // Several changes of one job may appear as one.
      for _ in 0..<Int.random(in: 1...4, using: &game.random) { try await game.play() }
      let changes = try game.store.changes(after: position, limit: 1000)
      for job in changes { counts.note(job) }
      position = changes.last?.revision ?? position
      let followed = counts.queues.mapValues { $0.jobs.filter { $0.value > 0 } }
      let counted = try await game.store.counts().map { ($0.queue, $0.jobs) }
      try #require(followed == Dictionary(uniqueKeysWithValues: counted), "seed \(seed)")
    }
  }

  @Test("a failed job that was retried was failed before, and numbers do not fall below nothing")
  func retried() async throws {
    let store = MemoryJobStore()
    let id = try await store.enqueue([.plain()])[0].id
    let worker = try await store.join(.plain)
    let job = try await worker.claim(.plain).jobs[0]
    #expect(try await worker.finish(job.token, .plain(job, .gaveUp(.exhausted), .failed)))
    var counts = TopCounts(try await store.counts(), running: [], latest: 1, at: Date())
    _ = try await store.retry(id)
    counts.note(try #require(try await store.job(id)))
    #expect(counts.queues["default"]?.jobs == [.failed: 0, .ready: 1])
    var wrong = TopCounts([], running: [], latest: 1, at: Date())
    wrong.note(try #require(try await store.job(id)))
    #expect(wrong.queues["default"]?.jobs == [.ready: 1, .failed: 0])
  }
}

/// Moves jobs of a store about by chance.
private struct CountGame {
  let store = MemoryJobStore()
  var random: SeededGenerator
  private let worker: any WorkerMembership
  private var held: [ClaimedJob] = []
  private var open: [JobID] = []

  init(seed: UInt64) async throws {
    random = SeededGenerator(seed: seed)
    worker = try await store.join(.plain)
  }

  /// Counts as `top` does.
  func count() async throws -> TopCounts {
    var filter = JobFilter()
    filter.states = [.running]
    filter.limit = .max
    let running = try await store.jobs(filter)
    filter.states = []
    let latest = try await store.jobs(filter).first?.sequence ?? 0
    return TopCounts(try await store.counts(), running: running, latest: latest, at: Date())
  }

  mutating func play() async throws {
    switch Int.random(in: 0..<8, using: &random) {
    case 0...2: try await enqueue()
    case 3, 4: held += try await worker.claim(.plain).jobs
    case 5: try await finish(.succeeded, .succeeded)
    case 6:
      let later = Date(timeIntervalSinceNow: 3600)
      let ends: [JobLife.Event] = [.gaveUp(.exhausted), .failed(retryAt: later, now: Date())]
      try await finish(ends.randomElement(using: &random)!, .failed)
    default: try await cancel()
    }
  }

  private mutating func enqueue() async throws {
    let isLate = Bool.random(using: &random)
    let queue = ["a", "b"].randomElement(using: &random)!
    open += try await store.enqueue([
      .plain {
        $0.queue = queue
        $0.delay = isLate ? .seconds(3600) : nil
      }
    ]).map(\.id)
  }

  private mutating func finish(_ event: JobLife.Event, _ outcome: AttemptRecord.Outcome) async throws {
    guard !held.isEmpty else { return }
    let job = held.remove(at: Int.random(in: 0..<held.count, using: &random))
    #expect(try await worker.finish(job.token, .plain(job, event, outcome)))
  }

  private mutating func cancel() async throws {
    guard let id = open.randomElement(using: &random) else { return }
    _ = try await store.cancel(id)
  }
}

import Foundation
import SkeinJobs
import Testing

@testable import SkeinCommand

@Suite struct TopFollowerTests {
  private let store = MemoryJobStore()

  /// How long to pause between counts: they are made at each look, or at the first one alone.
  static let pauseFactors = [0, 1_000_000_000]

  private func follower(_ pauseFactor: Int) -> TopFollower {
    TopFollower(JobQueue(store: store), directory: "/q", pauseFactor: pauseFactor)
  }

  @Test("each look tells of queues, workers, running jobs and failures", arguments: pauseFactors)
  func looks(_ pauseFactor: Int) async throws {
    var follower = follower(pauseFactor)
    _ = try await store.enqueue([
      .plain(input: #"{"a":1}"#), .plain(),
      .plain {
        $0.queue = "late"; $0.delay = .seconds(60)
      },
    ])
    let worker = try await store.join(.plain)
    let first = try await worker.claim(.plain).jobs[0]
    var look = try await follower.look()
    #expect(look.rates == nil && look.failures.isEmpty)
    #expect(look.queues.map(\.counts.queue) == ["default", "late"])
    #expect((look.total(.ready), look.total(.scheduled), look.total(.running)) == (1, 1, 1))
    #expect(look.running.map(\.record.id) == [first.id])
    #expect(look.running.map(\.input) == [#"{"a":1}"#] && look.running.map(\.worker) == ["w"])
    #expect(look.workers.map(\.liveness) == [.alive])

    try await worker.report([
      AttemptReport(
        token: first.token, attempt: FinishedAttempt.plain(first, .succeeded, .running).attempt,
        progress: JobProgress(fraction: 0.5))
    ])
    #expect(try await follower.look().running.map(\.record.progress?.fraction) == [0.5])
    #expect(try await worker.finish(first.token, .plain(first, .gaveUp(.exhausted), .failed, error: "why")))
    try await store.setPaused(true, queue: "late")
    look = try await follower.look()
    #expect(look.failures.map(\.record.id) == [first.id] && look.failures.map(\.error) == ["why"])
    #expect((look.total(.ready), look.total(.failed), look.total(.running)) == (1, 1, 0))
    #expect(try #require(look.rates).failed > 0 && look.rates?.succeeded == 0)
    #expect(look.queues.map { $0.rates?.ended == 0 } == [false, true])

    _ = try await store.retry(first.id)
    look = try await follower.look()
    #expect(look.failures.isEmpty && look.total(.failed) == 0 && look.total(.ready) == 2)
  }

  @Test("rates count each job that comes and each that ends, once", arguments: pauseFactors)
  func rates(_ pauseFactor: Int) async throws {
    var follower = follower(pauseFactor)
    _ = try await store.enqueue([.plain(), .plain()])
    _ = try await follower.look()
    let worker = try await store.join(.plain)
    let new = try await store.enqueue((0..<1200).map { _ in try .plain() })
    for _ in 0..<3 {
      let job = try await worker.claim(.plain).jobs[0]
      #expect(try await worker.finish(job.token, .plain(job, .succeeded, .succeeded)))
    }
    _ = try await follower.look()
    _ = try await store.cancel(new[700].id)
    let rates = try #require(try await follower.look().rates)
    func total(_ rate: Double) -> Int { Int((rate * rates.seconds).rounded()) }
    #expect(total(rates.enqueued) == 1200 && total(rates.succeeded) == 3 && total(rates.failed) == 0)
    #expect(total(rates.ended) == 4)
  }
}

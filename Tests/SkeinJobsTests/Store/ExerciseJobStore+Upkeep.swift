import Foundation
import SkeinJobs
import Testing

extension JobStoreRule {
  /// What every store does with jobs that are no use any more, and with workers that hold on to theirs.
  static let upkeep = [
    JobStoreRule("removes finished jobs that were kept long enough, by their own span or the policy's") {
      (store) async throws in
      let forLong = try NewJob.test { $0.retention = .seconds(3600) }
      let atOnce = try NewJob.test { $0.retention = .zero }
      let plain = try [NewJob.test(), .test()]
      _ = try await store.enqueue([forLong, atOnce] + plain + [.test { $0.delay = .seconds(60) }])
      let worker = try await store.join(.test())
      let running = try await worker.claim(.test(4)).jobs
      for job in running[0...2] {
        #expect(try await worker.finish(job.token, .test(job, .succeeded, .succeeded)))
      }
      #expect(try await store.prune(RetentionPolicy(), limit: 100) == 1)
      #expect(try await store.job(atOnce.id) == nil)
      #expect(try await store.payload(of: running[1].token.sequence) == nil)
      #expect(try await store.attempts(of: running[1].token.sequence).isEmpty)
      #expect(try await store.prune(RetentionPolicy(succeeded: nil, unsuccessful: .zero), limit: 100) == 0)
      #expect(try await store.prune(RetentionPolicy(succeeded: .zero, unsuccessful: nil), limit: 100) == 1)
      // What has not ended, and what asks for more, stays.
      #expect(try await store.job(plain[0].id) == nil)
      #expect(try await store.job(plain[1].id)?.state == .running)
      #expect(try await store.job(forLong.id)?.state == .succeeded)
      #expect(try await store.jobs(JobFilter()).count == 3)
    },
    JobStoreRule("removes no more at once than it is told, and none twice") { (store) async throws in
      let ids = try await store.enqueue((0..<5).map { _ in try .test() }).map(\.id)
      for id in ids { _ = try await store.cancel(id) }
      let all = RetentionPolicy(succeeded: .zero, unsuccessful: .zero)
      async let one = store.prune(all, limit: 3)
      async let other = store.prune(all, limit: 3)
      let removed = try await one + other
      #expect((3...5).contains(removed))
      #expect(try await store.jobs(JobFilter()).count == 5 - removed)
      #expect(try await store.prune(all, limit: 3) == 5 - removed)
    },
    JobStoreRule("gives no number twice, not even that of a job which is gone") { (store) async throws in
      let first = try await store.enqueue([.test(), .test { $0.retention = .zero }])
      _ = try await store.cancel(first[1].id)
      #expect(try await store.prune(RetentionPolicy(), limit: 10) == 1)
      let next = try await store.enqueue([
        .test(), .test { $0.uniqueKey = "k" }, .test { $0.uniqueKey = "k" },
      ])
      #expect(next.map(\.sequence) == [3, 4, 4])
      #expect(try await store.purge(queue: "default", states: Set(JobState.allCases)) == 3)
      #expect(try await store.enqueue([.test()])[0].sequence == 5)
      #expect(try await store.purge(queue: "nowhere", states: [.ready]) == 0)
      #expect(try await !store.counts().contains { $0.queue == "nowhere" })
    },
    JobStoreRule("keeps a finished job that is made ready again") { (store) async throws in
      let id = try await store.enqueue([.test { $0.retention = .zero }])[0].id
      _ = try await store.cancel(id)
      _ = try await store.retry(id)
      #expect(try await store.prune(RetentionPolicy(), limit: 10) == 0)
      #expect(try await store.job(id)?.state == .ready)
    },
    JobStoreRule("gives the jobs of an evicted worker to others, and hears no more from it") {
      (store) async throws in
      _ = try await store.enqueue([.test(), .test()])
      let evicted = try await store.join(.test("slow"))
      let held = try await evicted.claim(.test(2)).jobs
      try await evicted.report([
        AttemptReport(
          token: held[0].token, attempt: FinishedAttempt.test(held[0], .succeeded, .running).attempt,
          progress: nil, log: Data())
      ])
      let rescued = try #require(try await store.evict(evicted.id))
      #expect(Set(rescued.map(\.id)) == Set(held.map(\.id)))
      #expect(rescued.filter(\.wasStarted).map(\.id) == [held[0].id])
      #expect(try await store.workers().isEmpty)
      let attempt = try #require(try await store.attempts(of: held[0].token.sequence).first)
      #expect(attempt.outcome == .crashed)
      #expect(attempt.endedAt != nil)
      #expect(attempt.error?.type == "WorkerEvicted")
      // The token of the first claim is worth nothing any more.
      let next = try await store.join(.test("next"))
      let again = try await next.claim(.test(2)).jobs
      #expect(Set(again.map(\.id)) == Set(held.map(\.id)))
      for job in held {
        #expect(try await !evicted.finish(job.token, .test(job, .succeeded, .succeeded)))
      }
      for job in again { #expect(try await next.finish(job.token, .test(job, .succeeded, .succeeded))) }
      #expect(try await store.evict(evicted.id) == nil)
    },
  ]
}

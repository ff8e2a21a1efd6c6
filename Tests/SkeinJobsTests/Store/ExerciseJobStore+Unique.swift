import Foundation
import SkeinJobs
import SkeinTesting
import Testing

extension JobStoreRule {
  /// What every store does with unique keys.
  static let uniqueness = [
    JobStoreRule("keeps a unique key for its period, though the job has ended") { (store) async throws in
      func new(_ period: Duration?) throws -> NewJob {
        try .test {
          $0.uniqueKey = "k"
          $0.uniquePeriod = period
        }
      }
      let first = try await store.enqueue([new(.seconds(3600))])[0]
      _ = try await store.cancel(first.id)
      let second = try await store.enqueue([new(nil)])[0]
      #expect(second.isExisting && second.id == first.id)
      // It can be tried again itself, and loses nothing by it.
      _ = try await store.retry(first.id)
      _ = try await store.cancel(first.id)
      // Retention does not cut the period short.
      #expect(try await store.prune(RetentionPolicy(succeeded: .zero, unsuccessful: .zero), limit: 9) == 0)
      #expect(try await store.enqueue([new(nil)])[0].isExisting)
      #expect(try await store.purge(queue: "default", states: [.cancelled]) == 1)
      let short = try await store.enqueue([new(.milliseconds(1))])[0]
      #expect(!short.isExisting)
      // Its period is over soon, but it has not ended.
      try await eventually("its period is over") {
        try await store.job(short.id)!.uniqueUntil! < Date()
      }
      #expect(try await store.enqueue([new(nil)])[0].id == short.id)
      _ = try await store.cancel(short.id)
      #expect(try await !store.enqueue([new(nil)])[0].isExisting)
    },
    JobStoreRule("refuses all of a call when a unique key is taken and that is to be an error") {
      (store) async throws in
      func new() throws -> NewJob {
        try .test {
          $0.uniqueKey = "k"
          $0.uniqueConflict = .error
        }
      }
      let first = try await store.enqueue([new()])[0]
      await expectError(.duplicate, contains: "belongs to job \(first.sequence)") {
        try await store.enqueue([.test(), new()])
      }
      #expect(try await store.jobs(JobFilter()).map(\.id) == [first.id])
    },
    JobStoreRule("replaces a job that has not started, for those too that wait for it") {
      (store) async throws in
      func new() throws -> NewJob {
        try .test {
          $0.uniqueKey = "k"
          $0.uniqueConflict = .replace
        }
      }
      let first = try new()
      var next = try NewJob.test()
      next.dependencies = [JobDependency(on: first.id)]
      _ = try await store.enqueue([first, next])
      let second = try new()
      let answer = try await store.enqueue([second])[0]
      #expect(answer.id == second.id && !answer.isExisting)
      #expect(try await store.job(first.id)?.state == .cancelled)
      #expect(try await store.job(first.id)?.uniqueKey == "k")
      #expect(try await store.job(next.id)?.state == .waiting)
      let worker = try await store.join(.test())
      let running = try await worker.claim(.test()).jobs
      #expect(running.map(\.id) == [second.id])
      // One that runs goes on, and the new one follows it.
      let third = try new()
      _ = try await store.enqueue([third])
      #expect(try await store.job(second.id)?.state == .running)
      #expect(try await store.job(third.id)?.state == .waiting)
      // And that one gives way as well.
      let fourth = try new()
      _ = try await store.enqueue([fourth])
      #expect(try await store.job(third.id)?.state == .cancelled)
      // It too follows the one that runs.
      #expect(try await store.job(fourth.id)?.state == .waiting)
      var either = try new()
      either.dependencies = [JobDependency(on: next.id), JobDependency(on: fourth.id, .end)]
      either.startsAfterAny = true
      await expectError(.invalidInput, contains: "after any of several") { try await store.enqueue([either]) }
      #expect(try await store.job(fourth.id)?.state == .waiting)
      _ = try await worker.finish(running[0].token, .test(running[0], .gaveUp(.permanent), .failed))
      #expect(try await worker.claim(.test()).jobs.map(\.id) == [fourth.id])
      #expect(try await store.job(next.id)?.state == .cancelled)
    },
    JobStoreRule("has a replacing job follow the one that ran also through that one's further tries") {
      (store) async throws in
      func new() throws -> NewJob {
        try .test {
          $0.uniqueKey = "k"
          $0.uniqueConflict = .replace
        }
      }
      let first = try new()
      _ = try await store.enqueue([first])
      let worker = try await store.join(.test())
      let running = try #require(try await worker.claim(.test()).jobs.first)
      _ = try await store.enqueue([new()])
      let again = Date().addingTimeInterval(3600)
      _ = try await worker.finish(
        running.token, .test(running, .failed(retryAt: again, now: Date()), .failed))
      #expect(try await store.job(first.id)?.state == .scheduled)
      let last = try new()
      _ = try await store.enqueue([last])
      #expect(try await store.job(last.id)?.state == .waiting)
      #expect(try await worker.claim(.test()).jobs.isEmpty)
      _ = try await store.cancel(first.id)
      #expect(try await worker.claim(.test()).jobs.map(\.id) == [last.id])
    },
    JobStoreRule("does not let a job replace one that those wait for whom it is to follow") {
      (store) async throws in
      let holder = try NewJob.test { $0.uniqueKey = "k" }
      var follower = try NewJob.test()
      follower.dependencies = [JobDependency(on: holder.id)]
      _ = try await store.enqueue([holder, follower])
      var circle = try NewJob.test {
        $0.uniqueKey = "k"
        $0.uniqueConflict = .replace
      }
      circle.dependencies = [JobDependency(on: follower.id, .end)]
      await expectError(.invalidInput, contains: "is to wait for it") { try await store.enqueue([circle]) }
      #expect(try await store.job(holder.id)?.state == .ready)
      #expect(try await store.job(follower.id)?.state == .waiting)
    },
    JobStoreRule("has others wait for the job that stands for one whose unique key is taken") {
      (store) async throws in
      let holder = try NewJob.test { $0.uniqueKey = "k" }
      _ = try await store.enqueue([holder])
      let asked = try NewJob.test { $0.uniqueKey = "k" }
      var next = try NewJob.test()
      next.dependencies = [JobDependency(on: asked.id)]
      let answers = try await store.enqueue([next, asked])
      #expect(answers[1].id == holder.id && answers[1].isExisting)
      let worker = try await store.join(.test())
      let running = try await worker.claim(.test()).jobs
      #expect(running.map(\.id) == [holder.id])
      _ = try await worker.finish(running[0].token, .test(running[0], .succeeded, .succeeded, result: "5"))
      let last = try #require(try await worker.claim(.test()).jobs.first)
      #expect(last.id == next.id)
      #expect(try await worker.inputs(of: last.token) == [JobInput(job: asked.id, result: Data("5".utf8))])
    },
  ]
}

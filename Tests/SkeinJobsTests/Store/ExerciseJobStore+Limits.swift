import Foundation
import SkeinJobs
import SkeinTesting
import Testing

extension JobStoreRule {
  /// What every store does with limits.
  static let limiting = [
    JobStoreRule("keeps limits, one of a subject") { (store) async throws in
      let rate = JobLimit.Rate(10, per: .milliseconds(1500), burst: 3)
      try await store.setLimit(JobLimit(.key("b"), concurrency: 2))
      try await store.setLimit(JobLimit(.name("a"), concurrency: 1))
      try await store.setLimit(JobLimit(.name("a"), rate: rate))
      let expected = [JobLimit(.name("a"), rate: rate), JobLimit(.key("b"), concurrency: 2)]
      #expect(try await store.limits() == expected)
      #expect(try await store.removeLimit(.name("a")))
      #expect(try await !store.removeLimit(.key("a")))
      #expect(try await store.limits() == [expected[1]])
    },
    JobStoreRule("runs no more of a key at once than its limit allows, whatever worker asks") {
      (store) async throws in
      try await store.setLimit(JobLimit(.key("k"), concurrency: 2))
      let limited = try (0..<5).map { number in
        try NewJob.test {
          $0.concurrencyKey = "k"
          $0.priority = number == 4 ? 9 : 5
        }
      }
      let free = try (0..<2).map { _ in try NewJob.test { $0.concurrencyKey = "other" } }
      _ = try await store.enqueue(limited + free)
      let workers = [try await store.join(.test("one")), try await store.join(.test("two"))]
      let first = try await workers[0].claim(.test(10)).jobs
      // The most urgent and the first one, and those that no limit holds.
      #expect(first.map(\.id) == [limited[4].id, limited[0].id, free[0].id, free[1].id])
      #expect(try await workers[1].claim(.test(10)).jobs.isEmpty)
      #expect(try await store.job(limited[1].id)?.isHeld == true)
      #expect(try await store.job(limited[1].id)?.state == .ready)
      _ = try await workers[0].finish(first[0].token, .test(first[0], .succeeded, .succeeded))
      let second = try await workers[1].claim(.test(10)).jobs
      #expect(second.map(\.id) == [limited[1].id])
      // A place is free however a job leaves it: given back, failed, or with its worker.
      try await workers[1].handBack([second[0].token])
      #expect(try await workers[0].claim(.test(10)).jobs.map(\.id) == [limited[1].id])
      _ = try await workers[0].finish(first[1].token, .test(first[1], .gaveUp(.permanent), .failed))
      #expect(try await workers[1].claim(.test(10)).jobs.map(\.id) == [limited[2].id])
      _ = try await store.evict(workers[0].id)
      #expect(try await workers[1].claim(.test(1)).jobs.map(\.id) == [limited[1].id])
    },
    JobStoreRule("limits by name, and each key of a pattern for itself") { (store) async throws in
      try await store.setLimit(JobLimit(.key("tenant-*"), concurrency: 1))
      try await store.setLimit(JobLimit(.key("tenant-7"), concurrency: 2))
      try await store.setLimit(JobLimit(.name("slow"), concurrency: 1))
      let keys = ["tenant-1", "tenant-1", "tenant-2", "tenant-7", "tenant-7", "tenant-7", "ten"]
      _ = try await store.enqueue(keys.map { key in try .test { $0.concurrencyKey = key } })
      _ = try await store.enqueue([.test("slow"), .test("slow")])
      let worker = try await store.join(.test(knows: ["test": 1, "slow": 1]))
      let jobs = try await worker.claim(.test(100, knows: ["test": 1, "slow": 1])).jobs
      #expect(jobs.map(\.token.sequence) == [1, 3, 4, 5, 7, 8])
    },
    JobStoreRule("lets those go on that a limit held back when it is raised or taken away") {
      (store) async throws in
      try await store.setLimit(JobLimit(.name("test"), concurrency: 1))
      _ = try await store.enqueue((0..<10).map { _ in try .test() })
      let worker = try await store.join(.test())
      #expect(try await worker.claim(.test(10)).jobs.count == 1)
      #expect(try await worker.claim(.test(10)).jobs.isEmpty)
      try await store.setLimit(JobLimit(.name("test"), concurrency: 4))
      #expect(try await worker.claim(.test(10)).jobs.count == 3)
      _ = try await store.removeLimit(.name("test"))
      #expect(try await worker.claim(.test(10)).jobs.count == 6)
    },
    JobStoreRule("keeps no place for jobs that this worker can not take") { (store) async throws in
      try await store.setLimit(JobLimit(.key("k"), concurrency: 1))
      func new(_ queue: String, _ name: String = "test") throws -> NewJob {
        try .test(name) {
          $0.queue = queue
          $0.concurrencyKey = "k"
        }
      }
      let jobs = [try new("a"), try new("paused"), try new("a", "strange"), try new("a"), try new("b")]
      _ = try await store.enqueue(jobs)
      let worker = try await store.join(.test())
      let first = try await worker.claim(.test(10, queues: ["a", "paused", "b"])).jobs
      #expect(first.map(\.id) == [jobs[0].id])
      try await store.setPaused(true, queue: "paused")
      _ = try await worker.finish(first[0].token, .test(first[0], .succeeded, .succeeded))
      let second = try await worker.claim(.test(10, queues: ["b"])).jobs
      #expect(second.map(\.id) == [jobs[4].id])
      _ = try await worker.finish(second[0].token, .test(second[0], .succeeded, .succeeded))
      #expect(try await worker.claim(.test(10, queues: ["a", "paused", "b"])).jobs.map(\.id) == [jobs[3].id])
    },
    JobStoreRule("gets to every limit, however many stand before it at which nothing can go on") {
      (store) async throws in
      try await store.setLimit(JobLimit(.key("*"), concurrency: 1))
      func new(_ key: String, _ queue: String) throws -> NewJob {
        try .test {
          $0.concurrencyKey = key
          $0.queue = queue
        }
      }
      let stuck = try (0..<450).flatMap { key in try [new("\(key)", "a"), new("\(key)", "a")] }
      let last = try [new("last", "b"), new("last", "b")]
      _ = try await store.enqueue(stuck + last)
      let worker = try await store.join(.test())
      var running: [ClaimedJob] = []
      for _ in 0..<4 { running += try await worker.claim(.test(1000)).jobs }
      #expect(running.count == 451)
      try await store.setPaused(true, queue: "a")
      for job in running { _ = try await worker.finish(job.token, .test(job, .succeeded, .succeeded)) }
      try await eventually("the one in the open queue goes on") {
        try await worker.claim(.test(1000)).jobs.map(\.id) == [last[1].id]
      }
    },
    JobStoreRule("spreads the starts of a rate, and tells when the next one comes") { (store) async throws in
      try await store.setLimit(JobLimit(.key("k"), rate: .init(2, per: .seconds(7200), burst: 2)))
      _ = try await store.enqueue((0..<4).map { _ in try .test { $0.concurrencyKey = "k" } })
      let worker = try await store.join(.test())
      let claim = try await worker.claim(.test(10))
      #expect(claim.jobs.count == 2)
      let next = try #require(claim.nextDue).timeIntervalSinceNow
      #expect(next > 3400 && next <= 3600)
      #expect(try await worker.claim(.test(10)).jobs.isEmpty)
      // One that was not started has used nothing up.
      try await worker.handBack([claim.jobs[0].token])
      #expect(try await worker.claim(.test(10)).jobs.count == 1)
      // An end gives no start.
      _ = try await worker.finish(claim.jobs[1].token, .test(claim.jobs[1], .succeeded, .succeeded))
      #expect(try await worker.claim(.test(10)).jobs.isEmpty)
      try await store.setLimit(JobLimit(.key("k"), rate: .init(1, per: .milliseconds(1))))
      try await eventually("the rest has started") {
        _ = try await worker.claim(.test(10))
        return try await store.jobs(JobFilter()).allSatisfy { $0.state != .ready }
      }
    },
    JobStoreRule("holds back any number of jobs, and gets past them") { (store) async throws in
      try await store.setLimit(JobLimit(.key("k"), concurrency: 1))
      _ = try await store.enqueue((0..<2500).map { _ in try .test { $0.concurrencyKey = "k" } })
      let free = try await store.enqueue([.test()])[0]
      let worker = try await store.join(.test())
      var jobs: [ClaimedJob] = []
      for _ in 0..<4 { jobs += try await worker.claim(.test(10)).jobs }
      #expect(jobs.map(\.token.sequence) == [1, free.sequence])
      // Cancelling, purging and looking treat them as what they are: ready.
      #expect(try await store.cancel(try #require(try await store.job(sequence: 5)).id).state == .cancelled)
      #expect(try await store.counts()[0].jobs == [.running: 2, .ready: 2498, .cancelled: 1])
      #expect(try await store.purge(queue: "default", states: [.ready]) == 2498)
      _ = try await worker.finish(jobs[0].token, .test(jobs[0], .succeeded, .succeeded))
      let again = try await store.enqueue([.test { $0.concurrencyKey = "k" }])[0]
      #expect(try await worker.claim(.test(10)).jobs.map(\.id) == [again.id])
    },
  ]
}

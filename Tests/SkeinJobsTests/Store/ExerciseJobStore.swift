import Foundation
import SkeinJobs
import SkeinResilience
import Testing

/// The rules that every ``JobStore`` keeps. Each implementation is put through all of them.
@Suite("JobStore")
struct JobStoreTests {
  @Test("what every store must do", arguments: StoreKind.allCases, JobStoreRule.all)
  func rule(kind: StoreKind, rule: JobStoreRule) async throws {
    try await withStore(kind) { try await exerciseJobStore($0, by: rule) }
  }
}

/// Checks an empty store by one rule; a store is a `JobStore` when it passes by each of ``JobStoreRule/all``.
func exerciseJobStore(_ store: any JobStore, by rule: JobStoreRule) async throws {
  try await rule.check(store)
}

/// One rule, with the sentence that says it.
struct JobStoreRule: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var check: @Sendable (any JobStore) async throws -> Void

  static let all =
    producing + uniqueness + claiming + ending + linking + limiting + controlling + upkeep + scheduling
    + looking + lookingAtMany + ordering

  init(_ sentence: String, _ check: @escaping @Sendable (any JobStore) async throws -> Void) {
    testDescription = sentence
    self.check = check
  }
}

extension JobStoreRule {
  static let producing = [
    JobStoreRule("keeps every field of a job") { (store) async throws in
      var new = try NewJob.test(version: 3, input: #"{"a":1}"#) {
        $0.queue = "images"
        $0.priority = 7
        $0.retry = RetryPolicy(maximumAttempts: 4)
        $0.softTimeLimit = .seconds(1)
        $0.hardTimeLimit = .milliseconds(2500)
        $0.retention = .seconds(60)
        $0.delay = .seconds(100)
        $0.expiry = .seconds(200)
        $0.uniqueKey = "u"
        $0.concurrencyKey = "c"
        $0.acknowledgesExactly = true
      }
      new.payload.args = Data("[1]".utf8)
      new.payload.embed = Data(#"{"chain":null}"#.utf8)
      new.payload.headers = Data(#"{"x":"y"}"#.utf8)
      new.payload.traceparent = "00-1-2-01"
      new.payload.rootID = JobID()
      new.payload.parentID = JobID()
      new.payload.groupID = JobID()
      new.payload.groupIndex = 5
      let answer = try await store.enqueue([new])[0]
      let record = try #require(try await store.job(new.id))
      #expect(answer == EnqueuedJob(id: new.id, sequence: record.sequence))
      #expect(record.kind == new.kind)
      #expect((record.queue, record.priority) == ("images", 7))
      #expect((record.uniqueKey, record.concurrencyKey) == ("u", "c"))
      #expect(record.state == .scheduled)
      #expect(abs(record.life.runAt.timeIntervalSince(new.runAt!)) < 0.001)
      #expect(abs(record.expiresAt!.timeIntervalSince(new.expiresAt!)) < 0.001)
      #expect(try await store.payload(of: record.sequence) == new.payload)
      #expect(try await store.job(sequence: record.sequence) == record)
    },
    JobStoreRule("gives the unfinished job with the same unique key, and a new one after its end") {
      (store) async throws in
      let first = try await store.enqueue([.test { $0.uniqueKey = "k" }])[0]
      let second = try await store.enqueue([.test { $0.uniqueKey = "k" }])[0]
      #expect(second == EnqueuedJob(id: first.id, sequence: first.sequence, isExisting: true))
      #expect(try await store.payload(of: first.sequence) != nil)
      _ = try await store.cancel(first.id)
      let third = try await store.enqueue([.test { $0.uniqueKey = "k" }])[0]
      #expect(!third.isExisting)
      #expect(third.id != first.id)
    },
    JobStoreRule("moves its work signal when a job comes, and its change signal at each change") {
      (store) async throws in
      let (work, changes) = (store.signals.work.value, store.signals.changes.value)
      _ = try await store.enqueue([.test()])
      #expect(store.signals.work.value != work)
      #expect(store.signals.changes.value != changes)
    },
  ]

  static let claiming = [
    JobStoreRule("hands out the most urgent first, and equals in the order of their coming") {
      (store) async throws in
      let priorities = [5, 9, 0, 5, 9]
      let ids = try await store.enqueue(priorities.map { p in try .test { $0.priority = p } }).map(\.id)
      let worker = try await store.join(.test())
      let claim = try await worker.claim(.test(4))
      #expect(claim.jobs.map(\.id) == [ids[1], ids[4], ids[0], ids[3]])
      #expect(try await worker.claim(.test(4)).jobs.map(\.id) == [ids[2]])
      #expect(try await worker.claim(.test(4)).jobs.isEmpty)
    },
    JobStoreRule("hands a job to one worker only") { (store) async throws in
      _ = try await store.enqueue((0..<200).map { _ in try .test() })
      let taken = try await withThrowingTaskGroup(of: [JobID].self) { group in
        for _ in 0..<4 {
          let worker = try await store.join(.test())
          group.addTask {
            var mine: [JobID] = []
            while case let jobs = try await worker.claim(.test(7)).jobs, !jobs.isEmpty {
              mine += jobs.map(\.id)
            }
            return mine
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(taken.count == 200)
      #expect(Set(taken).count == 200)
    },
    JobStoreRule("says in a claim everything that a worker needs") { (store) async throws in
      let new = try NewJob.test(input: #"{"a":2}"#) { $0.priority = 3 }
      let sequence = try await store.enqueue([new])[0].sequence
      let job = try #require(try await store.join(.test()).claim(.test()).jobs.first)
      #expect(job.token == ClaimToken(sequence: sequence, delivery: 1))
      #expect((job.id, job.kind, job.payload) == (new.id, new.kind, new.payload))
      #expect((job.queue, job.priority, job.attempt) == ("default", 3, 1))
      #expect(job.history == nil)
      let record = try #require(try await store.job(new.id))
      #expect(record.state == .running)
      #expect(record.worker != nil)
    },
    JobStoreRule("keeps a scheduled job until its time, and tells when the next one is due") {
      (store) async throws in
      let soon = try NewJob.test { $0.delay = .milliseconds(30) }
      let late = try NewJob.test { $0.delay = .seconds(3600) }
      _ = try await store.enqueue([late, soon])
      let worker = try await store.join(.test())
      let early = try await worker.claim(.test())
      var jobs = early.jobs
      if jobs.isEmpty {
        #expect(abs(try #require(early.nextDue).timeIntervalSince(soon.runAt!)) < 0.001)
      }
      while jobs.isEmpty { jobs = try await worker.claim(.test()).jobs }
      #expect(jobs.map(\.id) == [soon.id])
      #expect(Date() >= soon.runAt!)
    },
    JobStoreRule("lets a job expire that was not started in time") { (store) async throws in
      let job = try NewJob.test { $0.expiry = .milliseconds(1) }
      _ = try await store.enqueue([job])
      let worker = try await store.join(.test())
      while Date() <= job.expiresAt! { await Task.yield() }
      #expect(try await worker.claim(.test()).jobs.isEmpty)
      let record = try #require(try await store.job(job.id))
      #expect(record.state == .expired)
      #expect(record.finishedAt != nil)
    },
    JobStoreRule("leaves jobs alone whose name or payload version the worker does not know, and names them") {
      (store) async throws in
      let known = try NewJob.test()
      let unknown = [
        try NewJob.test("other") { $0.priority = 9 }, try NewJob.test(version: 2) { $0.priority = 9 },
      ]
      _ = try await store.enqueue(unknown + [known])
      let worker = try await store.join(.test())
      let claim = try await worker.claim(.test(10))
      #expect(claim.jobs.map(\.id) == [known.id])
      #expect(
        claim.unknown == [
          UnknownJob(name: "other", payloadVersion: 1), UnknownJob(name: "test", payloadVersion: 2),
        ])
      for job in unknown {
        let record = try #require(try await store.job(job.id))
        #expect((record.state, record.life.deliveries) == (.ready, 0))
      }
      let newer = try await store.join(.test(knows: ["test": 2, "other": 1]))
      #expect(try await newer.claim(.test(knows: ["test": 2, "other": 1])).jobs.count == 2)
    },
    JobStoreRule("serves the named queues in their order, all queues in turn, and no paused one") {
      (store) async throws in
      for queue in ["a", "b", "c"] {
        _ = try await store.enqueue((0..<3).map { _ in try .test { $0.queue = queue } })
      }
      let worker = try await store.join(.test())
      #expect(
        try await worker.claim(.test(4, queues: ["b", "c"])).jobs.map(\.queue) == ["b", "b", "b", "c"])
      try await store.setPaused(true, queue: "a")
      #expect(try await worker.claim(.test(10)).jobs.map(\.queue) == ["c", "c"])
      try await store.setPaused(false, queue: "a")
      let rest = try await Set(
        [worker.claim(.test(1)), worker.claim(.test(10))].flatMap { $0.jobs.map(\.queue) })
      #expect(rest == ["a"])
    },
  ]

  static let ending = [
    JobStoreRule("stores the end of an attempt with its result, error and log") { (store) async throws in
      _ = try await store.enqueue([.test()])
      let worker = try await store.join(.test())
      let job = try await worker.claim(.test()).jobs[0]
      #expect(
        try await worker.finish(job.token, .test(job, .succeeded, .succeeded, result: "42", log: "hello\n")))
      let record = try #require(try await store.job(job.id))
      #expect((record.state, record.life.attempts, record.worker) == (.succeeded, 1, nil))
      #expect(record.finishedAt != nil)
      #expect(try await store.result(of: record.sequence) == Data("42".utf8))
      #expect(try await store.log(of: record.sequence, attempt: 1, from: 0) == Data("hello\n".utf8))
      #expect(try await store.log(of: record.sequence, attempt: 1, from: 2) == Data("llo\n".utf8))
      let attempts = try await store.attempts(of: record.sequence)
      #expect(attempts.map(\.outcome) == [.succeeded])
    },
    JobStoreRule("refuses a stale token, and changes nothing then") { (store) async throws in
      _ = try await store.enqueue([.test()])
      let (first, second) = try await (store.join(.test()), store.join(.test()))
      let job = try await first.claim(.test()).jobs[0]
      try await first.handBack([job.token])
      let again = try await second.claim(.test()).jobs[0]
      #expect(again.token.delivery == 2)
      #expect(try await !first.finish(job.token, .test(job, .succeeded, .succeeded, result: "1")))
      #expect(try await !second.finish(job.token, .test(job, .succeeded, .succeeded, result: "1")))
      try await first.handBack([again.token])
      #expect(try await store.job(job.id)?.state == .running)
      #expect(try await store.result(of: job.token.sequence) == nil)
      #expect(try await second.finish(again.token, .test(again, .succeeded, .succeeded, result: "2")))
      #expect(try await !second.finish(again.token, .test(again, .succeeded, .succeeded, result: "3")))
      #expect(try await store.result(of: job.token.sequence) == Data("2".utf8))
    },
    JobStoreRule("schedules a retry, and tells the next attempt of those before") { (store) async throws in
      _ = try await store.enqueue([.test()])
      let worker = try await store.join(.test())
      let job = try await worker.claim(.test()).jobs[0]
      let retryAt = Date()
      let ended = FinishedAttempt.test(job, .failed(retryAt: retryAt, now: retryAt), .failed)
      #expect(try await worker.finish(job.token, ended))
      let again = try await worker.claim(.test()).jobs[0]
      #expect((again.attempt, again.life.failures, again.token.delivery) == (2, 1, 2))
      let history = try #require(again.history)
      #expect(abs(history.firstStart.timeIntervalSince(ended.attempt.startedAt)) < 0.001)
      #expect(abs(history.lastEnd.timeIntervalSince(ended.attempt.endedAt!)) < 0.001)
    },
    JobStoreRule("gives back untouched what was not started") { (store) async throws in
      let id = try await store.enqueue([.test()])[0].id
      let worker = try await store.join(.test())
      try await worker.handBack(worker.claim(.test()).jobs.map(\.token))
      let record = try #require(try await store.job(id))
      #expect((record.state, record.life.attempts, record.life.deliveries) == (.ready, 0, 1))
    },
    JobStoreRule("gives back what a leaving worker still holds, and strikes it off") { (store) async throws in
      let id = try await store.enqueue([.test()])[0].id
      let worker = try await store.join(.test())
      _ = try await worker.claim(.test())
      #expect(try await store.workers().map(\.liveness) == [.alive])
      try await worker.leave()
      #expect(try await store.job(id)?.state == .ready)
      #expect(try await store.workers().isEmpty)
      #expect(try await store.knownJobs() == ["test": 1])
    },
    JobStoreRule("keeps what a running attempt reports, from its holder only") { (store) async throws in
      _ = try await store.enqueue([.test()])
      let worker = try await store.join(.test())
      let job = try await worker.claim(.test()).jobs[0]
      let attempt = AttemptRecord(number: 1, delivery: 1, worker: "tester", startedAt: Date())
      func report(_ token: ClaimToken, _ fraction: Double, _ log: String) async throws {
        try await worker.report([
          AttemptReport(
            token: token, attempt: attempt, progress: JobProgress(fraction: fraction, message: "half"),
            log: Data(log.utf8))
        ])
      }
      try await report(job.token, 0.25, "one\n")
      try await report(job.token, 0.5, "two\n")
      try await report(ClaimToken(sequence: job.token.sequence, delivery: 9), 0.75, "never\n")
      #expect(try await store.job(job.id)?.progress == JobProgress(fraction: 0.5, message: "half"))
      #expect(try await store.log(of: job.token.sequence, attempt: 1, from: 0) == Data("one\ntwo\n".utf8))
      #expect(try await store.attempts(of: job.token.sequence).map(\.outcome) == [.running])
      _ = try await worker.finish(job.token, .test(job, .succeeded, .succeeded, log: "three\n"))
      #expect(try await store.log(of: job.token.sequence, attempt: 1, from: 4) == Data("two\nthree\n".utf8))
      #expect(try await store.attempts(of: job.token.sequence).map(\.outcome) == [.succeeded])
    },
  ]

  static let controlling = [
    JobStoreRule("cancels what has not started, and asks what runs to stop") { (store) async throws in
      let ids = try await store.enqueue([.test(), .test { $0.delay = .seconds(60) }, .test()]).map(\.id)
      let worker = try await store.join(.test())
      let running = try await worker.claim(.test(1)).jobs[0]
      let control = store.signals.control.value
      let asked = try await store.cancel(running.id)
      #expect((asked.state, asked.life.isCancelRequested) == (.running, true))
      #expect(store.signals.control.value != control)
      #expect(try await worker.cancelRequests() == [running.token])
      for id in ids[1...] { #expect(try await store.cancel(id).state == .cancelled) }
      #expect(try await worker.finish(running.token, .test(running, .stopped, .cancelled)))
      #expect(try await worker.cancelRequests().isEmpty)
      #expect(try await store.cancel(running.id).state == .cancelled)
      #expect(try await worker.claim(.test()).jobs.isEmpty)
      await expectError(.jobNotFound) { try await store.cancel(JobID()) }
    },
    JobStoreRule("retries what failed, was cancelled or expired, and nothing else") { (store) async throws in
      let id = try await store.enqueue([.test { $0.uniqueKey = "k" }])[0].id
      await expectError(.wrongState, contains: "ready") { try await store.retry(id) }
      _ = try await store.cancel(id)
      #expect(try await store.retry(id).state == .ready)
      _ = try await store.cancel(id)
      _ = try await store.enqueue([.test { $0.uniqueKey = "k" }])
      await expectError(.wrongState, contains: "unique") { try await store.retry(id) }
      #expect(try await store.job(id)?.state == .cancelled)
      await expectError(.jobNotFound) { try await store.retry(JobID()) }
    },
    JobStoreRule("purges a queue's jobs by state, never those that run") { (store) async throws in
      _ = try await store.enqueue([.test(), .test(), .test { $0.queue = "other" }])
      let worker = try await store.join(.test())
      let running = try await worker.claim(.test(1, queues: ["default"])).jobs[0]
      #expect(try await store.purge(queue: "default", states: Set(JobState.allCases)) == 1)
      #expect(try await store.job(running.id)?.state == .running)
      #expect(try await store.jobs(JobFilter()).count == 2)
    },
  ]

  static let looking = [
    JobStoreRule("lists by queue, name and state, page by page") { (store) async throws in
      let ids = try await store.enqueue(
        (0..<6).map { n in try .test(n < 3 ? "test" : "other") { $0.queue = n % 2 == 0 ? "even" : "odd" } }
      ).map(\.id)
      func list(_ change: (inout JobFilter) -> Void) async throws -> [JobID] {
        var filter = JobFilter()
        change(&filter)
        return try await store.jobs(filter).map(\.id)
      }
      let all = try await list { _ in }
      let even = try await list { $0.queue = "even" }
      let others = try await list {
        $0.name = "other"; $0.queue = "odd"
      }
      #expect((all, even, others) == (ids.reversed(), [ids[4], ids[2], ids[0]], [ids[5], ids[3]]))
      _ = try await store.cancel(ids[1])
      let cancelled = try await list { $0.states = [.cancelled] }
      #expect(cancelled == [ids[1]])
      let page = try await list { $0.limit = 2 }
      let last = try #require(try await store.job(page[1])).sequence
      let next = try await list {
        $0.limit = 2; $0.before = last
      }
      #expect((page, next) == ([ids[5], ids[4]], [ids[3], ids[2]]))
    },
    JobStoreRule("counts by queue and state") { (store) async throws in
      let ids = try await store.enqueue([.test(), .test(), .test { $0.queue = "b" }]).map(\.id)
      _ = try await store.cancel(ids[0])
      try await store.setPaused(true, queue: "b")
      let counts = try await store.counts().sorted { $0.queue < $1.queue }
      #expect(
        counts == [
          QueueCounts(queue: "b", isPaused: true, jobs: [.ready: 1]),
          QueueCounts(queue: "default", isPaused: false, jobs: [.ready: 1, .cancelled: 1]),
        ])
    },
    JobStoreRule("tells every job that changed after a revision, and where to go on") {
      (store) async throws in
      let start = try store.revision()
      let ids = try await store.enqueue((0..<5).map { _ in try .test() }).map(\.id)
      let first = try store.changes(after: start, limit: 100)
      #expect(Set(first.map(\.id)) == Set(ids))
      let cursor = try #require(first.last).revision
      #expect(try store.changes(after: cursor, limit: 100).isEmpty)
      _ = try await store.cancel(ids[2])
      #expect(try store.changes(after: cursor, limit: 100).map(\.id) == [ids[2]])
      // A small limit loses nothing, whatever it cuts.
      var seen: Set<JobID> = []
      var place = start
      while case let batch = try store.changes(after: place, limit: 2), let last = batch.last {
        seen.formUnion(batch.map(\.id))
        place = last.revision
      }
      #expect(seen == Set(ids))
    },
    JobStoreRule("finds nothing where there is nothing") { (store) async throws in
      #expect(try await store.job(JobID()) == nil)
      #expect(try await store.job(sequence: 99) == nil)
      #expect(try await store.payload(of: 99) == nil)
      #expect(try await store.result(of: 99) == nil)
      #expect(try await store.attempts(of: 99).isEmpty)
      #expect(try await store.log(of: 99, attempt: 1, from: 0).isEmpty)
    },
    JobStoreRule("refuses work after its end") { (store) async throws in
      try await store.close()
      await expectError(.closed) { try await store.enqueue([.test()]) }
      // Whoever follows the changes may come a moment later.
      await expectError(.closed) { try store.revision() }
      await expectError(.closed) { try store.changes(after: 0, limit: 10) }
    },
  ]
}

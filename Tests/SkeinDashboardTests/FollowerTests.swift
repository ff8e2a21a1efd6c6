import Foundation
import HTTPTypes
import Logging
import NIOCore
import SkeinJobs
import SkeinNetwork
import SkeinSync
import Testing

@testable import SkeinDashboard

@Suite("JobFollower", .timeLimit(.minutes(2)))
struct FollowerTests {
  @Test("it knows what every change, and every removal, has left", arguments: DashboardStore.allCases)
  func follows(store: DashboardStore) async throws {
    try await withDashboard(store) { dashboard in
      let jobs = try (0..<40).map { place in
        try NewJob(
          name: "command", payload: JobPayload(kwargs: Data("{}".utf8)),
          options: JobOptions { $0.queue = place < 30 ? "a" : "b" })
      }
      let stored = try await dashboard.queue.enqueue(jobs)
      for job in stored.prefix(10) { _ = try await dashboard.queue.cancel(job.id) }
      try await dashboard.settle()
      #expect(
        dashboard.follower.now.tally.jobsByQueue == ["a": [.ready: 20, .cancelled: 10], "b": [.ready: 10]])
      #expect(try await dashboard.queue.purge("a", states: [.cancelled]) == 10)
      try await dashboard.wait { $0.tally.jobsByQueue == ["a": [.ready: 20], "b": [.ready: 10]] }
      // As counting says.
      let counts = try await dashboard.queue.counts()
      #expect(
        Dictionary(uniqueKeysWithValues: counts.map { ($0.queue, $0.jobs) })
          == dashboard.follower.now.tally.jobsByQueue)
    }
  }

  @Test("charts go on after a restart, and know what happened meanwhile")
  func restart() async throws {
    let directory = FileManager.default.temporaryDirectory.path + "/follower-\(JobID())"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let queue = try await JobQueue(directory: directory)
    func enqueue(_ count: Int) async throws -> [EnqueuedJob] {
      try await queue.enqueue(
        (0..<count).map { _ in
          try NewJob(name: "command", payload: JobPayload(kwargs: Data("{}".utf8)), options: JobOptions())
        })
    }
    func following(_ body: (JobFollower) async throws -> Void) async throws {
      let follower = JobFollower(
        queue: queue, directory: directory, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let task = Task { await follower.run() }
      _ = await follower.ready()
      try await body(follower)
      task.cancel()
      await task.value
    }
    func total(_ follower: JobFollower) -> JobHistory.Bucket {
      follower.now.history.series(span: 3600, parts: 10, now: Date()).total
    }
    try await following { follower in
      let jobs = try await enqueue(3)
      _ = try await queue.cancel(jobs[0].id)
      let end = try queue.store.revision()
      for await _ in follower.news() where follower.now.seen >= end { break }
      #expect((total(follower).enqueued, total(follower).dropped) == (3, 1))
    }
    let meanwhile = try await enqueue(2)
    _ = try await queue.cancel(meanwhile[1].id)
    try await following { follower in
      #expect((total(follower).enqueued, total(follower).dropped) == (5, 2))
    }
    // Nothing is counted twice.
    try await following { follower in
      #expect((total(follower).enqueued, total(follower).dropped) == (5, 2))
    }
    try await queue.close()
  }

  @Test("a history that can not be read is left alone, and the rest works")
  func damagedHistory() async throws {
    let directory = FileManager.default.temporaryDirectory.path + "/follower-\(JobID())"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let queue = try await JobQueue(directory: directory)
    let file = URL(fileURLWithPath: directory + "/history.sqlite")
    let damaged = Data(String(repeating: "no database at all ", count: 500).utf8)
    try damaged.write(to: file)
    let follower = JobFollower(
      queue: queue, directory: directory, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let task = Task { await follower.run() }
    #expect(await follower.ready().failure == nil)
    task.cancel()
    await task.value
    #expect(try Data(contentsOf: file) == damaged)
    try await queue.close()
  }

  @Test("what could not be stored is told again")
  func keeping() {
    var history = JobHistory()
    history.noteEnqueued(
      JobRecord(
        sequence: 1, id: JobID(), kind: JobKind(name: "n"), queue: "q", priority: 5,
        life: JobLife(runAt: .now, now: .now), enqueuedAt: .now, revision: 1))
    let changes = history.takeChanges()
    history.keepChanges(changes.keys)
    #expect(history.takeChanges() == changes)
  }

  @Test("a feed gives what came after a revision, as long as it has it")
  func feed() {
    func change(_ revision: Int64) -> JobRecord {
      JobRecord(
        sequence: revision, id: JobID(), kind: JobKind(name: "n"), queue: "q", priority: 5,
        life: JobLife(runAt: .now, now: .now), enqueuedAt: .now, revision: revision)
    }
    var feed = JobFeed(after: 10, least: 5)
    #expect(feed.changes(after: 9) == nil)
    #expect(feed.changes(after: 10)?.isEmpty == true)
    for revision in 11...30 as ClosedRange<Int64> { feed.append([change(revision)]) }
    #expect(feed.end == 30)
    #expect(feed.changes(after: 10) == nil)
    #expect(feed.changes(after: 27)?.map(\.revision) == [28, 29, 30])
    #expect(feed.changes(after: 30)?.isEmpty == true)
  }
}

@Suite("live", .timeLimit(.minutes(2)))
struct LiveTests {
  /// The events of a stream, as they come.
  private func events(
    _ dashboard: TestDashboard, _ target: String, headers: HTTPFields = [:]
  ) async throws -> (AsyncStream<String>, Task<Void, Never>) {
    let response = try await dashboard.handler(Request(.get, target, headers: headers), RequestContext())
    #expect(response.headers[.contentType] == "text/event-stream")
    let (stream, continuation) = AsyncStream.makeStream(of: String.self)
    let task = Task {
      try? await response.body.read { continuation.yield(String(buffer: $0)) }
      continuation.finish()
    }
    return (stream, task)
  }

  @Test(
    "changes of jobs are told as they come, and from where one has stopped",
    arguments: DashboardStore.allCases)
  func jobs(store: DashboardStore) async throws {
    try await withDashboard(store) { dashboard in
      _ = try await dashboard.post(
        "/api/v1/jobs", #"[{"command": ["a"]}, {"command": ["b"], "queue": "other"}]"#)
      try await dashboard.settle()
      let (now, task) = try await events(dashboard, "/api/v1/events?queue=default")
      var iterator = now.makeAsyncIterator()
      #expect(await iterator.next() == ":\n\n")
      _ = try await dashboard.post("/api/v1/jobs/2/cancel")
      _ = try await dashboard.post("/api/v1/jobs/1/cancel")
      let event = try #require(await iterator.next())
      #expect(event.hasPrefix("event: job\nid: ") && event.contains(#""sequence":1,"state":"cancelled""#))
      task.cancel()
      await task.value
      let (again, second) = try await events(
        dashboard, "/api/v1/events", headers: [HTTPField.Name("Last-Event-ID")!: "0"])
      var all = again.makeAsyncIterator()
      _ = await all.next()
      var cancelled: Set<String> = []
      while cancelled.count < 2, let event = await all.next() {
        for job in ["1", "2"] where event.contains("\"sequence\":\(job),\"state\":\"cancelled\"") {
          cancelled.insert(job)
        }
      }
      #expect(cancelled == ["1", "2"])
      second.cancel()
      await second.value
    }
  }

  @Test("a page's parts are sent when they change, and no other ones")
  func parts() async throws {
    try await withDashboard { dashboard in
      let (stream, task) = try await events(dashboard, "/live?page=/")
      var iterator = stream.makeAsyncIterator()
      var first: [String] = []
      while first.count < 6, let event = await iterator.next() { first.append(event) }
      #expect(first[0].hasPrefix("event: hello"))
      #expect(
        first.dropFirst().map { $0.split(separator: "\n")[1] } == [
          "data: counts", "data: charts", "data: queues", "data: failures", "data: workers",
        ])
      _ = try await dashboard.post("/api/v1/jobs", #"{"command": ["a"]}"#)
      var parts: Set<Substring> = []
      while !parts.isSuperset(of: ["data: counts", "data: queues"]), let event = await iterator.next() {
        if event.hasPrefix("event: part") { parts.insert(event.split(separator: "\n")[1]) }
      }
      #expect(!parts.contains("data: workers") && !parts.contains("data: failures"))
      task.cancel()
      await task.value
    }
  }

  @Test("who follows a page is told when it can not be made any more")
  func trouble() async throws {
    try await withDashboard { dashboard in
      let (stream, task) = try await events(dashboard, "/live?page=/schedules")
      var iterator = stream.makeAsyncIterator()
      _ = await iterator.next()
      try await dashboard.queue.close()
      while let event = await iterator.next(), event != "event: trouble\ndata: the queue is closed\n\n" {}
      #expect(!task.isCancelled)
      task.cancel()
      await task.value
    }
  }

  @Test("a page that there is not has no news")
  func missing() async throws {
    try await withDashboard { dashboard in
      for page in ["/jobs/99", "/nothing", "/api/v1/jobs", "//", "/live"] {
        let status = try await dashboard.get("/live?page=\(page)").status
        #expect(status == 404, "\(page)")
      }
      let wrong = try await dashboard.get("/live?page=/jobs%3Flimit%3Dx").status
      #expect(wrong == 400)
    }
  }

  @Test("logs are read as a whole, by range, and as they grow", arguments: DashboardStore.allCases)
  func log(store: DashboardStore) async throws {
    try await withDashboard(store) { dashboard in
      _ = try await dashboard.post("/api/v1/jobs", #"{"command": ["a"]}"#)
      let worker = try await dashboard.queue.store.join(
        WorkerDescription(name: "w", concurrency: 1, queues: [], knows: ["command": 1], processID: 1))
      let claim = try await dashboard.queue.store.claimOne(worker)
      let attempt = AttemptRecord(number: 1, delivery: claim.token.delivery, worker: "w", startedAt: Date())
      try await worker.report([
        AttemptReport(token: claim.token, attempt: attempt, log: Data("0123456789".utf8))
      ])
      #expect(try await dashboard.get("/api/v1/jobs/1/log").body == "0123456789")
      let workers = try #require(
        try await dashboard.get("/api/v1/workers").json["workers"] as? [[String: Any]])
      #expect(workers.map { $0["number"] as? Int } == [1] && workers[0]["jobs"] as? [Int] == [1])
      let ranges = [
        ("bytes=2-4", 206, "234"), ("bytes=7-", 206, "789"), ("bytes=-2", 206, "89"),
        ("bytes=8-99", 206, "89"),
        ("bytes=1-2,4-5", 200, "0123456789"), ("lines=1-2", 200, "0123456789"),
        ("bytes=4-2", 200, "0123456789"),
      ]
      for (range, status, text) in ranges {
        let answer = try await dashboard.get("/api/v1/jobs/1/attempts/1/log", headers: [.range: range])
        #expect((answer.status, answer.body) == (status, text), "\(range)")
      }
      #expect(try await dashboard.get("/api/v1/jobs/1/log", headers: [.range: "bytes=10-"]).status == 416)
      #expect(try await dashboard.get("/api/v1/jobs/1/attempts/2/log").status == 404)
      #expect(try await dashboard.get("/api/v1/jobs/1/log?follow=maybe").status == 400)
      async let followed = dashboard.get("/api/v1/jobs/1/log?follow=true").body
      var ended = attempt
      (ended.outcome, ended.endedAt) = (.succeeded, Date())
      let finished = FinishedAttempt(attempt: ended, event: .succeeded, log: Data("abc".utf8))
      #expect(try await worker.finish(claim.token, finished))
      #expect(try await followed == "0123456789abc")
    }
  }
}

extension TestDashboard {
  /// Waits until something is known.
  func wait(_ isRight: (JobFollower.State) -> Bool) async throws {
    let news = follower.news()
    if isRight(follower.now) { return }
    for await _ in news where isRight(follower.now) { break }
  }
}

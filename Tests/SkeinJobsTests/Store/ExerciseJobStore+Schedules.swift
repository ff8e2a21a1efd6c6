import Foundation
import SkeinJobs
import SkeinResilience
import Testing

extension JobStoreRule {
  /// What every store does with what comes up again and again.
  static let scheduling = [
    JobStoreRule("keeps every field of a schedule, and lists by name") { (store) async throws in
      let job = try NewJob.test(version: 2, input: #"{"a":1}"#) {
        $0.queue = "reports"
        $0.priority = 8
        $0.retry = RetryPolicy(maximumAttempts: 3)
        $0.uniqueKey = "u"
        $0.concurrencyKey = "c"
      }
      let new = try NewSchedule(
        name: "nightly",
        schedule: .cron("30 4 * * MON-FRI", timeZone: "Europe/Berlin", jitter: .seconds(60)), job: job,
        expiry: .seconds(3600), catchUp: .all(limit: 7))
      try await store.put(new)
      try await store.put(.every(10, "a poll"))
      let records = try await store.schedules()
      #expect(records.map(\.name) == ["a poll", "nightly"])
      #expect(records[1].new == new && !records[1].isPaused && records[1].runs.isEmpty)
      #expect(records[1].nextTick == new.schedule.next(after: records[1].madeAt))
    },
    JobStoreRule("enqueues each tick once, whoever asks and how often") { (store) async throws in
      try await store.put(.every(10, "poll") { $0.priority = 7 })
      let start = try #require(try await store.schedules().first?.nextTick)
      let early = try await store.enqueueDue(now: start.addingTimeInterval(-0.5))
      #expect(early.count == 0 && early.next == start)
      async let one = store.enqueueDue(now: start)
      async let other = store.enqueueDue(now: start)
      let counts = try await [one.count, other.count]
      #expect(counts.sorted() == [0, 1])
      let next = try await store.enqueueDue(now: start.addingTimeInterval(9))
      #expect(next.count == 0 && next.next == start.addingTimeInterval(10))
      #expect(try await store.enqueueDue(now: start.addingTimeInterval(10)).count == 1)
      let jobs = try await store.jobs(JobFilter())
      #expect(jobs.count == 2 && jobs.allSatisfy { $0.priority == 7 && $0.state == .ready })
      let runs = try #require(try await store.schedules().first?.runs)
      #expect(runs.map(\.tick) == [start.addingTimeInterval(10), start])
      #expect(runs.map(\.sequence) == jobs.map(\.sequence))
    },
    JobStoreRule(
      "makes up for missed ticks as the schedule says, and does nothing twice when the clock goes back"
    ) {
      (store) async throws in
      for (name, catchUp) in [("skip", CatchUpPolicy.skip), ("once", .once), ("all", .all(limit: 3))] {
        try await store.put(.every(10, name, catchUp: catchUp) { $0.queue = name })
      }
      let start = try #require(try await store.schedules().first?.nextTick)
      // Ten minutes and some seconds late: past the grace.
      let late = start.addingTimeInterval(600 + 5)
      #expect(try await store.enqueueDue(now: late).count == 5)
      let byQueue = Dictionary(grouping: try await store.jobs(JobFilter()), by: \.queue).mapValues(\.count)
      #expect(byQueue == ["skip": 1, "once": 1, "all": 3])
      #expect(try await store.enqueueDue(now: start).count == 0)
      #expect(try await store.enqueueDue(now: late).count == 0)
    },
    JobStoreRule("passes over the ticks of a schedule that is paused, for good") { (store) async throws in
      try await store.put(.every(10, "poll"))
      let start = try #require(try await store.schedules().first?.nextTick)
      #expect(try await store.setPaused(true, schedule: "poll"))
      #expect(
        try await store.enqueueDue(now: start.addingTimeInterval(100)) == DueSchedules(count: 0, next: nil))
      // One that is replaced stays paused.
      try await store.put(.every(20, "poll"))
      #expect(try await store.schedules().first.map { $0.isPaused && $0.nextTick == nil } == true)
      #expect(try await store.setPaused(false, schedule: "poll"))
      let next = try #require(try await store.schedules().first?.nextTick)
      #expect(try await store.enqueueDue(now: next).count == 1)
      #expect(try await !store.setPaused(true, schedule: "nothing"))
    },
    JobStoreRule(
      "loses no tick of a schedule that is put again as it was, and goes on after a clock that was ahead"
    ) {
      (store) async throws in
      try await store.put(.every(10, "poll"))
      let start = try #require(try await store.schedules().first?.nextTick)
      #expect(try await !store.put(.every(20, "other")).isReplaced)
      let again = try await store.put(.every(10, "poll") { $0.priority = 2 })
      #expect(again.isReplaced && again.record.nextTick == start)
      // A year ahead, then right again.
      #expect(try await store.enqueueDue(now: start.addingTimeInterval(365 * 86_400)).count == 2)
      let back = start.addingTimeInterval(25)
      let due = try await store.enqueueDue(now: back)
      #expect(due.count == 0 && due.next == start.addingTimeInterval(30))
      #expect(try await store.schedules().allSatisfy { $0.nextTick! <= start.addingTimeInterval(45) })
      #expect(try await store.enqueueDue(now: start.addingTimeInterval(30)).count >= 1)
      #expect(try await store.enqueueDue(now: start.addingTimeInterval(30)).count == 0)
    },
    JobStoreRule("passes over a tick while the job of an earlier one is unfinished, if asked to") {
      (store) async throws in
      try await store.put(.every(10, "slow", avoidsOverlap: true))
      let start = try #require(try await store.schedules().first?.nextTick)
      #expect(try await store.enqueueDue(now: start).count == 1)
      #expect(try await store.enqueueDue(now: start.addingTimeInterval(10)).count == 0)
      let job = try await store.jobs(JobFilter())[0]
      _ = try await store.cancel(job.id)
      #expect(try await store.enqueueDue(now: start.addingTimeInterval(20)).count == 1)
    },
    JobStoreRule("spreads starts by the jitter, and counts an expiry from the start") {
      (store) async throws in
      let schedule = try JobSchedule.every(.seconds(100), jitter: .seconds(90))
      try await store.put(
        try NewSchedule(name: "spread", schedule: schedule, job: .test(), expiry: .seconds(5)))
      let tick = try #require(try await store.schedules().first?.nextTick)
      #expect(try await store.enqueueDue(now: tick).count == 1)
      let job = try await store.jobs(JobFilter())[0]
      let start = schedule.start(of: tick, named: "spread")
      #expect(abs(job.life.runAt.timeIntervalSince(start)) < 0.001)
      let expiry = try #require(job.expiresAt)
      #expect(abs(expiry.timeIntervalSince(start) - 5) < 0.001)
    },
    JobStoreRule("runs a schedule's job when asked, removes schedules, and tells workers of changes") {
      (store) async throws in
      let control = store.signals.control.value
      try await store.put(.every(3600, "hourly"))
      #expect(store.signals.control.value != control)
      let asked = try #require(try await store.runSchedule("hourly"))
      #expect(try await store.job(asked.id)?.state == .ready)
      #expect(try await store.schedules().first?.runs.isEmpty == true)
      #expect(try await store.runSchedule("nothing") == nil)
      #expect(try await store.removeSchedule("hourly"))
      #expect(try await !store.removeSchedule("hourly"))
      #expect(try await store.schedules().isEmpty)
      #expect(try await store.enqueueDue(now: .distantFuture) == DueSchedules(count: 0, next: nil))
      #expect(try await store.jobs(JobFilter()).map(\.id) == [asked.id])
    },
  ]
}

extension NewSchedule {
  /// A fixed rate whose ticks are whole multiples of so many seconds.
  fileprivate static func every(
    _ seconds: Int, _ name: String, catchUp: CatchUpPolicy = .once, avoidsOverlap: Bool = false,
    _ change: (inout JobOptions) -> Void = { _ in }
  ) throws -> NewSchedule {
    try NewSchedule(
      name: name, schedule: .every(.seconds(seconds)), job: .test("test", change), catchUp: catchUp,
      avoidsOverlap: avoidsOverlap)
  }
}

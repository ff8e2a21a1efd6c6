import Foundation
import SkeinJobs
import SkeinTesting
import Testing

/// A worker that ends each job as it is told.
private struct Hand {
  var worker: any WorkerMembership

  init(_ store: any JobStore) async throws { worker = try await store.join(.test()) }

  /// Takes everything that is ready.
  func take() async throws -> [ClaimedJob] { try await worker.claim(.test(1000)).jobs }

  /// Takes everything that is ready, and ends it.
  ///
  /// - Returns: what was ready.
  @discardableResult
  func run(failing: Set<JobID> = []) async throws -> [JobID] {
    let jobs = try await take()
    for job in jobs { try await end(job, fails: failing.contains(job.id)) }
    return jobs.map(\.id)
  }

  func end(_ job: ClaimedJob, fails: Bool = false, result: String = "1") async throws {
    let attempt =
      fails
      ? FinishedAttempt.test(job, .gaveUp(.permanent), .failed)
      : .test(job, .succeeded, .succeeded, result: result)
    #expect(try await worker.finish(job.token, attempt))
  }
}

extension NewJob {
  /// A job that waits for others.
  fileprivate static func test(
    after jobs: [NewJob], _ condition: JobDependency.Condition = .success, any: Bool = false,
    _ change: (inout JobOptions) -> Void = { _ in }
  ) throws -> NewJob {
    var new = try NewJob.test("test", change)
    new.dependencies = jobs.map { JobDependency(on: $0.id, condition) }
    new.startsAfterAny = any
    return new
  }
}

extension JobStore {
  fileprivate func state(_ job: NewJob) async throws -> JobState? { try await self.job(job.id)?.state }
}

extension JobStoreRule {
  /// What every store does with jobs that wait for others.
  static let linking = ends + groups + tryingAgain + refusing + [anyFlow]

  private static let ends = [
    JobStoreRule("starts a job when all have succeeded that it waits for, and not before") {
      (store) async throws in
      let (a, b) = (try NewJob.test(), try NewJob.test())
      let join = try NewJob.test(after: [b, a])
      // Those that wait may come first.
      let answers = try await store.enqueue([join, a, b])
      #expect(answers.map(\.id) == [join.id, a.id, b.id])
      let hand = try await Hand(store)
      let jobs = try await hand.take()
      #expect(jobs.map(\.id) == [a.id, b.id])
      try await hand.end(jobs[0], result: "10")
      #expect(try await hand.take().isEmpty)
      #expect(try await store.state(join) == .waiting)
      try await hand.end(jobs[1], result: "20")
      let last = try #require(try await hand.take().first)
      #expect(last.id == join.id && last.ties.contains(.needsOthers))
      let inputs = try await hand.worker.inputs(of: last.token)
      #expect(
        inputs == [JobInput(job: b.id, result: Data("20".utf8)), .init(job: a.id, result: Data("10".utf8))])
      #expect(try await store.inputs(of: last.token.sequence) == inputs)
    },
    JobStoreRule("cancels all that could start only after a success, as soon as there is none") {
      (store) async throws in
      let (a, b) = (try NewJob.test(), try NewJob.test())
      let join = try NewJob.test(after: [a, b])
      let next = try NewJob.test(after: [join])
      let alarm = try NewJob.test(after: [join], .failure)
      let closing = try NewJob.test(after: [next, a], .end)
      _ = try await store.enqueue([a, b, join, next, alarm, closing])
      let hand = try await Hand(store)
      try await hand.run(failing: [a.id])
      #expect(try await store.state(join) == .cancelled)
      #expect(try await store.state(next) == .cancelled)
      #expect(Set(try await hand.run()) == [alarm.id, closing.id])
    },
    JobStoreRule("counts a cancellation, an expiry and a purge as failures") { (store) async throws in
      let cancelled = try NewJob.test { $0.queue = "paused" }
      let expired = try NewJob.test {
        $0.queue = "paused"
        $0.expiry = .milliseconds(1)
      }
      let purged = try NewJob.test { $0.queue = "purged" }
      let all = [cancelled, expired, purged]
      let needing = try all.map { try NewJob.test(after: [$0]) }
      let alarms = try all.map { try NewJob.test(after: [$0], .failure) }
      try await store.setPaused(true, queue: "paused")
      _ = try await store.enqueue(all + needing + alarms)
      _ = try await store.cancel(cancelled.id)
      #expect(try await store.purge(queue: "purged", states: [.ready]) == 1)
      let hand = try await Hand(store)
      var ran: Set<JobID> = []
      try await eventually("all alarms run") {
        ran.formUnion(try await hand.run())
        return ran == Set(alarms.map(\.id))
      }
      for job in needing { #expect(try await store.state(job) == .cancelled) }
    },
    JobStoreRule("starts a job after any of several, and cancels it after none") { (store) async throws in
      let (a, b) = (try NewJob.test(), try NewJob.test())
      let either = try NewJob.test(after: [a, b], any: true)
      let alarm = try NewJob.test(after: [a, b], .failure, any: true)
      let never = try NewJob.test(after: [a, b], .failure)
      _ = try await store.enqueue([a, b, either, alarm, never])
      let hand = try await Hand(store)
      #expect(try await hand.run(failing: [a.id]) == [a.id, b.id])
      #expect(Set(try await hand.run()) == [either.id, alarm.id])
      #expect(try await store.state(never) == .cancelled)
      let (c, d) = (try NewJob.test(), try NewJob.test())
      let neither = try NewJob.test(after: [c, d], any: true)
      _ = try await store.enqueue([c, d, neither])
      try await hand.run(failing: [c.id, d.id])
      #expect(try await store.state(neither) == .cancelled)
    },
    JobStoreRule("puts a fallback in the place of what has failed, with its result") { (store) async throws in
      let first = try NewJob.test()
      let fallback = try NewJob.test(after: [first], .fallback)
      let next = try NewJob.test(after: [first])
      let closing = try NewJob.test(after: [first], .end)
      _ = try await store.enqueue([first, fallback, next, closing])
      let hand = try await Hand(store)
      try await hand.run(failing: [first.id])
      #expect(try await store.state(next) == .waiting)
      for job in try await hand.take() { try await hand.end(job, result: job.id == fallback.id ? "7" : "0") }
      let last = try #require(try await hand.take().first)
      #expect(last.id == next.id)
      #expect(
        try await hand.worker.inputs(of: last.token) == [JobInput(job: first.id, result: Data("7".utf8))])
      // Where there was no failure it is not needed.
      let good = try NewJob.test()
      let idle = try NewJob.test(after: [good], .fallback)
      _ = try await store.enqueue([good, idle])
      try await hand.run()
      #expect(try await store.state(idle) == .cancelled)
    },
    JobStoreRule("judges a job at once by those that have ended already") { (store) async throws in
      let (good, bad, open) = (
        try NewJob.test(), try NewJob.test(), try NewJob.test { $0.delay = .seconds(99) }
      )
      _ = try await store.enqueue([good, bad, open])
      try await Hand(store).run(failing: [bad.id])
      let cases: [(NewJob, JobState)] = [
        (try .test(after: [good]), .ready), (try .test(after: [bad]), .cancelled),
        (try .test(after: [good, open]), .waiting), (try .test(after: [bad], .end), .ready),
        (try .test(after: [bad, open], any: true), .waiting),
        (try .test(after: [good, bad], any: true), .ready),
        (try .test(after: [bad, open]), .cancelled),
        (try .test(after: [good]) { $0.delay = .seconds(99) }, .scheduled),
      ]
      _ = try await store.enqueue(cases.map(\.0))
      for (job, state) in cases { #expect(try await store.state(job) == state) }
      let cancelled = try #require(try await store.job(cases[1].0.id))
      #expect(cancelled.finishedAt != nil)
    },
  ]

  private static let groups = [
    JobStoreRule("cancels the rest of a group that fails together, but not what follows a failure or any end")
    {
      (store) async throws in
      var (bad, running, ready) = (
        try NewJob.test(), try NewJob.test(), try NewJob.test { $0.queue = "later" }
      )
      var waiting = try NewJob.test(after: [ready])
      var closing = try NewJob.test(after: [bad, ready], .end)
      let stranger = try NewJob.test { $0.queue = "later" }
      let group = JobID()
      for place in 0..<5 {
        func put(_ job: inout NewJob) {
          job.payload.groupID = group
          job.payload.groupIndex = place
          job.failsTogether = true
        }
        switch place {
        case 0: put(&bad)
        case 1: put(&running)
        case 2: put(&ready)
        case 3: put(&waiting)
        default: put(&closing)
        }
      }
      _ = try await store.enqueue([bad, running, ready, waiting, closing, stranger])
      let hand = try await Hand(store)
      let jobs = try await hand.worker.claim(.test(10, queues: ["default"])).jobs
      #expect(jobs.map(\.id) == [bad.id, running.id])
      try await hand.end(jobs[0], fails: true)
      #expect(try await store.state(ready) == .cancelled)
      #expect(try await store.state(waiting) == .cancelled)
      #expect(try await store.job(running.id)?.life.isCancelRequested == true)
      #expect(try await hand.worker.cancelRequests() == [jobs[1].token])
      #expect(try await store.state(stranger) == .ready)
      #expect(try await store.state(closing) == .ready)
      var filter = JobFilter()
      filter.group = group
      #expect(
        Set(try await store.jobs(filter).map(\.id)) == Set([bad, running, ready, waiting, closing].map(\.id)))
    },
    JobStoreRule("has those that wait for a job wait for what is put alongside of it") {
      (store) async throws in
      let group = JobID()
      var first = try NewJob.test()
      first.payload.groupID = group
      first.payload.groupIndex = 0
      let join = try NewJob.test(after: [first])
      _ = try await store.enqueue([first, join])
      let hand = try await Hand(store)
      let running = try #require(try await hand.take().first)
      var more = try (0..<3).map { _ in try NewJob.test() }
      for place in more.indices { more[place].alongside = first.id }
      let added = try await store.enqueue(more)
      try await hand.end(running, result: "0")
      #expect(try await store.state(join) == .waiting)
      let payload = try await store.payload(of: added[2].sequence)
      #expect(payload?.groupID == group && payload?.groupIndex == 3)
      for (place, job) in try await hand.take().enumerated() {
        try await hand.end(job, result: "\(place + 1)")
      }
      let last = try #require(try await hand.take().first)
      #expect(last.id == join.id)
      let results = try await hand.worker.inputs(of: last.token).map {
        String(decoding: $0.result!, as: UTF8.self)
      }
      #expect(results == ["0", "1", "2", "3"])
      await expectError(.wrongState, contains: "alongside") { try await store.enqueue([more[0]]) }
      // One that would wait, through what follows, for itself.
      let next = try NewJob.test { $0.queue = "later" }
      let after = try NewJob.test(after: [next])
      _ = try await store.enqueue([next, after])
      var circle = try NewJob.test(after: [after])
      circle.alongside = next.id
      await expectError(.invalidInput, contains: "is to wait for it") { try await store.enqueue([circle]) }
      #expect(try await store.job(circle.id) == nil)
    },
    JobStoreRule("finds all that a job is tied to, and how") { (store) async throws in
      let (a, b) = (try NewJob.test(), try NewJob.test())
      let (c, d) = (try NewJob.test(after: [a, b]), try NewJob.test(after: [b], .failure))
      let numbers = try await store.enqueue([a, b, c, d, .test()]).map(\.sequence)
      let expected = [
        JobLink(job: numbers[2], needs: numbers[0], condition: .success, state: .pending),
        JobLink(job: numbers[2], needs: numbers[1], condition: .success, state: .pending),
        JobLink(job: numbers[3], needs: numbers[1], condition: .failure, state: .pending),
      ]
      for number in numbers[..<4] { #expect(try await store.links(around: number, limit: 100) == expected) }
      #expect(try await store.links(around: numbers[4], limit: 100).isEmpty)
      try await Hand(store).run(failing: [b.id])
      #expect(try await store.links(around: numbers[0], limit: 100).map(\.state) == [.met, .broken, .met])
    },
  ]

  private static let tryingAgain = [
    JobStoreRule("does not have two jobs wait for each other where a fallback takes over") {
      (store) async throws in
      let first = try NewJob.test()
      let next = try NewJob.test(after: [first])
      var fallback = try NewJob.test(after: [first], .fallback)
      fallback.dependencies.append(JobDependency(on: next.id, .end))
      _ = try await store.enqueue([first, next, fallback])
      let hand = try await Hand(store)
      try await hand.run(failing: [first.id])
      #expect(try await store.state(next) == .cancelled)
      #expect(try await hand.run() == [fallback.id])
    },
    JobStoreRule("does not bring back a job whose unique key another one has by now") {
      (store) async throws in
      let first = try NewJob.test()
      let next = try NewJob.test(after: [first]) { $0.uniqueKey = "k" }
      _ = try await store.enqueue([first, next])
      try await Hand(store).run(failing: [first.id])
      _ = try await store.enqueue([.test { $0.uniqueKey = "k" }])
      await expectError(.wrongState, contains: "unique key") { try await store.retry(first.id) }
      #expect(try await store.state(first) == .failed)
      #expect(try await store.state(next) == .cancelled)
    },
    JobStoreRule("a failure of a large group that fails together is told once") { (store) async throws in
      let group = JobID()
      let members = try (0..<1500).map { place in
        var job = try NewJob.test()
        job.payload.groupID = group
        job.payload.groupIndex = place
        job.failsTogether = true
        return job
      }
      _ = try await store.enqueue(members)
      let hand = try await Hand(store)
      let jobs = try await hand.worker.claim(.test(700)).jobs
      try await hand.end(jobs[0], fails: true)
      #expect(try await store.counts()[0].jobs == [.failed: 1, .running: 699, .cancelled: 800])
      #expect(try await hand.worker.cancelRequests().count == 699)
    },
    JobStoreRule("brings back with a retried job all that was cancelled because of it") {
      (store) async throws in
      let (a, b) = (try NewJob.test(), try NewJob.test())
      let join = try NewJob.test(after: [a, b])
      let next = try NewJob.test(after: [join])
      let unwanted = try NewJob.test(after: [a])
      _ = try await store.enqueue([a, b, join, next, unwanted])
      _ = try await store.cancel(unwanted.id)
      let hand = try await Hand(store)
      try await hand.run(failing: [a.id, b.id])
      await expectError(.wrongState, contains: "retry that one") { try await store.retry(join.id) }
      _ = try await store.retry(a.id)
      // The other one has failed as well.
      #expect(try await store.state(join) == .cancelled)
      _ = try await store.retry(b.id)
      #expect(try await store.state(join) == .waiting)
      #expect(try await store.state(next) == .waiting)
      #expect(try await store.state(unwanted) == .cancelled)
      #expect(try await store.retry(unwanted.id).state == .waiting)
      #expect(Set(try await hand.run()) == [a.id, b.id])
      #expect(Set(try await hand.run()) == [join.id, unwanted.id])
      #expect(try await hand.run() == [next.id])
    },
    JobStoreRule("keeps a finished job as long as an unfinished one waits for its result") {
      (store) async throws in
      let first = try NewJob.test { $0.retention = .zero }
      let other = try NewJob.test { $0.delay = .seconds(100) }
      let join = try NewJob.test(after: [first, other])
      _ = try await store.enqueue([first, other, join])
      let hand = try await Hand(store)
      try await hand.run()
      let all = RetentionPolicy(succeeded: .zero, unsuccessful: .zero)
      #expect(try await store.prune(all, limit: 10) == 0)
      #expect(try await store.purge(queue: "default", states: [.succeeded]) == 0)
      _ = try await store.cancel(other.id)
      #expect(try await store.prune(all, limit: 10) == 3)
      #expect(try await store.jobs(JobFilter()).isEmpty)
    },
  ]

  private static let refusing = [
    JobStoreRule("refuses circles and missing jobs, and stores nothing then") { (store) async throws in
      var (a, b, c) = (try NewJob.test("one"), try NewJob.test("two"), try NewJob.test("three"))
      a.dependencies = [JobDependency(on: b.id)]
      b.dependencies = [JobDependency(on: c.id, .end)]
      c.dependencies = [JobDependency(on: a.id)]
      let start = try NewJob.test()
      await expectError(.invalidInput, contains: "wait for each other") {
        try await store.enqueue([start, a, b, c])
      }
      await expectError(.jobNotFound, contains: "nothing was stored") {
        try await store.enqueue([start, .test(after: [.test()])])
      }
      await expectError(.invalidInput, contains: "twice") {
        try await store.enqueue([start, .test(after: [start, start])])
      }
      await expectError(.invalidInput, contains: "have the id") {
        try await store.enqueue([start, start, .test(after: [start])])
      }
      #expect(try await store.jobs(JobFilter()).isEmpty)
    }
  ]

  private static let anyFlow = JobStoreRule("brings any flow to the end that its dependencies say") {
    (store) async throws in
    for seed in 0..<40 { try await RandomFlow(seed: UInt64(seed)).run(on: store) }
  }
}

/// A flow made by chance, with the end of each of its jobs, and what must become of each.
private struct RandomFlow {
  var jobs: [NewJob] = []
  var failing: Set<JobID> = []
  var generator: SeededGenerator

  init(seed: UInt64) throws {
    generator = SeededGenerator(seed: seed)
    for place in 0..<Int.random(in: 2...24, using: &generator) {
      var job = try NewJob.test()
      let needed = jobs.shuffled(using: &generator).prefix(Int.random(in: 0...3, using: &generator))
      job.dependencies = needed.map { needed in
        JobDependency(on: needed.id, [.success, .success, .end, .failure].randomElement(using: &generator)!)
      }
      job.startsAfterAny = Bool.random(using: &generator)
      if Int.random(in: 0..<3, using: &generator) == 0 { failing.insert(job.id) }
      jobs.append(job)
      guard place % 5 == 4 else { continue }
      var fallback = try NewJob.test()
      fallback.dependencies = [JobDependency(on: job.id, .fallback)]
      jobs.append(fallback)
    }
  }

  /// Runs the flow in an order made by chance.
  func run(on store: any JobStore) async throws {
    var generator = generator
    _ = try await store.enqueue(jobs.shuffled(using: &generator))
    let hand = try await Hand(store)
    var open = try await hand.take()
    while !open.isEmpty {
      open.shuffle(using: &generator)
      let job = open.removeLast()
      try await hand.end(job, fails: failing.contains(job.id))
      open += try await hand.take()
    }
    try await hand.worker.leave()
    var states: [JobID: JobState] = [:]
    for job in jobs {
      let expected = expected(job, &states)
      #expect(try await store.state(job) == expected, "job \(jobs.firstIndex(of: job)!) of \(jobs)")
    }
  }

  /// Where a job must stand at the end: what it waits for was added before it.
  private func expected(_ job: NewJob, _ states: inout [JobID: JobState]) -> JobState {
    let isMet = job.dependencies.map { dependency in
      let state = end(of: dependency, states)
      return switch dependency.condition {
      case .success: state == .succeeded
      case .end: true
      case .failure, .fallback: state != .succeeded
      }
    }
    let starts =
      isMet.isEmpty || (job.startsAfterAny ? isMet.contains(true) : !isMet.contains(false))
    let state: JobState = !starts ? .cancelled : failing.contains(job.id) ? .failed : .succeeded
    states[job.id] = state
    return state
  }

  private func end(of dependency: JobDependency, _ states: [JobID: JobState]) -> JobState {
    let state = states[dependency.job]!
    guard dependency.condition == .success, state != .succeeded else { return state }
    let fallback = jobs.first { $0.dependencies == [JobDependency(on: dependency.job, .fallback)] }
    return fallback.map { failing.contains($0.id) ? .failed : .succeeded } ?? state
  }
}

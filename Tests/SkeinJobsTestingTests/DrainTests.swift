import Logging
import SkeinJobs
import SkeinJobsTesting
import SkeinResilience
import Testing

@Suite("drain")
struct DrainTests {
  @Test("nothing runs before it is drained, and then all does")
  func waits() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      let handle = try await bench.queue.enqueue(Say(word: "hello"))
      #expect(world.said.isEmpty)
      let report = try await bench.drain()
      #expect(world.said == ["hello"])
      #expect(report.runs.map(\.name) == ["say"])
      #expect(try report.runs[0].input(as: Say.self).word == "hello")
      #expect(try report.runs[0].output(of: Say.self) == 5)
      #expect(report.failures.isEmpty)
      #expect(try await handle.result() == 5)
      #expect(try await bench.drain().runs.isEmpty)
    }
  }

  @Test("the most urgent runs first, and equals in the order of their coming")
  func order() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      _ = try await bench.queue.enqueue([Say(word: "c"), Say(word: "d")])
      _ = try await bench.queue.enqueue([Say(word: "a"), Say(word: "b")]) { $0.priority = 9 }
      try await bench.drain()
      #expect(world.said == ["a", "b", "c", "d"])
    }
  }

  @Test("one attempt can be run at a time")
  func runNext() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      _ = try await bench.queue.enqueue([Say(word: "a"), Say(word: "b")])
      #expect(try await bench.runNext()?.attempt.outcome == .succeeded)
      #expect(world.said == ["a"])
      #expect(try await bench.runNext(queue: "other") == nil)
      #expect(try await bench.runNext() != nil)
      #expect(try await bench.runNext() == nil)
    }
  }

  @Test("what a job enqueues runs after it, as its child")
  func children() async throws {
    let bench = try JobBench()
    try await inWorld { context in
      World.current.say("begin")
      _ = try await bench.queue.enqueue(Say(word: "child"))
      World.current.say("end")
    } _: { world in
      let parent = try await bench.queue.enqueue(Act())
      let report = try await bench.drain()
      #expect(world.said == ["begin", "end", "child"])
      let child = try await bench.queue.store.payload(of: report.runs[1].job.sequence)
      #expect(child?.parentID == parent.id)
    }
  }

  @Test("a queue can be drained by itself, and a paused one stays")
  func queues() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      for name in ["mail", "media", "mail"] {
        _ = try await bench.queue.enqueue(Say(word: name)) { $0.queue = name }
      }
      try await bench.drain(queue: "mail")
      #expect(world.said == ["mail", "mail"])
      try await bench.queue.pause("media")
      #expect(try await bench.drain().runs.isEmpty)
      try await bench.queue.resume("media")
      #expect(try await bench.drain().runs.count == 1)
    }
  }

  @Test("jobs that the bench does not know stay, and are told")
  func unknown() async throws {
    let bench = try JobBench([])
    let handle = try await bench.queue.enqueue(Say(word: "hello"))
    let report = try await bench.drain()
    #expect(report.runs.isEmpty)
    #expect(report.unknown.map(\.name) == ["say"])
    #expect(try await handle.status() == .ready)
  }

  @Test("a failed job is reported with its error, and thrown if that is asked for")
  func failures() async throws {
    let bench = try JobBench()
    let jobs = [Flaky(failures: 1, policy: .none), Flaky(failures: 1, policy: .none)]
    _ = try await bench.queue.enqueue(jobs)
    let report = try await bench.drain()
    #expect(report.failures.count == 2)
    #expect(report.failures[0].error as? Flaky.Broken == Flaky.Broken(attempt: 1))
    _ = try await bench.queue.enqueue(jobs)
    _ = try await bench.queue.enqueue(Say(word: "after"))
    let failure = await #expect(throws: JobBenchFailure.self) {
      try await bench.drain(throwingFailures: true)
    }
    #expect(failure?.cause as? Flaky.Broken == Flaky.Broken(attempt: 1))
    #expect(failure?.message.hasPrefix("2 jobs have failed:\n  3. flaky, attempt 1, failed: Broken") == true)
    #expect(bench.runs(of: Say.self).count == 1)
  }

  @Test("the results of a flow's jobs reach those that wait for them")
  func flow() async throws {
    try await inWorld { _ in
      let bench = try JobBench()
      var flow = JobFlow()
      let parts = try flow.add([Say(word: "a"), Say(word: "bcd")])
      let total = try flow.add(Total(parts: parts))
      let enqueued = try await bench.queue.enqueue(flow)
      #expect(try bench.enqueued(Total.self).map(\.record.state) == [.waiting])
      try await bench.drain(throwingFailures: true)
      #expect(try await enqueued.value(of: total) == 4)
    }
  }

  @Test("a limit lets one job in at a time, so all of them run")
  func limit() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      try await bench.queue.setLimit(JobLimit(.key("door"), concurrency: 1))
      _ = try await bench.queue.enqueue([Say(word: "a"), Say(word: "b")]) { $0.concurrencyKey = "door" }
      #expect(try await bench.drain().runs.count == 2)
    }
  }

  @Test("an attempt leaves its log, its progress and its place in the record")
  func traces() async throws {
    let bench = try JobBench()
    try await inWorld { context in
      context.logger.info("looking")
      context.appendLog(line: "found")
      context.reportProgress(0.5, "half")
    } _: { _ in
      _ = try await bench.queue.enqueue(Act()) { $0.queue = "acts" }
      try await bench.drain()
      let run = try #require(bench.runs.first)
      #expect(run.log == "info: looking\nfound\n")
      #expect(run.progress == JobProgress(fraction: 0.5, message: "half"))
      #expect(run.job.queue == "acts")
      #expect(run.attempt.startedAt == bench.now)
    }
  }

  @Test("a job that is cancelled while it runs is stopped there and then")
  func cancelRunning() async throws {
    let bench = try JobBench()
    try await inWorld { context in
      try await bench.queue.cancel(context.id)
      #expect(context.isCancelRequested)
      try context.checkCancellation()
      World.current.say("went on")
    } _: { world in
      let handle = try await bench.queue.enqueue(Act())
      let report = try await bench.drain()
      #expect(report.runs.map(\.attempt.outcome) == [.cancelled])
      #expect(report.failures.isEmpty)
      #expect(try await handle.status() == .cancelled)
      #expect(world.said.isEmpty)
    }
  }

  @Test("a time limit ends an attempt, in real time")
  func timeLimit() async throws {
    let bench = try JobBench()
    try await inWorld { _ in
      try await Task.sleep(for: .seconds(600))
    } _: { _ in
      _ = try await bench.queue.enqueue(Act()) { $0.softTimeLimit = .milliseconds(1) }
      _ = try await bench.queue.enqueue(Act()) { $0.hardTimeLimit = .milliseconds(1) }
      let report = try await bench.drain()
      #expect(report.failures.map(\.attempt.outcome) == [.timedOut, .timedOut])
      #expect(report.failures.map(\.job.life.reason) == [.timeLimit, .timeLimit])
    }
  }

  @Test("a drain whose task is cancelled gives the job back")
  func cancelDrain() async throws {
    let bench = try JobBench()
    try await inWorld { context in
      guard context.attempt == 1 else { return }
      World.current.say("running")
      try await Task.sleep(for: .seconds(600))
    } _: { world in
      let handle = try await bench.queue.enqueue(Act())
      let draining = Task { try await bench.drain() }
      while world.said.isEmpty { await Task.yield() }
      draining.cancel()
      await #expect(throws: CancellationError.self) { try await draining.value }
      #expect(bench.runs.map(\.attempt.outcome) == [.handedBack])
      #expect(try await handle.status() == .ready)
      try await bench.drain()
      #expect(try await handle.status() == .succeeded)
    }
  }

  @Test("a queue that never comes to rest is told from one that does")
  func restless() async throws {
    let bench = try JobBench { $0.mostRuns = 100 }
    try await inWorld { _ in
      _ = try await bench.queue.enqueue(Act())
    } _: { _ in
      _ = try await bench.queue.enqueue(Act())
      let failure = await #expect(throws: JobBenchFailure.self) { try await bench.drain() }
      #expect(failure?.message.contains("more than 100 attempts") == true)
    }
  }
}

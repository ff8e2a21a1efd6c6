import SkeinJobs
import SkeinJobsTesting
import SkeinSync
import Testing

@Suite("inline mode")
struct InlineTests {
  @Test("a job has run when its enqueue returns")
  func runs() async throws {
    try await inWorld { world in
      let queue = try JobBench(mode: .inline).queue  // The queue works on without its bench.
      let handle = try await queue.enqueue(Say(word: "hello"))
      #expect(world.said == ["hello"])
      #expect(try await handle.result() == 5)
    }
  }

  @Test("a failing job makes the enqueue throw only if that is asked for")
  func failures() async throws {
    let job = Flaky(failures: 1, policy: .none)
    let handle = try await JobBench(mode: .inline).queue.enqueue(job)
    #expect(try await handle.status() == .failed)
    let bench = try JobBench(mode: .inlineThrowing)
    let failure = await #expect(throws: JobBenchFailure.self) { try await bench.queue.enqueue(job) }
    #expect(failure?.cause as? Flaky.Broken == Flaky.Broken(attempt: 1))
    #expect(bench.runs.map(\.job.state) == [.failed])
  }

  @Test("a job with a delay, and one that is to be tried again, wait for their time")
  func delays() async throws {
    try await inWorld { world in
      let bench = try JobBench(mode: .inlineThrowing)
      _ = try await bench.queue.enqueue(TellTime(label: "late ")) { $0.delay = .seconds(15) }
      _ = try await bench.queue.enqueue(Flaky(failures: 1))
      #expect(world.said == ["0.0"])
      try await bench.advance(by: .seconds(20))
      #expect(world.said == ["0.0", "10.0", "late 15.0"])
    }
  }

  @Test("what a job enqueues runs within it")
  func nesting() async throws {
    let bench = try JobBench(mode: .inline)
    try await inWorld { _ in
      World.current.say("begin")
      let child = try await bench.queue.enqueue(Say(word: "child"))
      World.current.say("end \(try await child.result())")
    } _: { world in
      _ = try await bench.queue.enqueue(Act())
      #expect(world.said == ["begin", "child", "end 5"])
    }
  }

  @Test("a long chain of jobs that enqueue each other runs to its end")
  func chain() async throws {
    let bench = try JobBench(mode: .inline)
    try await inWorld { context in
      World.current.say("link")
      if World.current.said.count < 400 { _ = try await bench.queue.enqueue(Act()) }
    } _: { world in
      _ = try await bench.queue.enqueue(Act())
      #expect(world.said.count == 400)
      try bench.expectNothingEnqueued()
    }
  }

  @Test("a chain without an end is told from a long one")
  func restless() async throws {
    let bench = try JobBench(mode: .inline) { $0.mostRuns = 100 }
    try await inWorld { _ in
      _ = try await bench.queue.enqueue(Act())
    } _: { _ in
      await #expect(throws: JobBenchFailure.self) { try await bench.queue.enqueue(Act()) }
      #expect(bench.runs.count <= 120)
    }
  }

  @Test("a limit that a running job fills holds its child back until it has ended")
  func limits() async throws {
    let bench = try JobBench(mode: .inline)
    try await bench.queue.setLimit(JobLimit(.key("door"), concurrency: 1))
    try await inWorld { _ in
      _ = try await bench.queue.enqueue(Say(word: "child")) { $0.concurrencyKey = "door" }
      World.current.say("end")
    } _: { world in
      _ = try await bench.queue.enqueue(Act()) { $0.concurrencyKey = "door" }
      #expect(world.said == ["end", "child"])
    }
  }

  @Test("a job that enqueues its own unique key does not wait for itself")
  func uniqueSelf() async throws {
    let bench = try JobBench(mode: .inline)
    try await inWorld { context in
      let again = try await bench.queue.enqueue(Act()) { $0.uniqueKey = "one" }
      #expect(again.isExisting)
      #expect(again.id == context.id)
    } _: { _ in
      _ = try await bench.queue.enqueue(Act()) { $0.uniqueKey = "one" }
      #expect(bench.runs.map(\.attempt.outcome) == [.succeeded])
    }
  }

  @Test("everything of a flow has run when its enqueue returns")
  func flow() async throws {
    try await inWorld { _ in
      let bench = try JobBench(mode: .inline)
      var flow = JobFlow()
      let total = try flow.chord([Say(word: "a"), Say(word: "bcd")]) { Total(parts: $0) }
      #expect(try await bench.queue.enqueue(flow).value(of: total) == 4)
    }
  }

  @Test("what lets jobs go on runs them as well")
  func letGo() async throws {
    try await inWorld { world in
      let bench = try JobBench(mode: .inline)
      try await bench.queue.pause()
      _ = try await bench.queue.enqueue(Say(word: "hello"))
      #expect(world.said.isEmpty)
      try await bench.queue.resume()
      #expect(world.said == ["hello"])
      let flaky = try await bench.queue.enqueue(Flaky(failures: 1, policy: .none))
      try await flaky.retry()
      #expect(try await flaky.status() == .succeeded)
    }
  }

  @Test("of tasks that enqueue at the same time, each finds that its own job has run")
  func sideBySide() async throws {
    try await inWorld { _ in
      let bench = try JobBench(mode: .inline)
      try await withThrowingTaskGroup(of: JobState.self) { group in
        for number in 0..<100 {
          group.addTask { try await bench.queue.enqueue(Say(word: "\(number)")).status() }
        }
        for try await state in group { #expect(state == .succeeded) }
      }
      #expect(bench.runs.count == 100)
    }
  }
}

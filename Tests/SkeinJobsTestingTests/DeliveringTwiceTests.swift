import SkeinJobs
import SkeinJobsTesting
import Testing

@Suite("delivering twice")
struct DeliveringTwiceTests {
  @Test("a job that has succeeded runs once more, as after the death of its worker")
  func twice() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      let handle = try await bench.queue.enqueue(Say(word: "hello"))
      let report = try await bench.drain(deliveringTwice: true)
      #expect(world.said == ["hello", "hello"])
      #expect(report.runs.map(\.attempt.number) == [1, 2])
      #expect(report.runs.map(\.attempt.outcome) == [.crashed, .succeeded])
      #expect(report.runs[0].job.life.isSuspect)
      #expect(try await handle.result() == 5)
    }
  }

  @Test("the repetition of a job that does not bear it fails as it would with a worker")
  func harm() async throws {
    struct AlreadyThere: Error {}
    let bench = try JobBench { $0.deliversTwice = true }
    try await inWorld { _ in
      if World.current.said.contains("made") { throw AlreadyThere() }
      World.current.say("made")
    } _: { _ in
      _ = try await bench.queue.enqueue(Act())
      let failure = await #expect(throws: JobBenchFailure.self) {
        try await bench.drain(throwingFailures: true)
      }
      #expect(failure?.cause is AlreadyThere)
    }
  }

  @Test("failed attempts are not doubled, so that no job is poisoned by it")
  func retries() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      _ = try await bench.queue.enqueue(Flaky(failures: 4))
      try await bench.advance(by: .seconds(100), deliveringTwice: true, throwingFailures: true)
      #expect(world.said == ["0.0", "10.0", "20.0", "30.0", "40.0", "40.0"])
    }
  }

  @Test("a job within another one is lost by itself")
  func nested() async throws {
    let bench = try JobBench(mode: .inlineThrowing) { $0.deliversTwice = true }
    try await inWorld { context in
      World.current.say("act \(context.attempt)")
      _ = try await bench.queue.enqueue(Say(word: "child")) { $0.uniqueKey = "child \(context.attempt)" }
    } _: { world in
      _ = try await bench.queue.enqueue(Act())
      #expect(world.said == ["act 1", "child", "child", "act 2", "child", "child"])
      #expect(try await bench.queue.counts().first?.jobs == [.succeeded: 3])
    }
  }
}

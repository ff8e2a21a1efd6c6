import SkeinJobs
import SkeinJobsTesting
import Testing

@Suite("perform")
struct PerformTests {
  @Test("a job gives its result", arguments: JobBench.Mode.allCases)
  func result(_ mode: JobBench.Mode) async throws {
    try await inWorld { _ in
      let bench = try JobBench(mode: mode)
      #expect(try await bench.perform(Say(word: "four")) == 4)
    }
  }

  @Test("a job that has failed throws its own error", arguments: JobBench.Mode.allCases)
  func failure(_ mode: JobBench.Mode) async throws {
    let bench = try JobBench(mode: mode)
    await #expect(throws: Flaky.Broken(attempt: 1)) {
      try await bench.perform(Flaky(failures: 1, policy: .none))
    }
  }

  @Test("a job that can not run is told from one that has failed")
  func heldBack() async throws {
    let bench = try JobBench()
    try await bench.queue.pause()
    let failure = await #expect(throws: JobBenchFailure.self) { try await bench.perform(Say(word: "hello")) }
    #expect(failure?.message.hasPrefix("job 'say' has not ended: it is ready; its queue is paused") == true)
  }

  @Test("a job that is to be tried again has not ended")
  func unfinished() async throws {
    let bench = try JobBench()
    let failure = await #expect(throws: JobBenchFailure.self) { try await bench.perform(Flaky(failures: 1)) }
    #expect(failure?.cause as? Flaky.Broken == Flaky.Broken(attempt: 1))
    #expect(
      failure?.message.hasPrefix("job 'flaky' has not ended: it is scheduled for 2026-01-01T00:00:10Z;")
        == true)
  }
}

import Foundation
import SkeinJobs
import SkeinJobsTesting
import Testing

@Suite("expectations of a bench")
struct ExpectationTests {
  private let bench: JobBench

  init() async throws {
    bench = try JobBench([Say.self])
    _ = try await bench.queue.enqueue(Say(word: "a")) {
      $0.queue = "media"
      $0.priority = 9
      $0.uniqueKey = "key"
      $0.delay = .seconds(60)
    }
    _ = try await bench.queue.enqueue(Say(word: "b"))
  }

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "nothing was thrown"
  }

  @Test("jobs that were enqueued are given with their options")
  func enqueued() throws {
    let jobs = try bench.enqueued(Say.self)
    #expect(jobs.map(\.job.word) == ["a", "b"])
    #expect(jobs.map(\.queue) == ["media", "default"])
    #expect(jobs.map(\.priority) == [9, 5])
    #expect(jobs.map(\.uniqueKey) == ["key", nil])
    #expect(jobs[0].runAt == bench.now.addingTimeInterval(60))
    #expect(try bench.enqueued(Say.self, queue: "media").count == 1)
    #expect(try bench.enqueued(Total.self).isEmpty)
  }

  @Test("an expectation that is met gives what it found")
  func met() throws {
    #expect(try bench.expectEnqueued(Say.self).count == 2)
    #expect(try bench.expectEnqueued(Say.self, count: 1, queue: "media") { $0.word == "a" }[0].priority == 9)
    try bench.expectEnqueued(Total.self, count: 0)
    try bench.expectNothingEnqueued(queue: "mail")
  }

  @Test("one that is not met says what was expected, what there is, and where")
  func unmet() async throws {
    _ = try await bench.queue.enqueue(Act())
    let text = message {
      try bench.expectEnqueued(Say.self, count: 2, queue: "media", where: { $0.word == "x" }, line: 7)
    }
    #expect(
      text == """
        SkeinJobsTestingTests/ExpectationTests.swift:7: expected 2 of 'say' in queue 'media', found 0 (1 more do \
        not meet the condition).
        In the queue:
          1. say {"word":"a"}: queue 'media', priority 9, scheduled for 2026-01-01T00:01:00Z
          2. say {"word":"b"}: queue 'default', priority 5, ready
          3. act {}: queue 'default', priority 5, ready, the bench does not know the type
        """)
  }

  @Test("that nothing is enqueued is met by jobs that have ended")
  func nothing() async throws {
    #expect(
      message { try bench.expectNothingEnqueued() }.contains("expected nothing in the queue, found 2 jobs"))
    try await bench.drain()
    try bench.expectNothingEnqueued(queue: "default")
    #expect(message { try bench.expectNothingEnqueued() }.hasSuffix("Ended: 1 × say succeeded"))
  }

  @Test("input that does not fit is told and not passed over")
  func undecodable() async throws {
    let job = try NewJob(
      name: "say", payload: JobPayload(kwargs: .init(#"{"text":1}"#.utf8)), options: JobOptions())
    _ = try await bench.queue.enqueue([job])
    #expect(message { _ = try bench.enqueued(Say.self) }.contains(#"its input {"text":1} is no Say"#))
  }
}

import Foundation
import SkeinJobs
import SkeinJobsTesting
import SkeinResilience
import Testing

@Suite("the time of a bench")
struct TimeTests {
  @Test("each job finds the time at which it comes due, in order")
  func order() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      for seconds in [30, 10, 20] {
        _ = try await bench.queue.enqueue(TellTime()) { $0.delay = .seconds(seconds) }
      }
      _ = try await bench.queue.enqueue(TellTime())
      let report = try await bench.advance(by: .seconds(25))
      #expect(world.said == ["0.0", "10.0", "20.0"])
      #expect(report.runs.count == 3)
      #expect(bench.now.timeIntervalSince(JobBench.defaultStart) == 25)
      try await bench.advance(by: .seconds(5))
      #expect(world.said.last == "30.0")
    }
  }

  @Test("a retry comes at the time that follows from its attempt's")
  func retries() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      _ = try await bench.queue.enqueue(Flaky(failures: 2)) { $0.delay = .seconds(3600) }
      let report = try await bench.advance(by: .seconds(3615))
      #expect(world.said == ["3600.0", "3610.0"])
      #expect(report.failures.isEmpty)
      try await bench.advance(by: .seconds(3600), throwingFailures: true)
      #expect(world.said.last == "3620.0")
    }
  }

  @Test("the jitter of retries is the same for the same seed")
  func seed() async throws {
    let policy = RetryPolicy(
      backoff: .exponential(initial: .seconds(10)), jitter: .full, maximumAttempts: 5)
    func delays(_ seed: UInt64) async throws -> [Date] {
      let bench = try JobBench { $0.seed = seed }
      _ = try await bench.queue.enqueue([
        Flaky(failures: 4, policy: policy), Flaky(failures: 4, policy: policy),
      ])
      try await bench.advance(by: .seconds(1000), throwingFailures: true)
      return bench.runs.map(\.attempt.startedAt)
    }
    let first = try await delays(1)
    #expect(Set(first).count == 9)
    #expect(try await delays(1) == first)
    #expect(try await delays(2) != first)
  }

  @Test("the last delay of several short spans is not missed by a trace")
  func sums() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      _ = try await bench.queue.enqueue(Say(word: "due")) { $0.delay = .milliseconds(1100) }
      for _ in 0..<11 { try await bench.advance(by: .milliseconds(100)) }
      #expect(world.said == ["due"])
    }
  }

  @Test("the ticks of a schedule come up as time passes")
  func schedules() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      try await bench.queue.schedule("hourly", .cron("0 * * * *"), TellTime())
      try await bench.advance(by: .seconds(2 * 3600))
      #expect(world.said == ["3600.0", "7200.0"])
      try await bench.queue.schedule("often", .every(.seconds(600)), TellTime(label: "often "))
      try await bench.queue.removeSchedule("hourly")
      try await bench.advance(by: .seconds(1200))
      #expect(world.said.count == 4)
    }
  }

  @Test("what came due while there was no worker is there for the next drain")
  func idle() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      try await bench.queue.schedule("hourly", .cron("0 * * * *"), TellTime())
      _ = try await bench.queue.enqueue(TellTime(label: "delayed ")) { $0.delay = .seconds(60) }
      let expiring = try await bench.queue.enqueue(Say(word: "too late")) { $0.expiry = .seconds(60) }
      bench.idle(for: .seconds(4 * 3600))
      #expect(world.said.isEmpty)
      try await bench.drain()
      #expect(Set(world.said) == ["delayed 14400.0", "14400.0"])
      #expect(try await expiring.status() == .expired)
    }
  }

  @Test("a job that lets time pass takes that long")
  func duration() async throws {
    let bench = try JobBench()
    try await inWorld { _ in
      bench.idle(for: .seconds(90))
    } _: { _ in
      _ = try await bench.queue.enqueue(Act())
      try await bench.drain()
      let attempt = try #require(bench.runs.first).attempt
      #expect(attempt.endedAt?.timeIntervalSince(attempt.startedAt) == 90)
      #expect(bench.now.timeIntervalSince(JobBench.defaultStart) == 90)
    }
  }

  @Test("a job expires at its instant, and who waits for its end goes on then")
  func expiry() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      try await bench.queue.pause("closed")
      var flow = JobFlow()
      let late = try flow.add(Say(word: "never")) {
        $0.queue = "closed"
        $0.expiry = .seconds(5)
      }
      try flow.add(TellTime(), after: [late.end])
      _ = try await bench.queue.enqueue(flow)
      try await bench.advance(by: .seconds(60))
      #expect(world.said == ["5.0"])
    }
  }

  @Test("the delays of a flow count from its enqueueing")
  func flows() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      var flow = JobFlow()
      try flow.add(TellTime()) { $0.delay = .seconds(10) }
      bench.idle(for: .seconds(100))
      _ = try await bench.queue.enqueue(flow)
      try await bench.advance(by: .seconds(60))
      #expect(world.said == ["110.0"])
    }
  }

  @Test("a rate spreads the starts")
  func rate() async throws {
    try await inWorld { world in
      let bench = try JobBench()
      try await bench.queue.setLimit(JobLimit(.name("tell-time"), rate: .init(2, per: .seconds(10))))
      _ = try await bench.queue.enqueue([TellTime(), TellTime(), TellTime()])
      try await bench.advance(by: .seconds(60))
      #expect(world.said == ["0.0", "5.0", "10.0"])
    }
  }

  @Test("finished jobs are removed when they have been kept long enough")
  func retention() async throws {
    try await inWorld { _ in
      let bench = try JobBench {
        $0.retention = RetentionPolicy(succeeded: .seconds(3600), unsuccessful: nil)
      }
      let handle = try await bench.queue.enqueue(Say(word: "hello"))
      try await bench.advance(by: .seconds(3599))
      #expect(try await handle.status() == .succeeded)
      try await bench.advance(by: .seconds(1))
      #expect(try await bench.queue.job(handle.id) == nil)
      #expect(bench.runs.count == 1)
    }
  }

  @Test("the period of a unique key is the bench's")
  func uniquePeriod() async throws {
    try await inWorld { world in
      let bench = try JobBench(mode: .inline)
      func greet() async throws {
        _ = try await bench.queue.enqueue(Say(word: "hello")) {
          $0.uniqueKey = "greeting"
          $0.uniquePeriod = .seconds(60)
        }
      }
      try await greet()
      try await greet()
      #expect(world.said.count == 1)
      try await bench.advance(by: .seconds(60))
      try await greet()
      #expect(world.said.count == 2)
    }
  }

  @Test("an instant that has passed moves nothing")
  func past() async throws {
    let bench = try JobBench()
    try await bench.advance(to: .distantPast)
    #expect(bench.now == JobBench.defaultStart)
  }
}

import Foundation
import SkeinJobs
import SkeinResilience
import SkeinTesting
import Testing

@Suite("Jobs in processes of their own", .timeLimit(.minutes(3)))
struct IsolationTests {
  private let fixture: FixtureQueue

  init() throws { fixture = try FixtureQueue() }

  /// Runs one job on a worker that isolates jobs, and tells how it ended.
  private func run(
    _ how: String, times: Int = 1, hardLimit: Duration? = nil, softLimit: Duration? = nil
  ) async throws -> (JobRecord, [AttemptRecord], String) {
    let worker = try await fixture.worker("--isolated")
    defer { worker.kill() }
    return try await fixture.open { (queue) async throws in
      let job = try await queue.enqueue(Misbehave(how: how, file: fixture.log)) {
        $0.retry = RetryPolicy(backoff: .fixed(.milliseconds(1)), jitter: .none, maximumAttempts: times)
        $0.hardTimeLimit = hardLimit
        $0.softTimeLimit = softLimit
      }
      let record = try await queue.waitForEnd(of: job.id, timeout: .seconds(100))
      let attempts = try await queue.store.attempts(of: record.sequence)
      let log = try await queue.store.log(of: record.sequence, attempt: 1, from: 0)
      #expect(isAlive(worker.id))
      return (record, attempts, String(decoding: log, as: UTF8.self))
    }
  }

  @Test("a job runs in another process than its worker, and what it leaves arrives")
  func success() async throws {
    let (record, attempts, log) = try await run("log")
    #expect(record.state == .succeeded && attempts.count == 1)
    #expect(log == "it is going to log\nnotice: it logs\n")
    let began = try #require(lines(of: fixture.log).first)
    let result = try await fixture.open { queue in try await queue.store.result(of: record.sequence) }
    #expect(began == "began log 1 \(String(decoding: result ?? Data(), as: UTF8.self))")
  }

  @Test("a job that traps fails with what its process wrote last, and is tried again; the worker goes on")
  func trap() async throws {
    let (record, attempts, log) = try await run("trap once", times: 3)
    #expect(record.state == .succeeded && attempts.map(\.outcome) == [.failed, .succeeded])
    let error = try #require(attempts.first?.error)
    #expect(error.type == "SkeinJobs.JobProcessCrashed")
    #expect(error.message.contains("Index out of range"), "\(error.message)")
    #expect(error.exitCode.map { $0 < 0 } == true)
    #expect(log.contains("it is going to trap once\n") && log.contains("Fatal error"))
  }

  @Test("a job that ends its process fails with the code")
  func exit() async throws {
    let (record, attempts, _) = try await run("exit")
    #expect(record.state == .failed && attempts.first?.error?.exitCode == 7)
  }

  @Test("a job that computes for ever is killed at its hard limit", .tags(.slow))
  func hardLimit() async throws {
    let (record, attempts, _) = try await run("loop", hardLimit: .seconds(4))
    #expect(record.state == .failed && record.life.reason == .timeLimit)
    #expect(attempts.map(\.outcome) == [.timedOut])
    let process = try #require(
      lines(of: fixture.log).first.flatMap { Int32($0.split(separator: " ").last ?? "") })
    try await eventually("its process is gone") { !isAlive(process) }
  }

  @Test("a soft limit cancels the job's task there")
  func softLimit() async throws {
    let (record, attempts, _) = try await run("wait", softLimit: .milliseconds(200))
    #expect(record.state == .failed && attempts.map(\.outcome) == [.timedOut])
  }

  @Test("what a job throws keeps its name, and whether trying again can help")
  func errors() async throws {
    let (record, attempts, _) = try await run("fail", times: 2)
    #expect(record.state == .failed && attempts.count == 2)
    #expect(attempts.first?.error?.type == "JobsFixture.Misbehave.Failed")
    let (hopeless, once, _) = try await run("fail for good", times: 2)
    #expect(hopeless.state == .failed && hopeless.life.reason == .permanent && once.count == 1)
  }

  @Test("a cancelled job's task is cancelled there")
  func cancelling() async throws {
    let worker = try await fixture.worker("--isolated")
    defer { worker.kill() }
    try await fixture.open { (queue) async throws in
      let job = try await queue.enqueue(Misbehave(how: "wait", file: fixture.log))
      try await eventually("its progress is stored") {
        try await queue.job(job.id)?.progress?.fraction == 0.5
      }
      _ = try await queue.cancel(job.id)
      let record = try await queue.waitForEnd(of: job.id, timeout: .seconds(100))
      #expect(record.state == .cancelled)
    }
  }

  @Test("processes are kept for the next jobs, and end with the worker, even if that is killed")
  func reuse() async throws {
    let worker = try await fixture.worker("--isolated", "--concurrency", "1")
    try await fixture.open { (queue) async throws in
      for _ in 0..<3 {
        let job = try await queue.enqueue(Misbehave(how: "succeed", file: fixture.log))
        _ = try await queue.waitForEnd(of: job.id, timeout: .seconds(100))
      }
    }
    let processes = Set(lines(of: fixture.log).compactMap { Int32($0.split(separator: " ").last ?? "") })
    #expect(processes.count == 1 && !processes.contains(worker.id))
    worker.kill()
    try await worker.ended()
    for process in processes { try await eventually("process \(process) is gone") { !isAlive(process) } }
  }

  @Test("when a worker is killed, its job's process ends with it, and the job is not over")
  func killedWorker() async throws {
    let worker = try await fixture.worker("--isolated")
    try await fixture.open { (queue) async throws in
      let job = try await queue.enqueue(Misbehave(how: "loop", file: fixture.log))
      try await eventually("it runs") { !lines(of: fixture.log).isEmpty }
      worker.kill()
      try await worker.ended()
      let process = try #require(
        lines(of: fixture.log).first.flatMap { Int32($0.split(separator: " ").last ?? "") })
      try await eventually("its process is gone") { !isAlive(process) }
      #expect(try await queue.job(job.id)?.state.isFinished == false)
    }
  }

  @Test("a worker that leaves at once kills its job's process, and another worker has the job again")
  func leavingWorker() async throws {
    let worker = try await fixture.worker("--isolated", "--hand-back-at", fixture.gate)
    defer { worker.kill() }
    try await fixture.open { (queue) async throws in
      let job = try await queue.enqueue(Misbehave(how: "loop once", file: fixture.log))
      try await eventually("it runs") { !lines(of: fixture.log).isEmpty }
      try fixture.openGate()
      try await worker.ended()
      let process = try #require(
        lines(of: fixture.log).first.flatMap { Int32($0.split(separator: " ").last ?? "") })
      try await eventually("its process is gone") { !isAlive(process) }
      let left = try #require(try await queue.job(job.id))
      #expect(left.state == .ready, "\(left.state)")
      let next = try await fixture.worker("--isolated")
      defer { next.kill() }
      let record = try await queue.waitForEnd(of: job.id, timeout: .seconds(100))
      #expect(record.state == .succeeded && lines(of: fixture.log).count == 2)
    }
  }

  @Test("a program that can not have processes of its kind is told so")
  func unprepared() {
    var options = WorkerOptions()
    options.isolation = .process
    #expect(throws: JobQueueError.self) { try options.validate() }
  }
}

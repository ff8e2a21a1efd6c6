import Foundation
import GRDB
import SkeinJobs
import SkeinTesting
import Testing

@Suite("A worker that is stopped", .timeLimit(.minutes(5)))
struct StoppedWorkerTests {
  private let fixture: FixtureQueue

  init() throws { fixture = try FixtureQueue() }

  /// Stops a process, not in the middle of a write: everybody who wants to write would wait for it.
  private func stop(_ process: FixtureProcess) async throws {
    let lock = open(fixture.path + "/queue.lock", O_RDWR | O_CLOEXEC)
    defer { close(lock) }
    try await eventually("it stands still outside of a write") {
      try await process.suspended()
      var range = flock()
      range.l_type = Int16(F_WRLCK)
      range.l_len = 2
      // F_OFD_SETLK, which belongs to the descriptor and ends with it.
      if fcntl(lock, 37, &range) == 0 {
        range.l_type = Int16(F_UNLCK)
        return fcntl(lock, 37, &range) == 0
      }
      process.signal(SIGCONT)
      return false
    }
  }

  /// Has the lease of every worker run out, as if nobody had renewed it for its whole length.
  private func endLeases(_ queue: JobQueue) async throws {
    let plain = try DatabaseQueue(path: queue.sqlite.databasePath)
    try await plain.write { try $0.execute(sql: "UPDATE workers SET lease_until = 1, seen_at = 1") }
  }

  private func liveness(_ worker: WorkerID, _ queue: JobQueue) async throws -> WorkerRecord.Liveness? {
    try await queue.store.workers().first { $0.id == worker }?.liveness
  }

  @Test(
    "past its lease it is unresponsive and keeps its jobs; evicted, what it does is refused, and it ends",
    .tags(.slow), arguments: [true, false])
  func evicted(endsWell: Bool) async throws {
    try await fixture.open { (queue) async throws in
      let handle = try await queue.enqueue(Bystander(file: fixture.log, gate: fixture.gate))
      let still = try await fixture.worker("--concurrency", "1")
      try await eventually("the job runs") { lines(of: fixture.log).count == 1 }
      let holder = try #require(try await queue.job(handle.id)?.worker)
      try await stop(still)
      try await endLeases(queue)
      #expect(try await liveness(holder, queue) == .unresponsive)
      let heir = try await fixture.worker("--concurrency", "1")
      // The heir has looked after the others when it has done something.
      _ = try await queue.enqueue(Note(file: fixture.log)).result(timeout: .seconds(60))
      #expect(try await queue.job(handle.id)?.worker == holder)
      #expect(try await liveness(holder, queue) == .unresponsive)

      let rescued = try #require(try await queue.store.evict(holder))
      #expect(rescued.map(\.id) == [handle.id] && rescued[0].wasStarted)
      #expect(try await liveness(holder, queue) == nil)
      try await eventually("the heir runs it") {
        lines(of: fixture.log).contains { $0 == "began \(handle.id) 2" }
      }
      // Its attempt ends well as it goes on, or is cut off when it hears that it is none of the workers any more.
      if endsWell { try fixture.openGate(1) }
      still.signal(SIGCONT)
      #expect(try await still.ended() == 1)
      #expect(lines(of: fixture.log).contains { $0.hasPrefix("ended \(still.id) wrongState ") })
      #expect(try await queue.job(handle.id)?.state == .running)

      try fixture.openGate(2)
      _ = try await handle.result(timeout: .seconds(60))
      let record = try #require(try await queue.job(handle.id))
      #expect((record.life.deliveries, record.life.attempts, record.life.crashes) == (2, 2, 1))
      let attempts = try await queue.store.attempts(of: record.sequence)
      #expect(attempts.map(\.outcome) == [.crashed, .succeeded])
      #expect(attempts[0].error?.type == "WorkerEvicted")
      heir.stop()
      try await heir.ended()
      try await queue.expectAll([handle.id])
    }
  }

  @Test(
    "nobody takes its jobs while it lives, past its lease too; once it is dead they are taken", .tags(.slow))
  func stoppedIsNotDead() async throws {
    try await fixture.open { (queue) async throws in
      let handle = try await queue.enqueue(Bystander(file: fixture.log, gate: fixture.gate))
      let holder = try await fixture.worker()
      try await eventually("the job has begun") { !lines(of: fixture.log).isEmpty }
      try await stop(holder)
      let other = try await queue.store.join(.test())
      #expect(try await other.rescue().isEmpty)
      try await endLeases(queue)
      #expect(try await other.rescue().isEmpty)
      #expect(try await queue.job(handle.id)?.life.deliveries == 1)
      holder.kill()
      try await holder.ended()
      let rescued = try await other.rescue()
      #expect(rescued.map(\.id) == [handle.id])
      #expect(rescued.map(\.wasStarted) == [true])
      try await other.leave()
    }
  }

  @Test("one that goes on past its lease, and was not evicted, ends its job", .tags(.slow))
  func goesOn() async throws {
    try await fixture.open { (queue) async throws in
      let handle = try await queue.enqueue(Bystander(file: fixture.log, gate: fixture.gate))
      let holder = try await fixture.worker()
      try await eventually("the job has begun") { !lines(of: fixture.log).isEmpty }
      try await stop(holder)
      try await endLeases(queue)
      let heir = try await fixture.worker()
      _ = try await queue.enqueue(Note(file: fixture.log)).result(timeout: .seconds(60))
      try fixture.openGate()
      holder.signal(SIGCONT)
      _ = try await handle.result(timeout: .seconds(60))
      #expect(try await queue.job(handle.id)?.life.deliveries == 1)
      for worker in [holder, heir] {
        worker.stop()
        #expect(try await worker.ended() == -SIGTERM)
      }
    }
  }
}

import Foundation
import SkeinJobs
import SkeinTesting
import Testing

/// The system refuses what a process writes, with errors of many kinds, while it has the queue open.
@Suite("Writes that are refused", .timeLimit(.minutes(5)))
struct RefusedWriteTests {
  private let fixture: FixtureQueue
  private let faults: Faults

  init() throws {
    fixture = try FixtureQueue()
    faults = try Faults(in: fixture.directory)
  }

  @Test(
    "a worker goes on when they are accepted again, and what ended meanwhile has ended once", .tags(.slow),
    arguments: [EROFS, EIO, ENOSPC, EDQUOT])
  func writes(error: Int32) async throws {
    try await fixture.open { (queue) async throws in
      let worker = try await fixture.worker("--concurrency", "1", faults: faults)
      let handle = try await queue.enqueue(Bystander(file: fixture.log, gate: fixture.gate))
      try await eventually("the job runs") { !lines(of: fixture.log).isEmpty }
      faults[.writeError] = Int64(error)
      let calls = faults[.calls]
      try fixture.openGate()
      try await eventually("the worker has tried to write") { faults[.calls] >= calls + 4 }
      #expect(isAlive(worker.id))
      #expect(try await handle.status() == .running)

      faults[.writeError] = 0
      _ = try await handle.result(timeout: .seconds(60))
      _ = try await queue.enqueue(Note(file: fixture.log)).result(timeout: .seconds(60))
      let life = try #require(try await queue.job(handle.id)).life
      #expect((life.deliveries, life.attempts) == (1, 1))
      worker.stop()
      #expect(try await worker.ended() == -SIGTERM)
      try await queue.expectAll([handle.id])
    }
  }

  @Test(
    "a producer is told what is wrong, and nothing of what it was refused is stored", .tags(.slow),
    arguments: [(EROFS, "storeUnavailable"), (EIO, "storeUnavailable"), (ENOSPC, "diskFull")])
  func enqueue(error: Int32, code: String) async throws {
    let producer = try await fixture.producer(1_000_000, "--batch", "3", faults: faults)
    try await eventually("it has stored some") { fixture.promised.count > 10 }
    faults[.writeError] = Int64(error)
    #expect(try await producer.ended() == 1)
    let end = try #require(lines(of: fixture.log).last)
    #expect(end.hasPrefix("ended \(producer.id) \(code) ") && end.contains(fixture.path), "\(end)")
    try await fixture.open { (queue) async throws in
      #expect(try await queue.store.counts().first?.jobs == [.ready: fixture.promised.count])
      try await queue.expectAll(fixture.promised)
    }
  }

  @Test(
    "who can not bring to the disk what is written ends with an error; others do what is left", .tags(.slow),
    arguments: [EIO, ENOSPC])
  func syncs(error: Int32) async throws {
    try await fixture.open { (queue) async throws in
      let handles = try await queue.enqueue((0..<100).map { Note(file: fixture.log, text: "\($0)") })
      let held = try await queue.enqueue(Bystander(file: fixture.log, gate: fixture.gate)) { $0.priority = 9 }
      let worker = try await fixture.worker("--concurrency", "1", faults: faults)
      try await eventually("the job runs") { !lines(of: fixture.log).isEmpty }
      faults[.syncError] = Int64(error)
      try fixture.openGate()
      #expect(try await worker.ended() == 1)
      let ends = lines(of: fixture.log).filter { $0.hasPrefix("ended \(worker.id) notSynced ") }
      #expect(ends.count == 1 && ends[0].contains("queue.sqlite-wal"), "\(ends)")
      let producer = try await fixture.producer(10, faults: faults)
      #expect(try await producer.ended() == 1)
      #expect(fixture.promised.isEmpty)

      faults[.syncError] = 0
      let heir = try await fixture.worker(faults: faults)
      for handle in handles { _ = try await handle.result(timeout: .seconds(60)) }
      _ = try await held.result(timeout: .seconds(60))
      heir.stop()
      #expect(try await heir.ended() == -SIGTERM)
      try await queue.expectAll(handles.map(\.id))
    }
  }
}

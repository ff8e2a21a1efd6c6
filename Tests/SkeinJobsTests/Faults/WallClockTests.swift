import Foundation
import SkeinJobs
import SkeinTesting
import SkeinWork
import Testing

/// The wall clock of the fixture's processes is set, by hours and days; leases, waits and spans must not mind, and what is
/// due by the wall clock follows it.
@Suite("A wall clock that is set", .timeLimit(.minutes(5)))
struct WallClockTests {
  private let fixture: FixtureQueue
  private let faults: Faults

  init() throws {
    fixture = try FixtureQueue()
    faults = try Faults(in: fixture.directory)
  }

  @Test(
    "a running attempt tells of itself, and how long it took is true, though the clock is set during it",
    .tags(.slow), arguments: [-86_400, 86_400] as [Int64])
  func attempt(seconds: Int64) async throws {
    try await fixture.open { (queue) async throws in
      let worker = try await fixture.worker("--concurrency", "1", faults: faults)
      let handle = try await queue.enqueue(ClockStep(seconds: seconds, gate: fixture.gate))
      let sequence = try #require(try await queue.job(handle.id)).sequence
      try await eventually("what it logs is stored while it runs") {
        try await queue.store.log(of: sequence, attempt: 1, from: 0) == Data("stepped\n".utf8)
      }
      #expect(try await queue.store.attempts(of: sequence).map(\.outcome) == [.running])
      try fixture.openGate()
      _ = try await handle.result(timeout: .seconds(60))
      let attempt = try #require(try await queue.store.attempts(of: sequence).first)
      let span = try #require(attempt.endedAt).timeIntervalSince(attempt.startedAt)
      // Anything but the day by which the clock was set.
      #expect((0..<43_200).contains(span), "it took \(span) s")

      // The worker, whose plans follow how long jobs take, goes on as ever.
      let more = try await queue.enqueue((0..<50).map { Note(file: fixture.log, text: "\($0)") })
      for handle in more { _ = try await handle.result(timeout: .seconds(60)) }
      worker.stop()
      #expect(try await worker.ended() == -SIGTERM)
      try await queue.expectAll(more.map(\.id))
    }
  }

  @Test("an attempt whose worker dies after the clock was set back has no negative span", .tags(.slow))
  func crash() async throws {
    try await fixture.open { (queue) async throws in
      faults.stepClock(by: .seconds(86_400))
      let handle = try await queue.enqueue(Bystander(file: fixture.log, gate: fixture.gate))
      let doomed = try await fixture.worker(faults: faults)
      try await eventually("it runs") { !lines(of: fixture.log).isEmpty }
      doomed.kill()
      try await doomed.ended()
      faults.stepClock(by: .zero)
      try fixture.openGate()
      let heir = try await fixture.worker(faults: faults)
      _ = try await handle.result(timeout: .seconds(60))
      let sequence = try #require(try await queue.job(handle.id)).sequence
      for attempt in try await queue.store.attempts(of: sequence) {
        #expect(try #require(attempt.endedAt) >= attempt.startedAt)
      }
      heir.stop()
      try await heir.ended()
    }
  }

  @Test(
    "workers whose clocks differ by days see each other alive, and leave each other's jobs alone",
    .tags(.slow))
  func leases() async throws {
    let ahead = try Faults(in: fixture.directory, "ahead")
    ahead.stepClock(by: .seconds(3 * 86_400))
    faults.stepClock(by: .seconds(-3 * 86_400))
    try await fixture.open { (queue) async throws in
      let handle = try await queue.enqueue(Bystander(file: fixture.log, gate: fixture.gate))
      let holder = try await fixture.worker("--concurrency", "1", faults: faults)
      try await eventually("it runs") { !lines(of: fixture.log).isEmpty }
      let other = try await fixture.worker("--concurrency", "1", faults: ahead)
      // The other one has looked after the first when it has done something.
      let note = try await queue.enqueue(Note(file: fixture.log))
      _ = try await note.result(timeout: .seconds(60))
      for clock in [-86_400, 86_400] as [Int64] {
        faults.stepClock(by: .seconds(clock))
        _ = try await queue.enqueue(Note(file: fixture.log)).result(timeout: .seconds(60))
      }
      #expect(try await queue.store.workers().map(\.liveness) == [.alive, .alive])
      try fixture.openGate()
      _ = try await handle.result(timeout: .seconds(60))
      #expect(try await queue.job(handle.id)?.life.deliveries == 1)
      for worker in [holder, other] {
        worker.stop()
        #expect(try await worker.ended() == -SIGTERM)
      }
    }
  }

  @Test(
    "a job that is scheduled runs when the clock is set to its time, and not while it is set back",
    .tags(.slow))
  func scheduled() async throws {
    try await fixture.open { (queue) async throws in
      faults.stepClock(by: .seconds(-86_400))
      let worker = try await fixture.worker(faults: faults)
      let handles = try await queue.enqueue((0..<3).map { Note(file: fixture.log, text: "\($0)") }) {
        $0.delay = .seconds(3600)
      }
      let sentinel = try await queue.enqueue(Note(file: fixture.log))
      _ = try await sentinel.result(timeout: .seconds(60))
      for handle in handles { #expect(try await handle.status() == .scheduled) }
      faults.stepClock(by: .seconds(3601))
      for handle in handles { _ = try await handle.result(timeout: .seconds(60)) }
      faults.stepClock(by: .seconds(-86_400))
      _ = try await queue.enqueue(Note(file: fixture.log)).result(timeout: .seconds(60))
      for handle in handles { #expect(fixture.runs[handle.id] == 1) }
      worker.stop()
      #expect(try await worker.ended() == -SIGTERM)
      try await queue.expectAll(handles.map(\.id))
    }
  }

  @Test("the ids that a process makes stay unique and in order", .tags(.slow))
  func identities() async throws {
    let producer = try await fixture.producer(200, "--steps-clock", faults: faults)
    #expect(try await producer.ended() == 0)
    let ids = fixture.promised
    #expect(ids.count == 200 && Set(ids).count == 200)
    #expect(ids == ids.sorted())
    try await fixture.open { try await $0.expectAll(ids) }
  }

  @Test("each tick of a schedule happens once, and ticks go on, when clocks are set to and fro", .tags(.slow))
  func ticks() async throws {
    try await fixture.open { (queue) async throws in
      try await queue.schedule("beat", .every(.seconds(1)), Note(file: fixture.log))
      let workers = [
        try await fixture.worker(faults: faults), try await fixture.worker(faults: faults),
      ]
      var beats = JobFilter()
      beats.name = Note.name
      beats.limit = 1000
      // By hours to and fro; by seconds ahead, and back over ticks that have happened.
      for clock in [7200, 0, 5, 0, -3600, 0] as [Int64] {
        faults.stepClock(by: .seconds(clock))
        let before = try await queue.store.jobs(beats).count
        try await eventually("more ticks have come") {
          try await queue.store.jobs(beats).count >= before + 2
        }
      }
      #expect(try await queue.store.setPaused(true, schedule: "beat"))
      let runs = try #require(try await queue.schedules().first?.runs)
      #expect(Set(runs.map(\.tick)).count == runs.count)
      #expect(Set(runs.map(\.sequence)).count == runs.count)
      #expect(try await Set(queue.store.jobs(beats).map(\.sequence)) == Set(runs.map(\.sequence)))
      for worker in workers {
        worker.stop()
        #expect(try await worker.ended() == -SIGTERM)
      }
      try await queue.expectAll([])
    }
  }
}

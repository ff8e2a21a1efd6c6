import Foundation
import SkeinJobs
import SkeinTesting
import Testing

@Suite("Crashes", .timeLimit(.minutes(5)))
struct CrashTests {
  private let fixture: FixtureQueue

  init() throws { fixture = try FixtureQueue() }

  @Test(
    "a job that kills its worker is poisoned after three times, and the innocent beside it are not",
    .tags(.slow))
  func poison() async throws {
    try await fixture.open { (queue) async throws in
      let innocent = try await queue.enqueue(Bystander(file: fixture.log, gate: fixture.gate)) {
        $0.priority = 9
        // Its end is stored before the poison runs, whichever thread is slow.
        $0.acknowledgesExactly = true
      }
      let poison = try await queue.enqueue(Poison()) { $0.priority = 0 }
      let doomed = try await fixture.worker()
      #expect(try await doomed.ended() == -SIGKILL)
      // From now on both are suspects, of which one at a time runs: the innocent one, which can end now, comes first.
      try fixture.openGate()
      var rounds = 0
      while try await queue.job(poison.id)?.state.isFinished == false, rounds < 5 {
        rounds += 1
        let next = try await fixture.worker()
        try await eventually("the worker dies or the poison is taken away") {
          if !isAlive(next.id) { return true }
          return try await queue.job(poison.id)?.state.isFinished == true
        }
        next.stop()
        try await next.ended()
      }
      let end = try #require(try await queue.job(poison.id))
      #expect((end.state, end.life.reason, end.life.crashes) == (.failed, .poisoned, 3))
      let attempts = try await queue.store.attempts(of: end.sequence)
      #expect(attempts.map(\.outcome) == [.crashed, .crashed, .crashed])
      // Had the first worker not started it, it may have had no time to end.
      let last = try await fixture.worker()
      let record = try await queue.waitForEnd(of: innocent.id, timeout: .seconds(60))
      #expect(record.state == .succeeded)
      #expect(record.life.crashes <= 1)
      last.stop()
      try await last.ended()
    }
  }

  @Test("another worker hears of a death within moments", .tags(.slow))
  func heardAtOnce() async throws {
    try await fixture.open { (queue) async throws in
      let handle = try await queue.enqueue(Bystander(file: fixture.log, gate: fixture.gate))
      let holder = try await fixture.worker()
      try await eventually("the job has begun") { !lines(of: fixture.log).isEmpty }
      let heir = try await fixture.worker()
      try fixture.openGate()
      holder.kill()
      let record = try await queue.waitForEnd(of: handle.id, timeout: .seconds(60))
      #expect(record.state == .succeeded)
      heir.stop()
      try await heir.ended()
    }
  }

  @Test("the programs of a dead worker's attempt are ended before the job runs again", .tags(.slow))
  func processGroup() async throws {
    try await fixture.open { (queue) async throws in
      let handle = try await queue.enqueue(Spawn(file: fixture.log))
      let holder = try await fixture.worker()
      try await eventually("the program runs") { lines(of: fixture.log).count == 1 }
      let program = try #require(
        lines(of: fixture.log).first?.split(separator: " ").last.flatMap { Int32($0) })
      #expect(isAlive(program))
      holder.kill()
      try await holder.ended()
      #expect(isAlive(program))
      let heir = try await fixture.worker()
      _ = try await queue.waitForEnd(of: handle.id, timeout: .seconds(60))
      try await eventually("the program is gone") { !isAlive(program) }
      let record = try #require(try await queue.job(handle.id))
      #expect(try await queue.store.attempts(of: record.sequence).map(\.processGroup).first == program)
      heir.stop()
      try await heir.ended()
      for line in lines(of: fixture.log).dropFirst() {
        if let other = line.split(separator: " ").last.flatMap({ Int32($0) }) { kill(other, SIGKILL) }
      }
    }
  }
}

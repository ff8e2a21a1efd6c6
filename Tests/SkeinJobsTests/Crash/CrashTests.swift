import Foundation
import GRDB
import SkeinJobs
import SkeinTesting
import SkeinWork
import Testing

/// The fixture's jobs, as its producers know them: what they do is written in the fixture.
private protocol FixtureJob: Job {}
extension FixtureJob {
  func run(in context: JobContext) async throws -> Nothing { Nothing() }
}
private struct Note: FixtureJob {
  static let name = "note"
  var file: String
  var text: String
}
private struct Poison: FixtureJob { static let name = "poison" }
private struct Bystander: FixtureJob {
  static let name = "bystander"
  var file: String
  var gate: String
}
private struct Spawn: FixtureJob {
  static let name = "spawn"
  var file: String
}

@Suite("Crashes", .timeLimit(.minutes(5)))
struct CrashTests {
  private let directory: TemporaryDirectory
  private let log: String

  init() throws {
    directory = try TemporaryDirectory()
    log = directory.file("log")
  }

  private func worker(_ more: String...) async throws -> FixtureProcess {
    try await FixtureProcess(["worker", directory.file("queue"), log] + more)
  }

  private func withQueue(_ body: (JobQueue) async throws -> Void) async throws {
    let queue = try await JobQueue(directory: directory.file("queue"))
    do {
      try await body(queue)
      try await queue.close()
    } catch {
      try? await queue.close()
      throw error
    }
  }

  private func expectIntact() async throws {
    let plain = try DatabaseQueue(path: directory.file("queue/queue.sqlite"))
    #expect(try await plain.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
  }

  @Test(
    "a worker that dies at any step loses no job, and a repetition is explained by its deliveries",
    .tags(.slow), arguments: WorkerStep.allCases)
  func everyStep(step: WorkerStep) async throws {
    try await withQueue { (queue) async throws in
      let handles = try await queue.enqueue((0..<20).map { Note(file: log, text: "\($0)") })
      let doomed = try await worker("--die", step.rawValue, "7")
      #expect(try await doomed.ended() == -SIGKILL)
      let heir = try await worker()
      for handle in handles { _ = try await handle.result(timeout: .seconds(60)) }
      heir.stop()
      try await heir.ended()
      for handle in handles {
        let record = try #require(try await queue.job(handle.id))
        let runs = lines(of: log).filter { $0.contains("\(handle.id)") }.count
        #expect((1...record.life.deliveries).contains(runs))
      }
    }
    try await expectIntact()
  }

  @Test(
    "a worker that stands still keeps its jobs until it is evicted; what it does afterwards is refused",
    .tags(.slow))
  func evicted() async throws {
    let gate = directory.file("gate")
    try await withQueue { (queue) async throws in
      let handle = try await queue.enqueue(Bystander(file: log, gate: gate))
      let still = try await worker("--concurrency", "1")
      try await eventually("the job runs") { lines(of: log).count == 1 }
      let holder = try #require(try await queue.job(handle.id)?.worker)
      still.signal(SIGSTOP)
      let heir = try await worker("--concurrency", "1")
      // The heir has looked after the others when it has done something.
      _ = try await queue.enqueue(Note(file: log, text: "")).result(timeout: .seconds(60))
      #expect(try await queue.job(handle.id)?.worker == holder)

      let rescued = try #require(try await queue.store.evict(holder))
      #expect(rescued.map(\.id) == [handle.id] && rescued[0].wasStarted)
      try await eventually("the heir runs it") { lines(of: log).filter { $0.hasPrefix("began") }.count == 2 }
      still.signal(SIGCONT)
      // It leaves by itself when it asks for more, with an error.
      let code = try await still.ended()
      #expect(code != 0)
      #expect(try await queue.job(handle.id)?.state == .running)
      try Data().write(to: URL(filePath: gate))
      _ = try await handle.result(timeout: .seconds(60))
      let record = try #require(try await queue.job(handle.id))
      #expect((record.life.deliveries, record.life.attempts, record.life.crashes) == (2, 2, 1))
      heir.stop()
      try await heir.ended()
    }
    try await expectIntact()
  }

  @Test(
    "a job that kills its worker is poisoned after three times, and the innocent beside it are not",
    .tags(.slow))
  func poison() async throws {
    let gate = directory.file("gate")
    try await withQueue { (queue) async throws in
      let innocent = try await queue.enqueue(Bystander(file: log, gate: gate)) {
        $0.priority = 9
        // Its end is stored before the poison runs, whichever thread is slow.
        $0.acknowledgesExactly = true
      }
      let poison = try await queue.enqueue(Poison()) { $0.priority = 0 }
      let doomed = try await worker()
      #expect(try await doomed.ended() == -SIGKILL)
      // From now on both are suspects, of which one at a time runs: the innocent one, which can end now, comes first.
      try Data().write(to: URL(filePath: gate))
      var rounds = 0
      while try await queue.job(poison.id)?.state.isFinished == false, rounds < 5 {
        rounds += 1
        let next = try await worker()
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
      let last = try await worker()
      let record = try await queue.waitForEnd(of: innocent.id, timeout: .seconds(60))
      #expect(record.state == .succeeded)
      #expect(record.life.crashes <= 1)
      last.stop()
      try await last.ended()
    }
  }

  @Test(
    "a live worker keeps its jobs, even when it is stopped past all patience; a dead one loses them at once",
    .tags(.slow))
  func stoppedIsNotDead() async throws {
    let gate = directory.file("gate")
    try await withQueue { (queue) async throws in
      let handle = try await queue.enqueue(Bystander(file: log, gate: gate))
      let holder = try await worker()
      try await eventually("the job has begun") { !lines(of: log).isEmpty }
      kill(holder.id, SIGSTOP)
      let other = try await queue.store.join(.test())
      #expect(try await other.rescue().isEmpty)
      #expect(try await queue.job(handle.id)?.life.deliveries == 1)
      kill(holder.id, SIGKILL)
      try await holder.ended()
      let rescued = try await other.rescue()
      #expect(rescued.map(\.id) == [handle.id])
      #expect(rescued.map(\.wasStarted) == [true])
      try await other.leave()
    }
  }

  @Test("another worker hears of a death within moments", .tags(.slow))
  func heardAtOnce() async throws {
    let gate = directory.file("gate")
    try await withQueue { (queue) async throws in
      let handle = try await queue.enqueue(Bystander(file: log, gate: gate))
      let holder = try await worker()
      try await eventually("the job has begun") { !lines(of: log).isEmpty }
      let heir = try await worker()
      try Data().write(to: URL(filePath: gate))
      holder.kill()
      let record = try await queue.waitForEnd(of: handle.id, timeout: .seconds(60))
      #expect(record.state == .succeeded)
      heir.stop()
      try await heir.ended()
    }
  }

  @Test("the programs of a dead worker's attempt are ended before the job runs again", .tags(.slow))
  func processGroup() async throws {
    try await withQueue { (queue) async throws in
      let handle = try await queue.enqueue(Spawn(file: log))
      let holder = try await worker()
      try await eventually("the program runs") { lines(of: log).count == 1 }
      let program = try #require(lines(of: log).first?.split(separator: " ").last.flatMap { Int32($0) })
      #expect(isAlive(program))
      holder.kill()
      try await holder.ended()
      #expect(isAlive(program))
      let heir = try await worker()
      _ = try await queue.waitForEnd(of: handle.id, timeout: .seconds(60))
      try await eventually("the program is gone") { !isAlive(program) }
      let record = try #require(try await queue.job(handle.id))
      #expect(try await queue.store.attempts(of: record.sequence).map(\.processGroup).first == program)
      heir.stop()
      try await heir.ended()
      for line in lines(of: log).dropFirst() {
        if let other = line.split(separator: " ").last.flatMap({ Int32($0) }) { kill(other, SIGKILL) }
      }
    }
  }

  @Test(
    "thousands of jobs under random kills of workers and producers: none lost, every repeat explained",
    .tags(.slow))
  func randomKills() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let count = 3000
    try await withQueue { (queue) async throws in
      let handles = try await queue.enqueue((0..<count).map { Note(file: log, text: "\($0)") })
      var workers: [FixtureProcess] = []
      var kills = 0
      func isDone() async throws -> Bool {
        try await queue.counts().allSatisfy { $0.jobs.keys.allSatisfy(\.isFinished) }
      }
      while try await !isDone() {
        while workers.count < 2 {
          workers.append(
            try await worker(
              "--die", WorkerStep.allCases.randomElement(using: &generator)!.rawValue,
              "\(Int.random(in: 50...600, using: &generator))"))
        }
        let producer = try await FixtureProcess(["produce", directory.file("queue"), log, "100000"])
        try await eventually("the producer has promised something") {
          lines(of: log).last { $0.hasPrefix("promised") } != nil
        }
        producer.kill()
        try await producer.ended()
        let victim = workers.remove(at: Int.random(in: 0..<2, using: &generator))
        victim.kill()
        try await victim.ended()
        kills += 1
        try #require(kills < 500, "the jobs do not get done; seed \(seed)")
        if kills >= 5 { break }
      }
      for worker in workers {
        worker.kill()
        try await worker.ended()
      }
      let last = try await worker()
      for handle in handles { _ = try await queue.waitForEnd(of: handle.id, timeout: .seconds(60)) }
      let written = lines(of: log)
      // A promise that a producer wrote down is kept.
      for line in written where line.hasPrefix("promised") {
        let id = try #require(JobID(String(line.dropFirst("promised ".count))))
        #expect(try await queue.waitForEnd(of: id, timeout: .seconds(60)).state == .succeeded)
      }
      last.stop()
      try await last.ended()
      let runs = Dictionary(
        written.filter { $0.hasPrefix("ran") }.map { ($0.split(separator: " ")[1], 1) }, uniquingKeysWith: +)
      for handle in handles {
        let record = try #require(try await queue.job(handle.id))
        #expect(record.state == .succeeded, "seed \(seed)")
        let times = runs["\(handle.id)"[...]] ?? 0
        #expect((1...record.life.deliveries).contains(times), "seed \(seed): ran \(times), \(record.life)")
      }
    }
    try await expectIntact()
  }

  private func isAlive(_ process: Int32) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
      return false
    }
    return !stat.contains(") Z ")
  }
}

import Foundation
import SkeinJobs
import SkeinTesting
import Testing

/// Thousands of jobs, while producers and workers are killed at random.
///
/// Every kill is of the test's making, so that a run of a job beyond its first one must be explained by a kill.
@Suite("Jobs under random kills", .timeLimit(.minutes(Soak.isOn ? 60 : 5)))
struct SoakTests {
  private static let jobs = 10_000 * Soak.factor
  private static let producers = 2
  private static let workers = 3

  private let fixture: FixtureQueue

  init() throws { fixture = try FixtureQueue() }

  @Test(
    "every job whose enqueue returned ends once, and ran again only where a worker was killed", .tags(.slow))
  func randomKills() async throws {
    let seed = Soak.seed
    var crowd = Crowd(fixture: fixture, generator: SeededGenerator(seed: seed))
    while crowd.promised() < Self.jobs {
      try await crowd.fill(
        producers: Self.producers, workers: Self.workers, jobs: Self.jobs - crowd.promised())
      try await crowd.killOne()
      try #require(crowd.killed.count < 1000 * Soak.factor, "the jobs do not come; seed \(seed)")
    }
    try await crowd.endAll()

    let last = try await fixture.worker()
    try await fixture.open { (queue) async throws in
      try await eventually("all is done", limit: .seconds(240)) { try await queue.isDone() }
      last.stop()
      #expect(try await last.ended() == -SIGTERM)
      try await expectEnds(queue, killed: crowd.killed, seed)
    }
  }

  private func expectEnds(_ queue: JobQueue, killed: Set<Int32>, _ seed: UInt64) async throws {
    let promised = fixture.promised
    #expect(promised.count >= Self.jobs && Set(promised).count == promised.count, "seed \(seed)")
    var filter = JobFilter()
    filter.limit = 10 * Self.jobs
    let all = try await queue.store.jobs(filter)
    let records = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
    #expect(promised.allSatisfy { records[$0] != nil }, "a promised job is lost; seed \(seed)")
    let runs = Runs(lines(of: fixture.log))
    // Also of those that a producer was killed before it could write them down.
    for record in all {
      let attempts = record.life.deliveries == 1 ? nil : try await queue.store.attempts(of: record.sequence)
      if let fault = runs.fault(record, attempts, killed: killed) {
        Issue.record("job \(record.sequence) \(fault); seed \(seed): \(record.life)")
      }
    }
    #expect(try await queue.sqlite.check() == [], "seed \(seed)")
  }
}

/// The processes of the moment.
private struct Crowd {
  /// So many lines are written, on the average, between two kills.
  private static let linesPerKill = 500

  private let fixture: FixtureQueue
  private var generator: SeededGenerator
  private var log: LogCounter
  private var producers: [FixtureProcess] = []
  private var workers: [FixtureProcess] = []
  /// All workers there were: none ends by itself.
  private(set) var killed: Set<Int32> = []

  init(fixture: FixtureQueue, generator: SeededGenerator) {
    self.fixture = fixture
    self.generator = generator
    log = LogCounter(fixture.log)
  }

  /// How many jobs producers have written down as stored.
  mutating func promised() -> Int { log.count().promised }

  /// Starts what is missing of the crowd. Each worker will kill itself at some step, if nobody else does.
  mutating func fill(producers producerCount: Int, workers workerCount: Int, jobs: Int) async throws {
    producers.removeAll { !isAlive($0.id) }
    workers.removeAll { !isAlive($0.id) }
    while producers.count < producerCount {
      let batch = Int.random(in: 1...8, using: &generator)
      producers.append(try await fixture.producer(jobs, "--batch", "\(batch)"))
    }
    while workers.count < workerCount {
      let step = WorkerStep.allCases.randomElement(using: &generator)!.rawValue
      let worker = try await fixture.worker("--die", step, "\(Int.random(in: 100...3000, using: &generator))")
      killed.insert(worker.id)
      workers.append(worker)
    }
  }

  /// Kills one process, once some lines more are written or somebody is missing.
  mutating func killOne() async throws {
    let enough = log.count().all + Int.random(in: 1...(2 * Self.linesPerKill), using: &generator)
    let crowd = producers + workers
    try await eventually("something is written, or somebody is missing") {
      log.count().all >= enough || !crowd.allSatisfy { isAlive($0.id) }
    }
    let victim = crowd.randomElement(using: &generator)!
    victim.kill()
    try await victim.ended()
  }

  mutating func endAll() async throws {
    for process in producers + workers {
      process.kill()
      try await process.ended()
    }
  }
}

/// Counts the lines of a growing file, reading each byte once.
private struct LogCounter {
  private let path: String
  private var offset: UInt64 = 0
  private var isAtStart = true
  private var counts = (all: 0, promised: 0)

  init(_ path: String) { self.path = path }

  mutating func count() -> (all: Int, promised: Int) {
    guard let file = FileHandle(forReadingAtPath: path) else { return counts }
    defer { try? file.close() }
    try? file.seek(toOffset: offset)
    for byte in (try? file.readToEnd()) ?? Data() {
      if isAtStart, byte == UInt8(ascii: "p") { counts.promised += 1 }
      isAtStart = byte == UInt8(ascii: "\n")
      if isAtStart { counts.all += 1 }
      offset += 1
    }
    return counts
  }
}

/// Which processes have run which job.
private struct Runs {
  private var workers: [JobID: [Int32]] = [:]

  init(_ lines: [String]) {
    for line in lines where line.hasPrefix("ran ") {
      let words = line.split(separator: " ")
      guard words.count == 4, let id = JobID(String(words[1])), let worker = Int32(words[3]) else { continue }
      workers[id, default: []].append(worker)
    }
  }

  /// What is wrong with the account of a job.
  func fault(_ record: JobRecord, _ attempts: [AttemptRecord]?, killed: Set<Int32>) -> String? {
    let (life, ran) = (record.life, workers[record.id] ?? [])
    // Three workers that were killed while it ran make any job look like poison.
    let isPoisoned = life.reason == .poisoned && life.crashes == JobLife.crashLimit
    guard life.state == .succeeded || isPoisoned else { return "did not succeed" }
    if let attempts {
      guard attempts.filter({ $0.outcome == .succeeded }).count == (isPoisoned ? 0 : 1) else {
        return "ended more than once, or never"
      }
    }
    guard isPoisoned || !ran.isEmpty else { return "ended without having run" }
    guard ran.count <= life.deliveries else { return "ran \(ran.count) times" }
    guard Set(ran).count == ran.count else { return "ran twice in one worker" }
    guard ran.filter({ !killed.contains($0) }).count <= 1 else { return "ran again without a kill" }
    return nil
  }
}

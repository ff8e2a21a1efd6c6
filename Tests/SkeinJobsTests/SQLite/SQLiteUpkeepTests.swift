import Foundation
import GRDB
import SkeinJobs
import SkeinTesting
import Testing

@Suite("SQLiteJobStore, kept in order")
struct SQLiteUpkeepTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func withStore(_ name: String = "queue", _ body: (SQLiteJobStore) async throws -> Void) async throws
  {
    let store = try await SQLiteJobStore(directory: directory.file(name))
    do {
      try await body(store)
      try await store.close()
    } catch {
      try? await store.close()
      throw error
    }
  }

  private func plain<Value: Sendable>(
    _ store: SQLiteJobStore, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await DatabaseQueue(path: store.databasePath).write(body)
  }

  // MARK: Backup

  @Test("a backup is a queue of its own, with everything in it, that nobody else can read")
  func backup() async throws {
    try await withStore { (store) async throws in
      let ids = try await store.enqueue([.test(input: #"{"a":1}"#), .test { $0.priority = 9 }]).map(\.id)
      let worker = try await store.join(.test())
      let job = try await worker.claim(.test(1)).jobs[0]
      #expect(
        try await worker.finish(job.token, .test(job, .succeeded, .succeeded, result: "7", log: "said")))
      try FileManager.default.createDirectory(
        atPath: directory.file("copy"), withIntermediateDirectories: true)
      try await store.backUp(to: directory.file("copy/queue.sqlite"))
      let mode = try FileManager.default.attributesOfItem(atPath: directory.file("copy/queue.sqlite"))[
        .posixPermissions]
      #expect(mode as? Int == 0o600)
      _ = try await store.cancel(ids[0])
      try await withStore("copy") { (copy) async throws in
        #expect(try await copy.job(ids[0])?.state == .ready)
        #expect(try await copy.job(job.id)?.state == .succeeded)
        #expect(try await copy.result(of: job.token.sequence) == Data("7".utf8))
        #expect(try await copy.log(of: job.token.sequence, attempt: 1, from: 0) == Data("said".utf8))
        #expect(try await copy.check() == [])
        // It is a queue like any other: new jobs come after those that it has.
        #expect(try await copy.enqueue([.test()])[0].sequence == 3)
      }
    }
  }

  @Test("jobs that ran when the copy was made run again in it")
  func backupOfRunning() async throws {
    try await withStore { (store) async throws in
      let id = try await store.enqueue([.test()])[0].id
      let worker = try await store.join(.test())
      _ = try await worker.claim(.test(1))
      try FileManager.default.createDirectory(
        atPath: directory.file("copy"), withIntermediateDirectories: true)
      try await store.backUp(to: directory.file("copy/queue.sqlite"))
      try await withStore("copy") { (copy) async throws in
        let heir = try await copy.join(.test("heir"))
        #expect(try await heir.rescue().map(\.id) == [id])
        #expect(try await heir.claim(.test(1)).jobs.map(\.id) == [id])
      }
    }
  }

  @Test("a backup replaces nothing, and leaves nothing where it fails")
  func backupRefused() async throws {
    try await withStore { (store) async throws in
      let taken = directory.file("taken")
      try Data("mine".utf8).write(to: URL(filePath: taken))
      // Behind the second name is nothing, which is seen only when the copy is to have it.
      let dangling = directory.file("dangling")
      try FileManager.default.createSymbolicLink(atPath: dangling, withDestinationPath: "nothing")
      for path in [taken, dangling] {
        let error = await #expect(throws: JobQueueError.self) { try await store.backUp(to: path) }
        #expect(error?.code == .invalidInput)
        #expect(error?.message.contains(path) == true)
      }
      #expect(try Data(contentsOf: URL(filePath: taken)) == Data("mine".utf8))
      let nowhere = directory.file("no/such/folder/copy")
      let error = await #expect(throws: JobQueueError.self) { try await store.backUp(to: nowhere) }
      #expect(error?.message.contains(nowhere) == true)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
          == ["dangling", "queue", "taken"])
    }
  }

  // MARK: Check

  @Test("a store that has been through everything is sound")
  func sound() async throws {
    try await withStore { (store) async throws in
      let ids = try await store.enqueue((0..<6).map { _ in try .test { $0.retention = .zero } }).map(\.id)
      let worker = try await store.join(.test())
      let jobs = try await worker.claim(.test(4)).jobs
      _ = try await worker.finish(jobs[0].token, .test(jobs[0], .succeeded, .succeeded))
      _ = try await worker.finish(jobs[1].token, .test(jobs[1], .gaveUp(.permanent), .failed))
      try await worker.handBack([jobs[2].token])
      _ = try await store.cancel(ids[5])
      #expect(try await store.check() == [])
      _ = try await store.evict(worker.id)
      #expect(try await store.check() == [])
      #expect(try await store.prune(RetentionPolicy(), limit: 10) == 3)
      #expect(try await store.check() == [])
    }
  }

  @Test(
    "each kind of damage to the rows is found, with the job",
    arguments: [
      ("DELETE FROM payloads WHERE sequence = 1", "1 job is without an input: 1"),
      ("UPDATE jobs SET state = 9 WHERE sequence = 2", "1 job is in a state that there is not: 2"),
      ("UPDATE jobs SET queue = 77 WHERE sequence = 2", "of a queue or a kind that there is not: 2"),
      ("UPDATE jobs SET state = 3", "3 jobs are running for no worker"),
      ("UPDATE jobs SET finished_at = 5 WHERE sequence = 1", "while unfinished: 1"),
      ("UPDATE jobs SET failures = 4 WHERE sequence = 3", "counts that contradict each other: 3"),
      ("UPDATE jobs SET reason = 1 WHERE sequence = 3", "failed without a reason"),
      ("UPDATE meta SET revision = 0", "3 jobs are numbered beyond the latest change: 1, 2, 3"),
      ("UPDATE jobs SET state = 0 WHERE sequence = 3", "waiting for nothing that could still happen: 3"),
      ("UPDATE jobs SET held_by = 7 WHERE sequence = 3", "held back by a limit that there is not"),
      (
        "UPDATE jobs SET state = 0 WHERE sequence = 3; INSERT INTO dependencies VALUES (3, 0, 1, x'', 0, 0)",
        "tied to another one that does not know of it: 1"
      ),
      (
        "UPDATE jobs SET state = 0 WHERE sequence = 3; INSERT INTO dependencies VALUES (3, 0, 1, x'', 0, 2)",
        "or can not happen any more: 3"
      ),
      ("INSERT INTO dependencies VALUES (9, 0, 1, x'', 0, 1)", "gone that still wait for others: 9"),
      ("DELETE FROM jobs WHERE sequence = 3", "1 job is gone that have left rows in 'payloads': 3"),
    ])
  func damagedRows(_ damage: String, _ sentence: String) async throws {
    try await withStore { (store) async throws in
      _ = try await store.enqueue([.test(), .test(), .test()])
      var configuration = Configuration()
      configuration.foreignKeysEnabled = false
      try await DatabaseQueue(path: store.databasePath, configuration: configuration).write {
        try $0.execute(sql: damage)
      }
      let problems = try await store.check()
      #expect(problems.contains { $0.contains(sentence) }, "\(problems)")
    }
  }

  @Test("damage to the file is found")
  func damagedFile() async throws {
    let path = directory.file("queue/queue.sqlite")
    try await withStore { (store) async throws in
      _ = try await store.enqueue(
        (0..<2000).map { _ in try .test(input: #"{"a":"some text to fill pages"}"#) })
    }
    let file = try FileHandle(forUpdating: URL(filePath: path))
    let pages = Int(try file.seekToEnd() / 4096)
    for page in stride(from: pages / 2, to: pages - 2, by: 5) {
      try file.seek(toOffset: UInt64(page * 4096 + 100))
      try file.write(contentsOf: Data(repeating: 0xa5, count: 2000))
    }
    try file.close()
    try await withStore { (store) async throws in
      let problems = try await store.check()
      #expect(!problems.isEmpty && problems.allSatisfy { $0.hasPrefix("the file is damaged: ") })
    }
  }

  @Test("a file of the first version is brought up to date, with what is in it")
  func migration() async throws {
    var old: [EnqueuedJob] = []
    try await withStore { (store) async throws in
      old = try await store.enqueue([.test { $0.retention = .zero }, .test()])
      _ = try await store.cancel(old[0].id)
      try await plain(store) { db in
        try db.execute(
          sql: """
            DROP TABLE dependencies; DROP TABLE limits; DROP TABLE limited; DROP INDEX payloads_group;
            DROP INDEX jobs_ready; DROP INDEX jobs_held; DROP INDEX jobs_suspect; DROP INDEX jobs_unique;
            ALTER TABLE jobs DROP COLUMN ties; ALTER TABLE jobs DROP COLUMN unique_until;
            ALTER TABLE jobs DROP COLUMN held_by; ALTER TABLE meta DROP COLUMN limits_version;
            CREATE INDEX jobs_ready ON jobs (queue, is_suspect, priority DESC, sequence, kind) WHERE state = 2;
            CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key) WHERE unique_key IS NOT NULL AND state < 4;
            DROP TABLE ticks; DROP TABLE schedules; DROP INDEX jobs_finished;
            ALTER TABLE meta DROP COLUMN last_sequence; PRAGMA user_version = 1;
            """)
      }
    }
    try await withStore { (store) async throws in
      #expect(try await store.check() == [])
      #expect(try await store.prune(RetentionPolicy(), limit: 10) == 1)
      #expect(try await store.job(old[1].id)?.state == .ready)
      #expect(try await store.enqueue([.test()])[0].sequence == 3)
      try await store.put(NewSchedule(name: "new", schedule: .every(.seconds(10)), job: .test()))
      #expect(try await store.schedules().count == 1)
    }
  }

  // MARK: Limits

  @Test("a rate that a wrong clock has put off goes on")
  func rateAfterClock() async throws {
    try await withStore { (store) async throws in
      try await store.setLimit(JobLimit(.key("k"), rate: .init(1, per: .milliseconds(50))))
      _ = try await store.enqueue((0..<3).map { _ in try .test { $0.concurrencyKey = "k" } })
      let worker = try await store.join(.test())
      var started = try await worker.claim(.test()).jobs.count
      #expect(started == 1)
      started += try await worker.claim(.test()).jobs.count
      // As if the clock had been an hour ahead when the rate was noted.
      try await plain(store) {
        try $0.execute(
          sql: "UPDATE limited SET earliest = earliest + 3600000000, opens_at = opens_at + 3600000000")
      }
      try await eventually("all have started") {
        started += try await worker.claim(.test()).jobs.count
        return started == 3
      }
    }
  }

  @Test("a claim in the transaction that takes a limit away holds nothing back for ever")
  func limitRemovedBesideClaims() async throws {
    try await withStore { (store) async throws in
      let worker = try await store.join(.test())
      for _ in 0..<50 {
        try await store.setLimit(JobLimit(.key("k"), concurrency: 1))
        let ids = try await store.enqueue([
          .test { $0.concurrencyKey = "k" }, .test { $0.concurrencyKey = "k" },
        ]).map(\.id)
        let first = try await worker.claim(.test()).jobs
        #expect(first.map(\.id) == [ids[0]])
        async let removed = store.removeLimit(.key("k"))
        async let claims = Array([worker.claim(.test()).jobs, worker.claim(.test()).jobs].joined())
        var taken = try await (removed, claims).1
        _ = try await worker.finish(first[0].token, .test(first[0], .succeeded, .succeeded))
        taken += try await worker.claim(.test()).jobs
        #expect(taken.map(\.id) == [ids[1]])
        for job in taken { _ = try await worker.finish(job.token, .test(job, .succeeded, .succeeded)) }
      }
    }
  }

  // MARK: Retention

  @Test("finished jobs are found as a range of an index, in its order")
  func plan() async throws {
    try await withStore { (store) async throws in
      let plan = try await plain(store) { db in
        try Row.fetchAll(
          db,
          sql: """
            EXPLAIN QUERY PLAN
            SELECT sequence FROM jobs WHERE kind = 1 AND state = 4 AND finished_at <= 5 ORDER BY finished_at LIMIT 3
            """
        ).map { $0["detail"] as String }
      }
      #expect(
        plan.count == 1 && plan[0].contains("jobs_finished (kind=? AND state=? AND finished_at<?)"), "\(plan)"
      )
    }
  }

  @Test("who waits for a job that is removed is told")
  func awaited() async throws {
    try await withStore { (store) async throws in
      let queue = JobQueue(store: store)
      let id = try await store.enqueue([.test()])[0].id
      let waiting = Task { try await queue.waitForEnd(of: id) }
      _ = try await queue.purge()
      await expectError(.jobNotFound) { _ = try await waiting.value }
    }
  }

  @Test("jobs that nobody on record holds are taken up")
  func unowned() async throws {
    try await withStore { (store) async throws in
      let id = try await store.enqueue([.test()])[0].id
      let worker = try await store.join(.test())
      _ = try await worker.claim(.test(1))
      try await plain(store) { try $0.execute(sql: "UPDATE jobs SET worker = 99") }
      let rescued = try await worker.rescue()
      #expect(rescued.map(\.id) == [id] && rescued[0].state == .ready)
      #expect(try await store.check() == [])
    }
  }

  @Test("a schedule that another version has written stops no other one, and is named")
  func unreadableSchedule() async throws {
    try await withStore { (store) async throws in
      for name in ["good", "odd"] {
        try await store.put(try NewSchedule(name: name, schedule: .every(.seconds(10)), job: .test()))
      }
      try await plain(store) {
        try $0.execute(sql: "UPDATE schedules SET definition = '{\"lunar\": 1}' WHERE name = 'odd'")
      }
      // Past the first ticks of both, which need not be the same ones.
      let late = Date().addingTimeInterval(1000)
      let due = try await store.enqueueDue(now: late)
      #expect(due.count == 1 && due.unreadable == ["odd"])
      #expect(try await store.enqueueDue(now: late).unreadable.isEmpty)
      #expect(try await store.schedules().map(\.name) == ["good"])
      #expect(try await store.check() == ["schedule 'odd' can not be read by this version"])
      await expectError(.newerStore, contains: "'odd'") { try await store.runSchedule("odd") }
    }
  }

  @Test("what was removed is given back to the file system")
  func shrinking() async throws {
    try await withStore { (store) async throws in
      let input = #"{"a":"\#(String(repeating: "x", count: 5000))"}"#
      let ids = try await store.enqueue(
        (0..<3000).map { _ in try .test(input: input) { $0.retention = .zero } }
      ).map(\.id)
      for id in ids { _ = try await store.cancel(id) }
      func pages() async throws -> Int {
        try await plain(store) { try Int.fetchOne($0, sql: "PRAGMA page_count")! }
      }
      let before = try await pages()
      while try await store.prune(RetentionPolicy(), limit: 500) > 0 {}
      let after = try await pages()
      #expect(after < before / 2, "\(before) pages, then \(after)")
      #expect(try await store.check() == [])
    }
  }

  @Test("a worker removes what has been kept long enough")
  func worker() async throws {
    try await withStore { (store) async throws in
      let id = try await store.enqueue([.test()])[0].id
      _ = try await store.cancel(id)
      try await withWorker(store, []) {
        $0.retention = RetentionPolicy(succeeded: nil, unsuccessful: .zero)
      } _: { _ in
        try await eventually("it is removed") { try await store.job(id) == nil }
      }
    }
  }

  @Test("a retention that is negative, or too long, is refused")
  func validation() {
    for span in [Duration.seconds(-1), .seconds(200 * 366 * 86_400)] {
      #expect(throws: JobQueueError.self) {
        try RetentionPolicy(succeeded: span, unsuccessful: nil).validate()
      }
    }
    #expect(throws: Never.self) { try RetentionPolicy(succeeded: nil, unsuccessful: .zero).validate() }
  }
}

import Foundation
import GRDB
import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinJobs

@Suite("SQLiteJobStore")
struct SQLiteJobStoreTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func withStore<Value>(_ body: (SQLiteJobStore) async throws -> Value) async throws -> Value {
    let store = try await SQLiteJobStore(directory: directory.path)
    do {
      let value = try await body(store)
      try await store.close()
      return value
    } catch {
      try? await store.close()
      throw error
    }
  }

  @Test("jobs are there when the store is opened again")
  func reopening() async throws {
    let id = try await withStore { try await $0.enqueue([.test { $0.priority = 2 }])[0].id }
    let priority = try await withStore { try await $0.job(id)?.priority }
    #expect(priority == 2)
  }

  @Test("nobody else can read the files, and what was not ours is not touched")
  func permissions() async throws {
    let path = directory.file("deep/queue")
    let store = try await SQLiteJobStore(directory: path)
    _ = try await store.enqueue([.test()])
    _ = try await store.join(.test())
    for file in try FileManager.default.subpathsOfDirectory(atPath: path) + [""] {
      let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + file)
      let mode = (attributes[.posixPermissions] as? Int) ?? 0
      #expect(mode & 0o077 == 0, "\(file) has mode \(String(mode, radix: 8))")
    }
    try await store.close()
  }

  @Test("the database vacuums step by step and is in WAL mode from the start")
  func pragmas() async throws {
    try await withStore { (store) async throws in
      let plain = try DatabaseQueue(path: store.databasePath)
      let (vacuum, journal) = try await plain.read { db in
        (try Int.fetchOne(db, sql: "PRAGMA auto_vacuum"), try String.fetchOne(db, sql: "PRAGMA journal_mode"))
      }
      #expect(vacuum == 2)
      #expect(journal == "wal")
    }
  }

  // MARK: Files that are not what they should be

  @Test("a database of another program is refused and left as it is")
  func foreignDatabase() async throws {
    let path = directory.file("queue.sqlite")
    let other = try DatabaseQueue(path: path)
    try await other.write { try $0.execute(sql: "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)") }
    await expectError(.foreignStore, contains: "another program") {
      try await SQLiteJobStore(directory: directory.path)
    }
    #expect(try await other.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") } == 1)
  }

  @Test("a file that is no database is refused and left as it is")
  func noDatabase() async throws {
    let path = directory.file("queue.sqlite")
    let text = String(repeating: "this is not a database\n", count: 100)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    await expectError(.foreignStore, contains: "no SQLite database") {
      try await SQLiteJobStore(directory: directory.path)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
  }

  @Test("a file of a newer Skein is refused and left as it is")
  func newerDatabase() async throws {
    try await withStore { _ = try await $0.enqueue([.test()]) }
    let plain = try DatabaseQueue(path: directory.file("queue.sqlite"))
    try await plain.write { try $0.execute(sql: "PRAGMA user_version = 99") }
    await expectError(.newerStore, contains: "schema 99") {
      try await SQLiteJobStore(directory: directory.path)
    }
    #expect(try await plain.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 99)
  }

  @Test("a directory that is a file, or whose parent can not be written, is named")
  func unusableDirectory() async throws {
    try Data().write(to: URL(filePath: directory.file("file")))
    await expectError(.storeUnavailable, contains: "file") {
      try await SQLiteJobStore(directory: directory.file("file"))
    }
    await expectError(.storeUnavailable, contains: "/proc/nowhere") {
      try await SQLiteJobStore(directory: "/proc/nowhere")
    }
  }

  // MARK: Transactions

  @Test("a job that is enqueued in the caller's transaction exists if and only if that is committed")
  func callersTransaction() async throws {
    try await withStore { (store) async throws in
      let queue = JobQueue(store: store)
      let mine = try DatabaseQueue(path: store.databasePath)
      try await mine.write { try $0.execute(sql: "CREATE TABLE mine (x INTEGER)") }
      let work = store.signals.work.value
      struct Rejected: Error {}
      await #expect(throws: Rejected.self) {
        try await mine.write { db in
          try db.execute(sql: "INSERT INTO mine VALUES (1)")
          _ = try queue.enqueue(Echo(text: "no"), in: db)
          throw Rejected()
        }
      }
      #expect(try await store.jobs(JobFilter()).isEmpty)
      #expect(store.signals.work.value == work)
      let handle = try await mine.write { db in
        try db.execute(sql: "INSERT INTO mine VALUES (2)")
        return try queue.enqueue(Echo(text: "yes"), in: db)
      }
      #expect(store.signals.work.value != work)
      #expect(try await handle.status() == .ready)
      #expect(try await mine.read { try Int.fetchAll($0, sql: "SELECT x FROM mine") } == [2])
    }
  }

  @Test("a call that fails is undone alone, although it shares its transaction with others")
  func sharedTransaction() async throws {
    try await withStore { (store) async throws in
      let good = try (0..<50).map { _ in try NewJob.test() }
      let twice = try NewJob.test()
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for job in good { group.addTask { try await store.enqueue([job]).count == 1 } }
        for _ in 0..<10 {
          group.addTask { await ((try? store.enqueue([.test("half"), twice, twice])) == nil) }
        }
        for try await isRight in group { #expect(isRight) }
      }
      let all = try await store.jobs(
        {
          var filter = JobFilter(); filter.limit = 1000; return filter
        }())
      #expect(Set(all.map(\.id)) == Set(good.map(\.id)))
    }
  }

  @Test("two stores on one directory see each other's jobs and signals")
  func twoStores() async throws {
    try await withStore { (first) async throws in
      let second = try await SQLiteJobStore(directory: directory.path)
      let work = second.signals.work.value
      try await withThrowingTaskGroup(of: Void.self) { group in
        for store in [first, second] {
          for _ in 0..<100 { group.addTask { _ = try await store.enqueue([.test()]) } }
        }
        try await group.waitForAll()
      }
      #expect(second.signals.work.value != work)
      #expect(try await second.counts().first?.jobs == [.ready: 200])
      try await second.close()
    }
  }

  @Test("a queue can be looked into while a writer stands still in the middle of a write")
  func lockedForLong() async throws {
    try await withStore { _ = try await $0.enqueue([.test()]) }
    let lock = try WriterLock(path: directory.file("queue.lock"))
    let (isHeld, mayEnd) = (Event(), Event())
    let holding = Task {
      try await onThread {
        try lock.withLock {
          isHeld.set()
          try mayEnd.wait()
        }
      }
    }
    defer { mayEnd.set() }
    try await isHeld.wait()
    let store = try await SQLiteJobStore(directory: directory.path)
    #expect(try await store.jobs(JobFilter()).count == 1)
    #expect(try await store.workers() == [])
    // Who writes waits.
    let write = Task { try await store.enqueue([.test()]).count }
    mayEnd.set()
    #expect(try await write.value == 1)
    try await holding.value
    try await store.close()
  }

  // MARK: Trouble with the disk

  @Test(
    "a full disk is an error that says so; what was stored stays, and work goes on when there is room",
    .tags(.slow),
    .enabled(if: SmallDisk.isPossible))
  func fullDisk() async throws {
    let disk = try SmallDisk(megabytes: 4)
    defer { disk.unmount() }
    let store = try await SQLiteJobStore(directory: disk.path)
    var kept: [JobID] = []
    let large = try NewJob.test(input: "{\"x\":\"\(String(repeating: "x", count: 200_000))\"}")
    func fill() async throws {
      while true {
        var job = large
        job.id = JobID()
        kept.append(try await store.enqueue([job])[0].id)
      }
    }
    await expectError(.diskFull, contains: "disk is full") { try await fill() }
    #expect(!kept.isEmpty)
    #expect(try await store.jobs(JobFilter()).count == kept.count)
    try disk.grow(megabytes: 16)
    _ = try await store.enqueue([.test()])
    #expect(try await store.jobs(JobFilter()).count == kept.count + 1)
    try await store.close()
  }

  @Test("a directory that can only be read is an error that says so", .enabled(if: SmallDisk.isPossible))
  func readOnly() async throws {
    let disk = try SmallDisk(megabytes: 4)
    defer { disk.unmount() }
    try disk.makeReadOnly()
    await expectError(.storeUnavailable, contains: disk.path) {
      try await SQLiteJobStore(directory: disk.path)
    }
  }
}

struct Echo: Job {
  static let name = "echo"
  var text: String
  func run(in context: JobContext) async throws -> String { text }
}

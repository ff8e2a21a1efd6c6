import Foundation
import GRDB
import SkeinResilience
import SkeinSync
import SkeinTesting
import SkeinWork
import Testing

@testable import SkeinJobs

/// Room for a queue that can be used up, and made again.
private protocol Room: Sendable {
  var path: String { get }
  /// Leaves no room at all.
  func useUp(_ store: SQLiteJobStore) async throws
  func make(_ store: SQLiteJobStore) async throws
}

/// A disk in memory, filled by a file beside the queue.
private struct DiskRoom: Room {
  let disk: SmallDisk
  var path: String { disk.path + "/queue" }

  func useUp(_ store: SQLiteJobStore) throws {
    let file = try FileHandle(forWritingTo: try create(disk.path + "/ballast"))
    defer { try? file.close() }
    for size in [1 << 16, 1 << 12] {
      while (try? file.write(contentsOf: Data(count: size))) != nil {}
    }
  }

  private func create(_ path: String) throws -> URL {
    if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(filePath: path)) }
    return URL(filePath: path)
  }

  func make(_ store: SQLiteJobStore) throws { try disk.grow(megabytes: 64) }
}

/// A limit of SQLite's on the size of the database, for where nothing may be mounted.
private struct PageRoom: Room {
  let path: String

  func useUp(_ store: SQLiteJobStore) async throws {
    try await limit(store, to: "1")  // It never goes below the pages that there are.
  }

  func make(_ store: SQLiteJobStore) async throws { try await limit(store, to: "1000000") }

  private func limit(_ store: SQLiteJobStore, to pages: String) async throws {
    try await store.database.writeWithoutTransaction { db in
      _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)")
    }
  }
}

/// Gives a large result when it is told to.
private struct Large: Job {
  static let name = "large"
  var key: String

  func run(in context: JobContext) async throws -> String {
    workerMeeting.reach("began " + key)
    try await workerMeeting.wait(for: "release " + key)
    return String(repeating: "x", count: 200_000)
  }
}

@Suite("A disk that is full", .timeLimit(.minutes(5)))
struct FullDiskTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test(
    "a disk of its own: what does not fit is refused, and what runs ends once there is room", .tags(.slow),
    .enabled(if: SmallDisk.isPossible, "nothing may be mounted here"))
  func disk() async throws {
    let disk = try SmallDisk(megabytes: 8)
    defer { disk.unmount() }
    try await exercise(DiskRoom(disk: disk))
  }

  @Test(
    "a limit of SQLite's: what does not fit is refused, and what runs ends once there is room", .tags(.slow))
  func pages() async throws {
    try await exercise(PageRoom(path: directory.file("queue")))
  }

  private func exercise(_ room: some Room) async throws {
    let key = UUID().uuidString
    try await FixtureQueue.open(room.path) { (queue) async throws in
      let (store, log) = (queue.sqlite, TestLog())
      let worker = try Worker(
        store: store, registry: JobRegistry([Large.self, Add.self]), logger: log.logger)
      let working = Task { try await worker.run() }
      let running = try await queue.enqueue(Large(key: key))
      try await workerMeeting.wait(for: "began " + key)

      var kept = try await store.enqueue([job(bytes: 10), job(bytes: 10_000)]).map(\.id)
      try await room.useUp(store)
      kept += try await fill(store)
      try await expectRefusal(store, kept: kept)
      workerMeeting.reach("release " + key)
      try await eventually("the worker has tried to store the end") {
        log.contains("the end of the attempt is not stored yet")
      }
      #expect(try await running.status() == .running)
      try await expectRefusal(store, kept: kept)

      try await room.make(store)
      #expect(try await running.result(timeout: .seconds(60)).count == 200_000)
      #expect(try await queue.enqueue(Add(a: 1, b: 2)).result(timeout: .seconds(60)) == 3)
      let record = try #require(try await queue.job(running.id))
      #expect((record.life.deliveries, record.life.attempts) == (1, 1))
      worker.stop()
      try await working.value
      try await queue.expectAll(kept + [running.id])
    }
    try await FixtureQueue.open(room.path) { try await $0.expectAll([]) }
  }

  /// Stores jobs until a small one is refused too; those that were stored.
  private func fill(_ store: SQLiteJobStore) async throws -> [JobID] {
    var kept: [JobID] = []
    for size in [100_000, 1000, 1] {
      do {
        while true { kept.append(try await store.enqueue([job(bytes: size)])[0].id) }
      } catch let error as JobQueueError where error.code == .diskFull {
        #expect(error.message.contains("the disk is full") && error.message.contains("Make room"), "\(error)")
      }
    }
    return kept
  }

  private func expectRefusal(_ store: SQLiteJobStore, kept: [JobID]) async throws {
    let refused = try job(bytes: 100_000)
    await expectError(.diskFull) { try await store.enqueue([refused]) }
    #expect(try await store.job(refused.id) == nil)
    for id in kept { #expect(try await store.job(id) != nil) }
  }

  private func job(bytes: Int) throws -> NewJob {
    // On a queue that nobody serves: the worker would make room for new ones, in the log, by running them.
    try .test(input: "{\"x\":\"\(String(repeating: "x", count: bytes))\"}") { $0.queue = "kept" }
  }
}

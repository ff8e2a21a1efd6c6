import Foundation
import SkeinJobs
import SkeinTesting
import Testing

/// SQLite's log holds what was promised until it is moved into the database. Here nobody is left to move it.
@Suite("A log that is left behind", .timeLimit(.minutes(5)))
struct LeftLogTests {
  private let fixture: FixtureQueue

  init() throws { fixture = try FixtureQueue() }

  private func size(_ name: String) -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: fixture.path + "/" + name)
    return attributes?[.size] as? Int ?? 0
  }

  /// Kills all processes of a queue once its log is a few megabytes long.
  private func leaveLog() async throws {
    let worker = try await fixture.worker()
    let producers = [
      try await fixture.producer(100_000, "--bytes", "20000"), try await fixture.producer(100_000),
    ]
    // SQLite empties it at some 8 MiB, in a moment in which nobody reads.
    try await eventually("the log is long") {
      size("queue.sqlite-wal") > 3_000_000 && fixture.promised.count > 50
    }
    for process in producers + [worker] { process.kill() }
    for process in producers + [worker] { try await process.ended() }
    #expect(size("queue.sqlite-wal") > 1_000_000)
  }

  private func copy(_ name: String, leavingOut missing: Set<String> = []) throws -> String {
    let path = fixture.directory.file(name)
    try FileManager.default.copyItem(atPath: fixture.path, toPath: path)
    for file in missing { try FileManager.default.removeItem(atPath: path + "/" + file) }
    return path
  }

  @Test("everything that was promised is found in place, and in every copy of database and log", .tags(.slow))
  func left() async throws {
    try await leaveLog()
    let promised = fixture.promised
    let copies = [
      try copy("whole"),
      try copy("without shared memory", leavingOut: ["queue.sqlite-shm"]),
      try copy("bare", leavingOut: ["queue.sqlite-shm", "queue.signals", "queue.lock", "workers"]),
      // What a write was cut off in comes after everything that was promised.
      try appendRubbish(copy("with rubbish")),
    ]
    for path in copies + [fixture.path] {
      try await FixtureQueue.open(path) { (queue) async throws in
        try await queue.expectAll(promised)
        // It is a queue like any other: what the dead worker had is taken up, and new jobs come in.
        let heir = try await queue.store.join(.test(knows: ["note": 1]))
        _ = try await heir.rescue()
        let new = try await queue.enqueue(Note(file: fixture.log))
        #expect(try await heir.claim(.test(1, knows: ["note": 1])).jobs.count == 1)
        try await heir.leave()
        #expect(try await queue.status(of: new.id) == .ready)
        #expect(try await queue.store.workers() == [])
      }
    }
  }

  private func appendRubbish(_ path: String) throws -> String {
    let file = try FileHandle(forWritingTo: URL(filePath: path + "/queue.sqlite-wal"))
    try file.seekToEnd()
    try file.write(contentsOf: Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }))
    try file.close()
    return path
  }

  @Test("a queue whose shared memory is removed while nobody has it open is opened as ever", .tags(.slow))
  func sharedMemoryRemoved() async throws {
    try await leaveLog()
    try FileManager.default.removeItem(atPath: fixture.path + "/queue.sqlite-shm")
    let heir = try await fixture.worker()
    try await fixture.open { (queue) async throws in
      try await queue.expectAll(fixture.promised)
      try await eventually("all is done") { try await queue.isDone() }
    }
    heir.stop()
    #expect(try await heir.ended() == -SIGTERM)
  }
}

import Foundation
import SkeinJobs
import SkeinTesting
import Testing

@Suite("A disk that can only be read", .timeLimit(.minutes(5)))
struct ReadOnlyDiskTests {
  @Test(
    "a queue that nobody has open is refused clearly, and goes on when it can be written again",
    .enabled(if: SmallDisk.isPossible, "nothing may be mounted here"))
  func remounted() async throws {
    let disk = try SmallDisk(megabytes: 8)
    defer { disk.unmount() }
    let path = disk.path + "/queue"
    let kept = try await FixtureQueue.open(path) { try await $0.enqueue(Add(a: 1, b: 1)).id }
    try await eventually("nobody has its files open any more") { (try? disk.makeReadOnly()) != nil }
    for _ in 0..<2 {
      await expectError(.storeUnavailable, contains: path) { try await SQLiteJobStore(directory: path) }
      await expectError(.storeUnavailable, contains: "Read-only") {
        try await SQLiteJobStore(directory: path)
      }
    }
    await expectError(.storeUnavailable, contains: "Read-only") {
      try await SQLiteJobStore(directory: disk.path + "/new")
    }
    try disk.makeWritable()
    try await FixtureQueue.open(path) { (queue) async throws in
      try await withWorker(queue.store, workerTestJobs) { (_) async throws in
        #expect(try await queue.waitForEnd(of: kept, timeout: .seconds(60)).state == .succeeded)
      }
      try await queue.expectAll([kept])
    }
  }

  @Test(
    "a disk that fails under a live queue: errors are clear, and nothing that was promised is lost",
    .tags(.slow),
    .enabled("no ext4 file system can be mounted here, or made to fail") { await LoopDisk.isPossible() })
  func failed() async throws {
    let disk = try await LoopDisk()
    let fixture = try FixtureQueue(at: disk.path + "/queue")
    for round in 1...3 {
      let (known, before) = (fixture.promised.count, lines(of: fixture.log).count)
      let processes = [
        try await fixture.worker(), try await fixture.producer(100_000, "--bytes", "3000"),
        try await fixture.producer(100_000),
      ]
      try await eventually("jobs are stored and run") {
        fixture.promised.count > known + 100 && lines(of: fixture.log).count > before + 250
      }
      // What is in the middle of a call when the disk fails may be told that it is written, and it is not. That is the
      // kernel's own fault; here all stand outside of calls, with writes behind them that nobody has waited for yet.
      for process in processes { try await process.suspended() }
      try disk.fail()
      for process in processes { process.signal(SIGCONT) }
      for process in processes[1...] { #expect(try await process.ended() == 1) }
      let errors = lines(of: fixture.log).filter { $0.hasPrefix("ended ") }.suffix(2)
      for error in errors {
        #expect(error.contains("storeUnavailable") || error.contains("notSynced"), "\(error)")
        #expect(error.contains("\(fixture.path)/queue.sqlite"), "\(error)")
      }
      #expect(errors.count == 2)
      // The worker tries on, or has seen that it can not be sure of what it wrote.
      processes[0].kill()
      try await processes[0].ended()

      try await disk.unmount()
      try await disk.mount()
      try await fixture.open { try await $0.expectAll(fixture.promised) }
      #expect(round == 3 || fixture.promised.count > known)
    }
    let heir = try await fixture.worker()
    try await fixture.open { (queue) async throws in
      try await eventually("all is done") { try await queue.isDone() }
      heir.stop()
      #expect(try await heir.ended() == -SIGTERM)
      let runs = fixture.runs
      for id in fixture.promised { #expect(runs[id] ?? 0 >= 1) }
      try await queue.expectAll(fixture.promised)
    }
    try await disk.unmount()
  }
}

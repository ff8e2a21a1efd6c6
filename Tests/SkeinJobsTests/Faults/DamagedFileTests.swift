import Foundation
import GRDB
import SkeinJobs
import SkeinTesting
import Testing

@Suite("A damaged file", .timeLimit(.minutes(Soak.isOn ? 60 : 5)))
struct DamagedFileTests {
  /// A place in the database file.
  enum Place: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case header, schema, jobsInterior, jobsLeaf, payloadsLeaf, indexLeaf

    var testDescription: String { rawValue }
  }

  private let fixture: FixtureQueue

  init() throws { fixture = try FixtureQueue() }

  private var file: String { fixture.path + "/queue.sqlite" }

  /// Makes a queue with jobs in all states, all of it in the database and nothing in the log.
  private func fill() async throws {
    try await fixture.open { (queue) async throws in
      let store = queue.sqlite
      let input = #"{"file":"\#(fixture.log)","text":"some text that fills pages"}"#
      let ids = try await store.enqueue((0..<600).map { _ in try .test("note", input: input) }).map(\.id)
      let worker = try await store.join(.test(knows: ["note": 1]))
      let jobs = try await worker.claim(.test(40, knows: ["note": 1])).jobs
      for job in jobs[..<10] {
        let end = FinishedAttempt.test(job, .succeeded, .succeeded, result: "{}", log: "said")
        #expect(try await worker.finish(job.token, end))
      }
      for job in jobs[10..<15] {
        #expect(try await worker.finish(job.token, .test(job, .gaveUp(.permanent), .failed)))
      }
      for id in ids.suffix(5) { _ = try await store.cancel(id) }
      try await store.put(NewSchedule(name: "beat", schedule: .every(.seconds(100)), job: .test()))
    }
  }

  /// The page that a place is on, from 1.
  private func page(of place: Place) async throws -> Int {
    let (name, isLeaf) =
      switch place {
      case .header, .schema: ("", false)
      case .jobsInterior: ("jobs", false)
      case .jobsLeaf: ("jobs", true)
      case .payloadsLeaf: ("payloads", true)
      case .indexLeaf: ("jobs_ready", true)
      }
    guard !name.isEmpty else { return 1 }
    let plain = try DatabaseQueue(path: file)
    var page = try await plain.read { db in
      try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_master WHERE name = ?", arguments: [name])!
    }
    try plain.close()
    // Interior pages are of the kinds 2 and 5, and have the number of their last child at byte 8.
    while isLeaf, [2, 5].contains(try read(at: (page - 1) * 4096, 1)[0]) {
      page = try read(at: (page - 1) * 4096 + 8, 4).reduce(0) { $0 << 8 | Int($1) }
    }
    return page
  }

  private func read(at offset: Int, _ count: Int) throws -> [UInt8] {
    let handle = try FileHandle(forReadingFrom: URL(filePath: file))
    defer { try? handle.close() }
    try handle.seek(toOffset: UInt64(offset))
    return [UInt8](try handle.read(upToCount: count) ?? Data())
  }

  private static func write(_ bytes: [UInt8], at offset: Int, to file: String) throws {
    let handle = try FileHandle(forUpdating: URL(filePath: file))
    defer { try? handle.close() }
    try handle.seek(toOffset: UInt64(offset))
    try handle.write(contentsOf: Data(bytes))
  }

  /// Has a process look at everything there is in a queue; what was refused, and what `check` has found.
  private func look(
    _ path: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> (status: Int32, said: [String]) {
    let before = lines(of: fixture.log).count
    let process = try await FixtureProcess(["look", path, fixture.log])
    let status = try await process.ended()
    let said = Array(lines(of: fixture.log).dropFirst(before))
    #expect(status == 0 || status == 1, "it crashed after: \(said)", sourceLocation: sourceLocation)
    return (status, said)
  }

  @Test("is told as such, with what to do, wherever it is damaged", .tags(.slow), arguments: Place.allCases)
  func told(place: Place) async throws {
    try await fill()
    let page = try await page(of: place)
    let start = (page - 1) * 4096
    switch place {
    case .header: try Self.write(Array(repeating: 0xa5, count: 16), at: 0, to: file)
    case .schema: try Self.write(Array(repeating: 0xa5, count: 60), at: 100, to: file)
    default: try Self.write(Array(repeating: 0xa5, count: 4096), at: start, to: file)
    }
    let (status, said) = try await look(fixture.path)
    let told = said.filter { !$0.hasPrefix("problem ") }
    #expect(!told.isEmpty)
    for line in told { #expect(line.contains(file) && line.contains("backup"), "\(line)") }
    if place == .header || place == .schema {
      #expect(status == 1)
    } else {
      #expect(
        said.contains { $0.hasPrefix("problem the file is damaged: ") || $0.contains("refused check") },
        "\(said)")
      // All that is on sound pages can be used.
      #expect(!said.contains { $0.hasPrefix("refused schedules") }, "\(said)")
    }
  }

  @Test("does not keep a worker busy with a schedule that is due and can not be found")
  func lostSchedule() async throws {
    try await fixture.open { (queue) async throws in
      let store = queue.sqlite
      try await store.put(NewSchedule(name: "beat", schedule: .every(.seconds(1)), job: .test()))
      var configuration = Configuration()
      configuration.foreignKeysEnabled = false
      try await DatabaseQueue(path: file, configuration: configuration).write {
        try $0.execute(sql: "UPDATE schedules SET queue = 77")
      }
      await expectError(.storeUnavailable, contains: "damaged") {
        try await store.enqueueDue(now: Date().addingTimeInterval(10))
      }
    }
  }

  @Test("crashes nobody, whatever bytes are damaged", .tags(.slow))
  func anyBytes() async throws {
    try await fill()
    let seed = Soak.seed
    var generator = SeededGenerator(seed: seed)
    let size = try #require(try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int)
    for round in 0..<(8 * Soak.factor) {
      let path = fixture.directory.file("copy")
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.copyItem(atPath: fixture.path, toPath: path)
      for _ in 0..<Int.random(in: 1...100, using: &generator) {
        // Not the first page: most of what is wrong there is found when the file is opened.
        let offset = Int.random(in: 4096..<size, using: &generator)
        try Self.write([.random(in: 0...255, using: &generator)], at: offset, to: path + "/queue.sqlite")
      }
      let (status, said) = try await look(path)
      if status != 0 && status != 1 { Issue.record("round \(round), seed \(seed): \(said)") }
    }
  }
}

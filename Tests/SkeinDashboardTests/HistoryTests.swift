import Foundation
import SkeinJobs
import SkeinSync
import Testing

@testable import SkeinDashboard

@Suite("JobHistory")
struct HistoryTests {
  private let start = Date(timeIntervalSince1970: 1_800_000_000)

  private func job(
    _ state: JobState, enqueued: Double = 0, started: Double? = nil, ended: Double? = nil
  ) throws -> JobRecord {
    var life = JobLife(runAt: start.addingTimeInterval(enqueued), now: start.addingTimeInterval(enqueued))
    life.state = state
    var job = JobRecord(
      sequence: 1, id: JobID(), kind: JobKind(name: "test"), queue: "q", priority: 5,
      life: life, enqueuedAt: start.addingTimeInterval(enqueued), revision: 1)
    job.startedAt = started.map(start.addingTimeInterval)
    job.finishedAt = ended.map(start.addingTimeInterval)
    return job
  }

  @Test("what happened stands in its own time, however late it is learnt")
  func times() throws {
    var history = JobHistory()
    history.noteEnqueued(try job(.ready))
    history.noteEnd(try job(.succeeded, enqueued: 0, started: 2, ended: 35))
    history.noteEnd(try job(.failed, enqueued: 0, started: 2, ended: 31))
    history.noteEnd(try job(.cancelled, enqueued: 0, ended: 35))
    let series = history.series(span: 60, parts: 6, now: start.addingTimeInterval(55))
    #expect(series.step == 10)
    #expect(series.start == 1_800_000_000)
    #expect(series.buckets.map(\.enqueued) == [1, 0, 0, 0, 0, 0])
    #expect(series.buckets.map(\.succeeded) == [0, 0, 0, 1, 0, 0])
    #expect(series.buckets.map(\.failed) == [0, 0, 0, 1, 0, 0])
    #expect(series.buckets.map(\.dropped) == [0, 0, 0, 1, 0, 0])
    let total = series.total
    #expect((total.wait.count, total.run.count) == (2, 2))
    let wait = try #require(total.wait.percentile(0.5))
    #expect((2..<2.4).contains(wait))
  }

  @Test("each span is shown from the level that keeps it, in equal parts")
  func levels() throws {
    var history = JobHistory()
    for second in stride(from: 0.0, to: 90_000, by: 100) {
      history.noteEnqueued(try job(.ready, enqueued: second))
    }
    let now = start.addingTimeInterval(90_000)
    for (span, parts) in [(3600, 120), (86_400, 120), (7 * 86_400, 84)] as [(Int64, Int)] {
      let series = history.series(span: span, parts: parts, now: now)
      #expect(series.buckets.count <= parts)
      let wanted = min(Double(span), 90_000) / 100
      #expect(abs(Double(series.total.enqueued) - wanted) <= Double(series.step) / 100 + 1, "\(span)")
    }
  }

  @Test("what is older than its level is forgotten, and changes are told once")
  func pruning() throws {
    var history = JobHistory()
    history.noteEnqueued(try job(.ready))
    #expect(history.takeChanges().count == JobHistory.Level.allCases.count)
    #expect(history.takeChanges().isEmpty)
    history.prune(now: start.addingTimeInterval(2 * 3600))
    #expect(history.series(span: 3600, parts: 10, now: start.addingTimeInterval(60)).total.enqueued == 0)
    #expect(history.series(span: 86_400, parts: 10, now: start.addingTimeInterval(60)).total.enqueued == 1)
  }

  @Test("the file gives back what was stored in it, and its position")
  func file() async throws {
    let directory = FileManager.default.temporaryDirectory.path + "/history-\(JobID())"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    var history = JobHistory()
    history.noteEnqueued(try job(.ready))
    history.noteEnd(try job(.succeeded, enqueued: 0, started: 1, ended: 4))
    let position = HistoryFile.Position(revision: 7, sequence: 3)
    let file = try HistoryFile(directory: directory)
    try await file.save(history.takeChanges(), position, now: start.addingTimeInterval(5))
    try file.close()
    let (restored, found) = try await HistoryFile(directory: directory).load()
    let now = start.addingTimeInterval(30)
    #expect(restored.series(span: 600, parts: 60, now: now) == history.series(span: 600, parts: 60, now: now))
    #expect(found == position)
    let mode = try FileManager.default.attributesOfItem(atPath: directory + "/history.sqlite")[
      .posixPermissions]
    #expect(mode as? Int == 0o600)
  }
}

@Suite("LatencyHistogram")
struct LatencyHistogramTests {
  @Test("percentiles are right to a fifth", arguments: [0.0002, 0.004, 0.7, 12, 4000])
  func percentiles(_ unit: Double) throws {
    var histogram = LatencyHistogram()
    for step in 1...1000 { histogram.note(unit * Double(step) / 1000) }
    for part in [0.5, 0.9, 0.99] {
      let value = try #require(histogram.percentile(part))
      #expect(
        value >= min(unit * part, value) && value <= max(unit * part * 1.2, 0.0001),
        "\(part) of \(unit): \(value)")
    }
    #expect(histogram.count == 1000)
    #expect(histogram.count(upTo: unit * 2) == 1000)
    #expect(LatencyHistogram().percentile(0.5) == nil)
  }

  @Test("it is stored as pairs")
  func coding() throws {
    var histogram = LatencyHistogram()
    for value in [0.00001, 0.1, 0.1, 1e12] { histogram.note(value) }
    let data = try JSONEncoder().encode(histogram)
    #expect(try JSONDecoder().decode(LatencyHistogram.self, from: data) == histogram)
  }
}

@Suite("RateMeter")
struct RateMeterTests {
  @Test("rates are those of the last minute")
  func rates() {
    let start = MonotonicClock.Instant(nanoseconds: 1_000_000_000_000)
    var meter = RateMeter(at: start)
    for second in 0..<120 {
      for _ in 0..<3 { meter.note("q", at: start.advanced(by: .seconds(second))) { $0.ended += 1 } }
    }
    let rates = meter.rates(at: start.advanced(by: .seconds(120)))
    #expect(abs((rates["q"]?.ended ?? 0) - 3) < 0.5)
    #expect(meter.rates(at: start.advanced(by: .seconds(300))).isEmpty)
  }
}

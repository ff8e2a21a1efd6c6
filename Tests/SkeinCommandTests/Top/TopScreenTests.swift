import Foundation
import SkeinJobForms
import SkeinJobs
import Testing

@testable import SkeinCommand

@Suite struct TopScreenTests {
  // MARK: What is shown

  private static let now = Date(timeIntervalSince1970: 1_790_000_000)

  private static func record(
    _ sequence: Int64, _ state: JobState, name: String = "command", queue: String = "mail",
    started: Double? = nil,
    progress: JobProgress? = nil
  ) -> JobRecord {
    var life = JobLife(runAt: now, now: now)
    life.state = state
    var record = JobRecord(
      sequence: sequence, id: JobID(), kind: JobKind(name: name), queue: queue, priority: 5, life: life,
      enqueuedAt: now, revision: 1)
    record.startedAt = started.map { now.addingTimeInterval(-$0) }
    record.finishedAt = state.isFinished ? now.addingTimeInterval(-3) : nil
    record.progress = progress
    return record
  }

  private static func worker(_ number: Int64, _ liveness: WorkerRecord.Liveness) -> WorkerRecord {
    let about = WorkerDescription(
      name: "host:\(number)", concurrency: 4, queues: [], knows: [:], processID: 4711)
    return WorkerRecord(id: WorkerID(number: number), description: about, joinedAt: now, liveness: liveness)
  }

  private static var usual: TopSnapshot {
    var snapshot = TopSnapshot(directory: "/var/lib/skein", time: now, countedAt: now)
    snapshot.workers = [worker(1, .alive), worker(2, .unresponsive)]
    let rates = TopRates(seconds: 10, enqueued: 3, succeeded: 2.5, failed: 0.2, ended: 2.7)
    snapshot.rates = rates
    snapshot.queues = [
      TopQueue(
        counts: QueueCounts(queue: "default", isPaused: true, jobs: [.ready: 12, .succeeded: 4]), rates: nil),
      TopQueue(
        counts: QueueCounts(queue: "mail", isPaused: false, jobs: [.running: 2, .failed: 1]), rates: rates),
    ]
    snapshot.running = [
      TopJob(
        record: record(7, .running, started: 65, progress: JobProgress(fraction: 0.5, message: "half")),
        worker: "host:1", input: "make test"),
      TopJob(record: record(9, .running, started: 2), worker: "host:2", input: "sleep 5"),
    ]
    snapshot.failures = [TopFailure(record: record(3, .failed), error: "exit: code 3")]
    return snapshot
  }

  /// Long, wide and hostile in every place that somebody else has a say in.
  private static var hostile: TopSnapshot {
    let text = "日本語👩‍👩‍👧‍👦\u{1b}[2J\u{1b}]0;x\u{7}\r\n\t\u{9b}31m" + String(repeating: "w", count: 150)
    var snapshot = usual
    snapshot.directory = "/" + text
    snapshot.countedAt = now.addingTimeInterval(-100_000)
    snapshot.queues = (0..<40).map { index in
      TopQueue(
        counts: QueueCounts(
          queue: "\(index)\(text)", isPaused: index % 2 == 0, jobs: [.ready: .max / 100, .running: 10_000]),
        rates: TopRates(seconds: 1, enqueued: 1e9, succeeded: 1e9, failed: 1e9, ended: 1e9))
    }
    snapshot.running = (0..<90).map { index in
      let progress = JobProgress(fraction: Double(index) / 80, message: text)
      return TopJob(
        record: record(
          .max - Int64(index), .running, name: text, queue: text, started: 1e8, progress: progress),
        worker: text, input: text)
    }
    snapshot.failures = (0..<50).map { index in
      TopFailure(record: record(.max - Int64(index), .failed, name: text, queue: text), error: text)
    }
    return snapshot
  }

  private func lines(
    _ snapshot: TopSnapshot?, _ width: Int, _ height: Int, keys: [Key] = []
  ) -> [String] {
    var controls = TopControls()
    for key in keys { _ = controls.press(key) }
    return TopScreen(snapshot: snapshot, terminal: Terminal(width: width), height: height).lines(&controls)
  }

  // MARK: Tests

  @Test("all is there when there is room")
  func usual() {
    let lines = lines(Self.usual, 72, 20)
    #expect(lines[0].hasPrefix("\(SkeinTool.name) top  ") && lines[0].hasSuffix("  2026-09-21 14:13:20Z"))
    #expect(
      lines.dropFirst() == [
        "2 running · 12 ready · 4 succeeded · 1 failed",
        "1 worker alive · 1 unresponsive · up to 4 jobs at once",
        "2.5 succeeded/s · 0.2 failed/s · 3.0 enqueued/s · over 10 s",
        "  Queues",
        "QUEUE    STATE   RUNNING  READY  SCHEDULED  WAITING  ENDED/S  FAILED/S",
        "default  paused        0     12          0        0                   ",
        "mail     open          2      0          0        0      2.7       0.2",
        "▸ Running jobs, longest first",
        "JOB  NAME     QUEUE  WORKER    RAN  PROGRESS               INPUT",
        "  7  command  mail   host:1   1m5s  █████░░░░░  50%  half  make test",
        "  9  command  mail   host:2  2.00s                         sleep 5",
        "  Latest failures",
        "JOB  NAME     QUEUE  FAILED  ERROR",
        "  3  command  mail   3s ago  exit: code 3",
        "", "", "", "",
        "q quit · p pause · s sort: longest first · j k scroll · tab next list",
      ])
  }

  @Test("in five lines of twenty columns the essence is left")
  func tiny() {
    #expect(
      lines(Self.usual, 20, 5).dropFirst() == [
        "2 running · 12 read…",
        "JOB   RAN  INPUT",
        "  7  1m5s  make test",
        "q quit · p pause · …",
      ])
  }

  @Test("whatever is stored, no line wraps or steers the terminal", arguments: [20, 33, 80, 200])
  func fits(_ width: Int) {
    for snapshot in [
      Self.usual, Self.hostile, TopSnapshot(directory: "/q", time: Self.now, countedAt: Self.now), nil,
    ] {
      for height in [5, 9, 17, 50] {
        for keys in [[], [.tab], [.tab, .tab, .end], [.character("s"), .pageDown, .character("p")]] as [[Key]]
        {
          let lines = lines(snapshot, width, height, keys: keys)
          #expect(lines.count == height)
          for line in lines {
            #expect(Text.width(line) <= width, "\(width)×\(height): \(line)")
            #expect(line == Text.printable(line))
          }
        }
      }
    }
  }

  @Test("a terminal that is too small for anything gets what it holds")
  func absurd() {
    for width in 0..<20 {
      for height in 0..<5 { #expect(lines(Self.hostile, width, height).count <= max(1, height)) }
    }
  }

  @Test("running jobs are sorted and scrolled as it was chosen")
  func sorting() {
    func jobs(_ keys: [Key]) -> [Substring] {
      lines(Self.usual, 80, 9, keys: keys).filter { $0.contains("command") }.map { $0.prefix(3) }
    }
    #expect(jobs([]) == ["  7", "  9"])
    #expect(jobs([.character("s")]) == ["  9", "  7"])
    let far = lines(Self.hostile, 80, 24, keys: [.end])
    #expect(far.contains { $0.hasPrefix("▸ Running jobs, longest first: 82 to 90 of 90") }, "\(far)")
  }

  @Test("a screen that stands still says so")
  func paused() {
    #expect(lines(Self.usual, 80, 24, keys: [.character("p")]).last!.contains("paused, p goes on"))
  }

  @Test("an old count is dated")
  func age() {
    var old = Self.usual
    old.countedAt = Self.now.addingTimeInterval(-42)
    #expect(lines(old, 80, 24)[1].hasSuffix("1 failed · counted 42s ago"))
  }

  @Test("an empty queue says what there is not")
  func empty() {
    let lines = lines(TopSnapshot(directory: "/q", time: Self.now, countedAt: Self.now), 80, 24)
    #expect(lines.contains("no jobs") && lines.contains("no job runs"))
    #expect(
      lines[1...3] == ["0 running · 0 ready", "0 workers alive · up to 0 jobs at once", "rates follow"])
  }

  // MARK: In a pipe

  @Test("in a pipe there is a line for each thing, complete and without control characters")
  func report() {
    let snapshot = Self.usual
    let ids = (snapshot.running.map(\.record) + snapshot.failures.map(\.record)).map(\.id)
    let (start, end) = ("2026-09-21T14:12:15.000Z", "2026-09-21T14:13:17.000Z")
    let lines = TopReport(snapshot: snapshot).text(for: Terminal(width: nil)).split(separator: "\n")
    #expect(
      lines == [
        "queue\tdefault\tpaused\t0\t0\t12\t0\t4\t0\t0\t0",
        "queue\tmail\topen\t0\t0\t0\t2\t0\t1\t0\t0",
        "worker\t1\thost:1\talive\t4\t4711",
        "worker\t2\thost:2\tunresponsive\t4\t4711",
        "running\t7\tcommand\tmail\thost:1\t\(start)\t0.5\thalf\tmake test\t\(ids[0])",
        "running\t9\tcommand\tmail\thost:2\t2026-09-21T14:13:18.000Z\t\t\tsleep 5\t\(ids[1])",
        "failed\t3\tcommand\tmail\t\(end)\texit: code 3\t\(ids[2])",
      ])
    let hostile = TopReport(snapshot: Self.hostile).text(for: Terminal(width: nil))
    for line in hostile.split(separator: "\n") {
      for field in line.split(separator: "\t") { #expect(field == Text.printable(String(field))) }
    }
  }
}

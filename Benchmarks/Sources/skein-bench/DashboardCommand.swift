import ArgumentParser
import BenchReport
import Foundation
import SkeinJobs
import Subprocess
import Synchronization
import SystemPackage
import TextTable

/// Measures what the dashboard gives, and what it costs the queue.
struct DashboardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dashboard",
    abstract: "Measures the dashboard with a million jobs stored, while the queue runs at full rate.",
    discussion: """
      One worker goes on through a round: first nobody looks, then a dashboard is asked for pages and answers, then nobody \
      looks, then a thousand clients follow the overview as well, and then nobody looks again. The rate of a part is \
      compared with those of the parts before and after it.
      """)

  @Flag(help: "Half of the jobs, one short round.")
  var quick = false

  @Flag(help: "Write the table to Benchmarks/RESULTS.md.")
  var save = false

  @Option(help: ArgumentHelp("How many rounds.", valueName: "count"))
  var rounds = 3

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds must be at least 1") }
  }

  func run() async throws {
    let machine = Machine.current
    let places = try Places()
    defer { places.remove() }
    let benchmark = DashboardBenchmark(
      places: places, directory: "\(places.data)/dashboard", stored: quick ? 500_000 : 1_000_000,
      seconds: quick ? 3 : 6, rounds: quick ? 1 : rounds)
    let report = try await benchmark.measure(machine)
    print(report.text)
    if save {
      try ResultsFile.save(report.markdown, under: "Dashboard: ./bench dashboard", at: places.results)
    }
  }
}

/// A queue that works, and who looks at it.
struct DashboardBenchmark {
  /// What is asked for.
  static let addresses = [
    "/", "/jobs", "/jobs?state=ready&queue=queue-3", "/jobs/1", "/failures", "/workers", "/metrics",
    "/api/v1/statistics",
    "/api/v1/queues", "/api/v1/jobs?limit=50", "/api/v1/jobs?state=succeeded", "/api/v1/jobs/1",
    "/api/v1/failures",
  ]

  private static let queues = (0..<10).map { "queue-\($0)" }

  /// Who looks.
  enum Look: CaseIterable {
    case nobody, requests, followers

    var title: String {
      switch self {
      case .nobody: "nobody looks"
      case .requests: "20 requests/s"
      case .followers: "the same, and 1,000 who follow"
      }
    }
  }

  /// What the clients tell.
  struct Seen: Decodable {
    var times: [String: [Double]]
    var events: Int
  }

  /// A part of a round.
  struct Part {
    var look: Look
    var span: Range<Int64>
    var seen: Seen?
    /// The dashboard's bytes.
    var memory: Double?
  }

  let places: Places
  let directory: String
  let stored: Int
  let seconds: Int
  let rounds: Int

  func measure(_ machine: Machine) async throws -> DashboardReport {
    var report = DashboardReport(machine: machine, stored: stored, seconds: seconds, rounds: rounds)
    let queue = try await JobQueue(directory: directory)
    // The first job is looked at all the time, and stays.
    _ = try await queue.enqueue(Noop()) { $0.delay = .seconds(86_400) }
    say("storing \(stored) jobs")
    for round in 1...rounds {
      // So that each round finds as many.
      for name in Self.queues { _ = try await queue.purge(name, states: [.succeeded]) }
      try await fill(queue)
      let parts = Mutex<[Part]>([])
      let work = try await WorkCommand.beside(directory: directory) {
        try await Task.sleep(for: .seconds(2))
        for look in [Look.nobody, .requests, .nobody, .followers, .nobody] {
          let part = try await look == .nobody ? aloneForAWhile() : watched(look)
          parts.withLock { $0.append(part) }
          // What the dashboard leaves behind is not the next part's.
          try await Task.sleep(for: .seconds(1))
        }
      }
      guard try await ready(queue) > 0 else {
        throw BenchmarkError("the jobs did not last: take fewer seconds")
      }
      report.add(parts.withLock(\.self), of: work)
      say("round \(round): " + report.lastRound)
    }
    try await queue.close()
    return report
  }

  private func ready(_ queue: JobQueue) async throws -> Int {
    try await queue.counts().reduce(0) { $0 + ($1.jobs[.ready] ?? 0) }
  }

  /// Ready jobs, in ten queues.
  private func fill(_ queue: JobQueue) async throws {
    let ready = try await ready(queue)
    for number in 0..<max(0, (stored - ready + 999) / 1000) {
      _ = try await queue.enqueue(Array(repeating: Noop(), count: 1000)) {
        $0.queue = Self.queues[number % 10]
      }
    }
  }

  private func aloneForAWhile() async throws -> Part { Part(look: .nobody, span: try await aWhile()) }

  /// - Returns: from when to when the part was, on the machine's monotonic clock.
  private func aWhile() async throws -> Range<Int64> {
    let start = monotonicNanoseconds()
    try await Task.sleep(for: .seconds(seconds))
    return start..<monotonicNanoseconds()
  }

  private func watched(_ look: Look) async throws -> Part {
    let port = 18_000 + Int.random(in: 0..<2000)
    let dashboard = Process()
    dashboard.executableURL = URL(fileURLWithPath: places.tool)
    dashboard.arguments = ["dashboard", "--data-dir", directory, "--port", "\(port)"]
    dashboard.standardError = FileHandle.nullDevice
    try dashboard.run()
    defer {
      dashboard.terminate()
      dashboard.waitUntilExit()
    }
    try await waitUntilReady(port: port)
    let (span, seen) = try await withClients(port: port, followers: look == .followers ? 1000 : 0) {
      try await aWhile()
    }
    return Part(
      look: look, span: span, seen: seen, memory: Self.residentBytes(of: dashboard.processIdentifier))
  }

  /// Waits until the dashboard listens, and has gone through all jobs.
  private func waitUntilReady(port: Int) async throws {
    let result = try await Subprocess.run(
      .name("curl"),
      arguments: [
        "--silent", "--fail", "--retry", "60", "--retry-delay", "1", "--retry-all-errors",
        "http://127.0.0.1:\(port)/ready",
      ], output: .discarded, error: .discarded)
    guard result.terminationStatus.isSuccess else { throw BenchmarkError("the dashboard does not get ready") }
    try await Task.sleep(for: .seconds(1))
  }

  private func withClients<Value: Sendable>(
    port: Int, followers: Int, _ body: @Sendable @escaping () async throws -> Value
  ) async throws -> (Value, Seen) {
    let result = try await Subprocess.run(
      .path("/usr/bin/python3"),
      arguments: Arguments(
        ["\(places.benchmarks)/peers/dashboard_clients.py", "http://127.0.0.1:\(port)", "20", "\(followers)"]
          + Self.addresses),
      input: .inputWriter, output: .string(limit: 1 << 24), error: .string(limit: 1 << 20)
    ) { execution in
      // The followers come one after the other.
      try await Task.sleep(until: .now + .milliseconds(500 + followers * 3))
      let value = try await body()
      try await execution.standardInputWriter.finish()
      return value
    }
    let lines = result.standardOutput.split(separator: "\n")
    guard result.terminationStatus.isSuccess, let last = lines.last, lines.count == 2 else {
      throw BenchmarkError("the clients failed: \(result.standardError.suffix(600))")
    }
    return (result.closureResult, try JSONDecoder().decode(Seen.self, from: Data(last.utf8)))
  }

  private static func residentBytes(of process: Int32) -> Double? {
    let lines = try? String(contentsOfFile: "/proc/\(process)/smaps_rollup", encoding: .utf8).split(
      separator: "\n")
    return lines?.first { $0.hasPrefix("Pss:") }.flatMap { Double($0.split(separator: " ")[1]) }.map {
      $0 * 1024
    }
  }
}

/// The tables of the dashboard.
struct DashboardReport {
  typealias Look = DashboardBenchmark.Look

  var machine: Machine
  var stored: Int
  var seconds: Int
  var rounds: Int
  private var rates: [Look: [Double]] = [:]
  /// Of the rate while nobody looked, before and after.
  private var ratios: [Look: [Double]] = [:]
  private var times: [Look: [String: [Double]]] = [:]
  private var events: [Look: [Double]] = [:]
  private var memory: [Double] = []

  init(machine: Machine, stored: Int, seconds: Int, rounds: Int) {
    (self.machine, self.stored, self.seconds, self.rounds) = (machine, stored, seconds, rounds)
  }

  /// A round's parts, each of which but the first and last stands between two others.
  mutating func add(_ parts: [DashboardBenchmark.Part], of work: StartReport) {
    let rates = parts.map { work.rate(in: $0.span) }
    for (index, part) in parts.enumerated() {
      self.rates[part.look, default: []].append(rates[index])
      guard let seen = part.seen else { continue }
      ratios[part.look, default: []].append(2 * rates[index] / (rates[index - 1] + rates[index + 1]))
      for (address, times) in seen.times {
        self.times[part.look, default: [:]][address, default: []] += times
      }
      events[part.look, default: []].append(Double(seen.events) / Double(seconds))
      memory.append((part.memory ?? 0) / 1e6)
    }
  }

  /// What the last round gave, on a line.
  var lastRound: String {
    Look.allCases.map { look in
      "\(look.title): \((rates[look]?.last ?? 0).shortened) jobs/s"
        + (ratios[look]?.last.map { ", \($0.shortened) of alone" } ?? "")
    }.joined(separator: "; ")
  }

  private func median(_ values: [Double]?) -> Double? { values.flatMap { $0.sorted().percentile(50) } }

  private func rateTable(_ style: any TextTableStyle.Type) -> String {
    let rows = Look.allCases.map { look -> [String] in
      let all = (times[look] ?? [:]).values.flatMap(\.self).sorted()
      let ratios = (ratios[look] ?? []).sorted()
      return [
        look.title, median(rates[look])?.shortened ?? "", median(ratios)?.shortened ?? "",
        ratios.isEmpty ? "" : "\(ratios[0].shortened)–\(ratios[ratios.count - 1].shortened)",
        all.percentile(50)?.shortened ?? "", all.percentile(99)?.shortened ?? "",
        median(events[look])?.shortened ?? "",
      ]
    }
    return Table(
      headings: [
        "who looks", "jobs/s", "of alone", "of each round", "answers p50, ms", "p99, ms", "parts sent/s",
      ],
      rows: rows
    ).text(style: style)
  }

  private func timeTable(_ style: any TextTableStyle.Type) -> String {
    let rows = DashboardBenchmark.addresses.map { address -> [String] in
      [address]
        + [Look.requests, .followers].flatMap { look -> [String] in
          let all = (times[look]?[address] ?? []).sorted()
          return [all.percentile(50)?.shortened ?? "", all.percentile(99)?.shortened ?? ""]
        }
    }
    return Table(
      headings: ["address", "p50, ms", "p99, ms", "with 1,000 who follow: p50", "p99"], rows: rows
    ).text(style: style)
  }

  private var remarks: [String] {
    let all = (times[.requests] ?? [:]).values.flatMap(\.self).sorted()
    let rate = median(ratios[.requests]) ?? 0
    let tail = all.percentile(99) ?? 0
    return [
      "Medians of \(rounds) rounds with parts of \(seconds) s; \(stored) jobs wait in ten queues at the start of each, a worker process "
        + "runs them two at a time, and the dashboard, the worker and the clients share the machine.",
      "“Of alone” compares a part with the two beside it, of the same worker, in which nobody looks.",
      "Memory of the dashboard: \((memory.max() ?? 0).shortened) MB at the most.",
      "Aim: p99 of answers below 50 ms: \(tail.shortened), \(tail < 50 ? "met" : "missed").",
      "Aim: the queue's rate at least 0.95 of what it is alone: \(rate.shortened), \(rate >= 0.95 ? "met" : "missed").",
    ]
  }

  var text: String {
    "\(machine)\n\n\(rateTable(Style.plain))\n\n\(timeTable(Style.plain))\n\n\(remarks.joined(separator: "\n"))"
  }

  var markdown: String {
    """
    \(machine)

    \(rateTable(Style.pipe))

    \(timeTable(Style.pipe))

    \(remarks.map { "- \($0)" }.joined(separator: "\n"))
    """
  }
}

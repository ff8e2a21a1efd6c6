import ArgumentParser
import BenchReport
import Foundation
import SkeinJobs
import Subprocess
import SystemPackage
import TextTable

/// Measures what the dashboard gives, and what it costs the queue.
struct DashboardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dashboard",
    abstract: "Measures the dashboard with a million jobs stored, while the queue runs at full rate.",
    discussion: """
      The queue runs alone, then beside a dashboard that is asked for pages and answers, then with a thousand clients that \
      follow the overview as well; and so on in turns.
      """)

  @Flag(help: "A tenth of the jobs, one short round.")
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
      places: places, directory: "\(places.data)/dashboard", stored: quick ? 100_000 : 1_000_000,
      seconds: quick ? 3 : 10, rounds: quick ? 1 : rounds)
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
    "/", "/jobs", "/jobs?state=ready&queue=queue-3", "/jobs/17", "/failures", "/workers", "/metrics",
    "/api/v1/statistics",
    "/api/v1/queues", "/api/v1/jobs?limit=50", "/api/v1/jobs?state=succeeded", "/api/v1/jobs/17",
    "/api/v1/failures",
  ]

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
  private struct Seen: Decodable {
    var times: [String: [Double]]
    var events: Int
  }

  let places: Places
  let directory: String
  let stored: Int
  let seconds: Int
  let rounds: Int

  func measure(_ machine: Machine) async throws -> DashboardReport {
    var report = DashboardReport(machine: machine, stored: stored, seconds: seconds, rounds: rounds)
    let queue = try await JobQueue(directory: directory)
    say("storing \(stored) jobs")
    try await fill(queue)
    for round in 1...rounds {
      for look in Look.allCases {
        // What the last part has done away with comes back, so that each one finds as many.
        try await fill(queue)
        let (rate, memory) = try await work(look, &report)
        say("round \(round), \(look.title): \(rate.shortened) jobs/s")
        report.rates[look, default: []].append(rate)
        if let memory { report.memory.append(memory) }
      }
    }
    try await queue.close()
    return report
  }

  /// Ready jobs, in ten queues.
  private func fill(_ queue: JobQueue) async throws {
    let ready = try await queue.counts().reduce(0) { $0 + ($1.jobs[.ready] ?? 0) }
    for number in 0..<max(0, (stored - ready + 999) / 1000) {
      _ = try await queue.enqueue(Array(repeating: Noop(), count: 1000)) { $0.queue = "queue-\(number % 10)" }
    }
  }

  /// - Returns: jobs a second, and the dashboard's megabytes.
  private func work(_ look: Look, _ report: inout DashboardReport) async throws -> (Double, Double?) {
    guard look != .nobody else { return (try await workers(), nil) }
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
    // Time to listen, and to go through all jobs.
    try await Task.sleep(until: .now + .seconds(stored >= 1_000_000 ? 6 : 2))
    let (rate, seen) = try await withClients(port: port, followers: look == .followers ? 1000 : 0) {
      try await workers()
    }
    for (address, times) in seen.times { report.times[look, default: [:]][address, default: []] += times }
    report.events[look, default: []].append(Double(seen.events) / Double(seconds))
    return (rate, Self.residentBytes(of: dashboard.processIdentifier).map { $0 / 1e6 })
  }

  /// Jobs a second of a worker process.
  private func workers() async throws -> Double {
    let report = try await WorkCommand.beside(directory: directory) { [seconds] in
      try await Task.sleep(until: .now + .seconds(seconds))
    }
    guard report.lastStart > report.firstStart else { throw BenchmarkError("the worker has done nothing") }
    return Double(report.count) / (Double(report.lastStart - report.firstStart) / 1e9)
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
  var rates: [Look: [Double]] = [:]
  var times: [Look: [String: [Double]]] = [:]
  var events: [Look: [Double]] = [:]
  var memory: [Double] = []

  private func median(_ values: [Double]?) -> Double? { values.flatMap { $0.sorted().percentile(50) } }

  private func rateTable(_ style: any TextTableStyle.Type) -> String {
    let alone = median(rates[.nobody]) ?? 0
    let rows = Look.allCases.map { look -> [String] in
      let rate = median(rates[look]) ?? 0
      let all = (times[look] ?? [:]).values.flatMap(\.self).sorted()
      return [
        look.title, rate.shortened, (rate / alone).shortened, all.percentile(50)?.shortened ?? "",
        all.percentile(99)?.shortened ?? "", median(events[look])?.shortened ?? "",
      ]
    }
    return Table(
      headings: ["who looks", "jobs/s", "of alone", "answers p50, ms", "p99, ms", "parts sent/s"], rows: rows
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
    let rate = (median(rates[.requests]) ?? 0) / (median(rates[.nobody]) ?? 1)
    let tail = all.percentile(99) ?? 0
    return [
      "Medians of \(rounds) rounds of \(seconds) s each; \(stored) jobs wait in ten queues, a worker process runs them two at a time, "
        + "and the dashboard, the worker and the clients share the machine.",
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

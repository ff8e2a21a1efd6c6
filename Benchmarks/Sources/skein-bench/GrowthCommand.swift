import ArgumentParser
import BenchReport
import Foundation
import SkeinJobs
import TextTable

/// Measures what a growing backlog does to the queue.
struct GrowthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "growth",
    abstract: "Measures the job queue with up to five million jobs waiting in a thousand queues.",
    discussion: """
      One file grows from size to size. At each of them the backlog is spread over a thousand queues, all of which are \
      served, with a fiftieth of it scheduled for tomorrow.
      """)

  @Flag(help: "Sizes up to 100,000 only, and short measurements.")
  var quick = false

  @Flag(help: "Write the table to Benchmarks/RESULTS.md.")
  var save = false

  @Option(help: ArgumentHelp("How many worker processes.", valueName: "count"))
  var workers = 8

  @Option(help: ArgumentHelp("How many queues.", valueName: "count"))
  var queues = 1000

  func validate() throws {
    guard workers >= 1, queues >= 1 else {
      throw ValidationError("--workers and --queues must be at least 1")
    }
  }

  func run() async throws {
    let machine = Machine.current
    let places = try Places()
    defer { places.remove() }
    let directory = "\(places.data)/growth"
    let sizes = quick ? [1_000, 100_000] : [1_000, 100_000, 1_000_000, 5_000_000]
    let queue = try await JobQueue(directory: directory)
    var benchmark = GrowthBenchmark(
      queue: queue, directory: directory, queues: queues, workers: workers, seconds: quick ? 2 : 10,
      samples: quick ? 50 : 300)
    var columns: [GrowthBenchmark.Column] = []
    for size in sizes { columns.append(try await benchmark.measure(size)) }
    try await queue.close()
    let table = GrowthReport(columns: columns, queues: queues, workers: workers, machine: machine)
    print(table.text)
    if save { try ResultsFile.save(table.markdown, under: "Growth: ./bench growth", at: places.results) }
  }
}

/// One file that grows.
struct GrowthBenchmark {
  /// What was measured at one size.
  struct Column {
    var waiting: Int
    var figures: [GrowthMetric: Double] = [:]
  }

  let queue: JobQueue
  let directory: String
  let queues: Int
  let workers: Int
  let seconds: Int
  let samples: Int
  private var ready = 0
  private var scheduled = 0

  init(queue: JobQueue, directory: String, queues: Int, workers: Int, seconds: Int, samples: Int) {
    self.queue = queue
    self.directory = directory
    self.queues = queues
    self.workers = workers
    self.seconds = seconds
    self.samples = samples
  }

  /// Lets the backlog grow to a size, and measures.
  mutating func measure(_ waiting: Int) async throws -> Column {
    var column = Column(waiting: waiting)
    func record(_ value: Double, _ metric: GrowthMetric) {
      column.figures[metric] = value
      say("  \(metric.title): \(value.shortened)")
    }
    say("\(waiting) waiting")
    if let rate = try await fill(to: waiting) { record(rate, .fill) }
    record(try await oneByOne(), .enqueue)
    let claims = try await claimTimes()
    record(claims.percentile(50)!, .claimMedian)
    record(claims.percentile(99)!, .claimTail)
    let latencies = try await latencies()
    record(try latencies.latency(percent: 50), .latencyMedian)
    record(try latencies.latency(percent: 99), .latencyTail)
    let (rate, memory) = try await work()
    record(rate, .done)
    record(memory, .memory)
    record(Double(try fileBytes()) / 1e6, .file)
    return column
  }

  private func name(_ number: Int) -> String { "queue-\(number % queues)" }

  /// Jobs a second, a thousand in each call, each call into another queue.
  private mutating func fill(to waiting: Int) async throws -> Double? {
    let missing = waiting - ready
    guard missing > 0 else { return nil }
    let start = ContinuousClock.now
    let share = max(1, min(1000, waiting / queues))
    for number in 0..<(missing + share - 1) / share {
      _ = try await queue.enqueue(Array(repeating: Noop(), count: share)) { $0.queue = name(number) }
      ready += share
    }
    let rate = Double(missing) / ((ContinuousClock.now - start) / .seconds(1))
    while scheduled < waiting / 50 {
      _ = try await queue.enqueue(Array(repeating: Noop(), count: min(1000, waiting / 50 - scheduled))) {
        $0.delay = .seconds(86_400)
      }
      scheduled += min(1000, waiting / 50 - scheduled)
    }
    return rate
  }

  private mutating func oneByOne() async throws -> Double {
    let count = samples * 5
    let elapsed = try await ContinuousClock().measure {
      for number in 0..<count { _ = try await queue.enqueue(Noop()) { $0.queue = name(number) } }
    }
    ready += count
    return Double(count) / elapsed.seconds
  }

  /// Microseconds that it takes to be handed one job, in whichever queue.
  private func claimTimes() async throws -> [Double] {
    let worker = try await queue.store.join(
      WorkerDescription(
        name: "bench", concurrency: 1, queues: [], knows: [Noop.name: 1], processID: getpid()))
    var times: [Double] = []
    for _ in 0..<samples * 5 {
      let start = ContinuousClock.now
      let claim = try await worker.claim(ClaimRequest(limit: 1, knows: [Noop.name: 1]))
      times.append((ContinuousClock.now - start) / .microseconds(1))
      guard claim.jobs.count == 1 else { throw BenchmarkError("no job was handed out") }
    }
    try await worker.leave()
    return times.sorted()
  }

  /// How long after its enqueue a job starts in a worker that serves its queue alone, in another process.
  private func latencies() async throws -> StartReport {
    try await WorkCommand.beside(directory: directory, queue: "default") { [queue, samples] in
      _ = try await queue.enqueue(Noop()).result(timeout: .seconds(60))
      for _ in 0..<samples {
        try await Task.sleep(until: .now + .milliseconds(.random(in: 5...60)))
        _ = try await queue.enqueue(Noop(sent: monotonicNanoseconds())).result(timeout: .seconds(60))
      }
    }
  }

  /// Jobs a second that workers in processes of their own do, from all queues, and the megabytes of the largest of them.
  private mutating func work() async throws -> (rate: Double, memory: Double) {
    let reports = try await withThrowingTaskGroup(of: StartReport.self) { group in
      for _ in 0..<workers {
        group.addTask { [directory, seconds] in
          try await WorkCommand.beside(directory: directory) {
            try await Task.sleep(until: .now + .seconds(seconds))
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let done = reports.reduce(0) { $0 + $1.count }
    guard let first = reports.map(\.firstStart).filter({ $0 > 0 }).min(),
      let last = reports.map(\.lastStart).max()
    else { throw BenchmarkError("no worker has done anything") }
    ready -= done
    let memory = reports.compactMap(\.memoryBytes).max() ?? 0
    return (Double(done) / (Double(max(1, last - first)) / 1e9), Double(memory) / 1e6)
  }

  private func fileBytes() throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/queue.sqlite")
    return attributes[.size] as? Int ?? 0
  }
}

/// What is measured at each size, in the order of the table.
enum GrowthMetric: CaseIterable {
  case fill, enqueue, claimMedian, claimTail, latencyMedian, latencyTail, done, memory, file

  var title: String {
    switch self {
    case .fill: "enqueue, up to 1,000 at a time (jobs/s)"
    case .enqueue: "enqueue one by one, 1 producer (jobs/s)"
    case .claimMedian: "a claim of one job, p50 (µs)"
    case .claimTail: "the same, p99 (µs)"
    case .latencyMedian: "enqueue to start across processes, p50 (ms)"
    case .latencyTail: "the same, p99 (ms)"
    case .done: "done by all workers from all queues (jobs/s)"
    case .memory: "memory of the largest worker (MB)"
    case .file: "size of the file (MB)"
    }
  }
}

/// The table of growth.
struct GrowthReport {
  var columns: [GrowthBenchmark.Column]
  var queues: Int
  var workers: Int
  var machine = Machine.current

  private func table(_ style: any TextTableStyle.Type) -> String {
    let sizes = columns.map { "\($0.waiting.formatted(.number.locale(Locale(identifier: "en")))) waiting" }
    let rows = GrowthMetric.allCases.map { metric in
      [metric.title] + columns.map { $0.figures[metric]?.shortened ?? "" }
    }
    return Table(headings: ["one run"] + sizes, rows: rows).text(style: style)
  }

  private var note: String {
    "\(queues) queues, all served, and \(workers) worker processes of \(WorkCommand.concurrency) places each."
  }

  var text: String { "\(machine)\n\n\(table(Style.plain))\n\n\(note)" }

  var markdown: String { "\(machine)\n\n\(table(Style.pipe))\n\n\(note)" }
}

import BenchReport
import SkeinJobs
import SkeinWork
import Synchronization

/// A job that does nothing but note when it began.
struct Noop: Job {
  static let name = "bench.noop"
  /// When it was enqueued, on the machine's monotonic clock, in a run that measures latency; else 0.
  var sent: Int64 = 0

  func run(in context: JobContext) async throws -> Int {
    StartLog.note(sent: sent)
    return 0
  }
}

/// Joins what jobs before it have given.
struct Gather: Job {
  static let name = "bench.gather"
  var parts: [JobResult<Int>] = []

  func run(in context: JobContext) async throws -> Int { try parts.reduce(1) { try $0 + $1.value } }
}

/// When the jobs of this process began.
enum StartLog {
  private static let firstStart = Atomic<Int64>(0)
  private static let count = Atomic<Int>(0)
  private static let hundredths = Mutex<[Int64]>([])
  private static let latencies = Mutex<[Int64]>([])

  /// Little for each job of a throughput run: the time is looked at for the first one, and then for each hundredth.
  static func note(sent: Int64) {
    let number = count.wrappingAdd(1, ordering: .relaxed).newValue
    if number % StartReport.stride == 0 {
      let time = monotonicNanoseconds()
      hundredths.withLock { $0.append(time) }
    }
    if sent > 0 {
      let latency = monotonicNanoseconds() - sent
      latencies.withLock { $0.append(latency) }
    } else if firstStart.load(ordering: .relaxed) == 0 {
      _ = firstStart.compareExchange(
        expected: 0, desired: monotonicNanoseconds(), ordering: .relaxed)
    }
  }

  /// What was noted since the last call.
  static func take() -> StartReport {
    StartReport(
      firstStart: firstStart.exchange(0, ordering: .relaxed),
      hundredths: hundredths.withLock { exchange(&$0, with: []) },
      count: count.exchange(0, ordering: .relaxed),
      latencies: latencies.withLock { exchange(&$0, with: []) })
  }
}

/// When the jobs of a worker began, in nanoseconds of the machine's monotonic clock.
struct StartReport: Codable {
  static let stride = 100

  /// When the first job of a throughput run began.
  var firstStart: Int64
  /// When each hundredth job did.
  var hundredths: [Int64]
  /// How many have begun.
  var count: Int
  /// How long after its enqueue each job of a latency run began.
  var latencies: [Int64]
  var memoryBytes: Int?

  /// When the last of a hundred began.
  var lastStart: Int64 { hundredths.last ?? 0 }

  /// Jobs a second of a part of a throughput run.
  func rate(in span: Range<Int64>) -> Double {
    Double(hundredths.count(where: span.contains) * Self.stride)
      / (Double(span.upperBound - span.lowerBound) / 1e9)
  }

  /// A percentile of the latencies, in milliseconds.
  func latency(percent: Double) throws -> Double {
    guard let value = latencies.map({ Double($0) / 1e6 }).sorted().percentile(percent) else {
      throw BenchmarkError("no job of the latency run has started")
    }
    return value
  }
}

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

/// When the jobs of this process began.
enum StartLog {
  private static let firstStart = Atomic<Int64>(0)
  private static let latencies = Mutex<[Int64]>([])

  /// One load for each job of a throughput run but the first.
  static func note(sent: Int64) {
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
      latencies: latencies.withLock { latencies in
        defer { latencies = [] }
        return latencies
      })
  }
}

/// When the jobs of a worker began, in nanoseconds.
struct StartReport: Codable {
  /// When the first job of a throughput run began, on the machine's monotonic clock.
  var firstStart: Int64
  /// How long after its enqueue each job of a latency run began.
  var latencies: [Int64]
  var memoryBytes: Int?

  /// A percentile of the latencies, in milliseconds.
  func latency(percent: Double) throws -> Double {
    guard let value = latencies.map({ Double($0) / 1e6 }).sorted().percentile(percent) else {
      throw BenchmarkError("no job of the latency run has started")
    }
    return value
  }
}

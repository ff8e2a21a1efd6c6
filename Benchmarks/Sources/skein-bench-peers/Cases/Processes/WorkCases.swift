import BenchReport
import SkeinFutures
import SkeinProcesses
import SkeinWork

/// The chapter's search for primes, and its comparison of threads, tasks and processes: each a number, a turn or a wait.
let workCases: [MeasuredCase] =
  [
    MeasuredCase("primes.sequential", by: "a loop", operations: 800_000) {
      await onPlainThread {
        for range in CountPrimes.ranges { blackHole(UInt64(CountPrimes(range: range).run())) }
      }
    },
    MeasuredCase("primes.processes", by: "ProcessPool of 2", operations: 800_000) {
      let pool = try ProcessPool(processes: 2)
      _ = try await pool.map(CountPrimes.ranges.map { CountPrimes(range: $0) })
      await pool.shutdown()
    },
  ]
  + comparison("compute", operations: 4 * Chapter.squares, { AddSquares(seed: $0) })
  + comparison("wait", operations: 4, { _ in SleepShortly() })

/// Four runs of a function: on threads, in tasks that have them run on threads if they block, and in processes.
private func comparison<Function: RemoteFunction>(
  _ name: String, operations: Int, _ make: @escaping @Sendable (Int) -> Function
) -> [MeasuredCase] {
  [
    MeasuredCase("\(name).sequential", by: "a loop", operations: operations) {
      await onPlainThread { for index in 0..<4 { _ = must { try make(index).run() } } }
    },
    MeasuredCase("\(name).threads", by: "ThreadPool of 4", operations: operations) {
      let pool = try ThreadPool(threads: 4)
      var futures: [Future<Function.Output>] = []
      for index in 0..<4 { futures.append(try await pool.submit { try make(index).run() }) }
      for future in futures { _ = try await future.value }
      await pool.shutdown()
    },
    MeasuredCase("\(name).tasks", by: "a task group", operations: operations) {
      if Function.self == SleepShortly.self {
        try await onTasks(4) { _ in try await Task.sleep(for: .milliseconds(50)) }
      } else {
        try await onTasks(4) { _ = try make($0).run() }
      }
    },
    MeasuredCase("\(name).processes", by: "ProcessPool of 4", operations: operations) {
      let pool = try ProcessPool(processes: 4)
      _ = try await pool.map((0..<4).map(make))
      await pool.shutdown()
    },
  ]
}

extension MeasuredCase {
  /// A case that takes long: once, with what it needs to begin and to end.
  fileprivate init(
    _ name: String, by: String, operations: Int, _ body: @escaping @Sendable () async throws -> Void
  ) {
    self.init(name, by: by) { name, by, _ in
      let started = monotonicNanoseconds()
      try await body()
      let elapsed = Double(monotonicNanoseconds() - started)
      return Answer(
        case: name, by: by, ns: elapsed / Double(operations), operations: operations, bytes: nil)
    }
  }
}

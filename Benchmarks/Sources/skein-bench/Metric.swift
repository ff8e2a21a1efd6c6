/// What is measured, in the order of the table.
enum Metric: String, CaseIterable, Codable, CodingKeyRepresentable {
  case enqueueOneByOne = "enqueue_per_second"
  case enqueueByEightTasks = "enqueue_8_tasks_per_second"
  case enqueueByEightProcesses = "enqueue_8_producers_per_second"
  case enqueueBatched = "enqueue_batched_per_second"
  case enqueueBatchedByEight = "enqueue_batched_8_tasks_per_second"
  case endToEnd = "end_to_end_per_second"
  case endToEndIsolated = "end_to_end_isolated_per_second"
  case latencyInProcessMedian = "latency_in_process_p50_ms"
  case latencyInProcessTail = "latency_in_process_p99_ms"
  case latencyMedian = "latency_p50_ms"
  case latencyTail = "latency_p99_ms"
  case chord = "chord_1000_ms"
  case chain = "chain_100_ms"
  case uniqueBatched = "enqueue_unique_per_second"
  case limited = "done_under_limits_per_second"
  case memory = "memory_mb"
  case toolStart = "cli_start_up_ms"
  case launcherStart = "launcher_start_up_ms"
  case diskSync = "fdatasync_per_second"

  var title: String {
    switch self {
    case .enqueueOneByOne: "enqueue one by one, 1 producer (jobs/s)"
    case .enqueueByEightTasks: "the same, 8 tasks of one process (jobs/s)"
    case .enqueueByEightProcesses: "the same, 8 processes (jobs/s)"
    case .enqueueBatched: "enqueue 100 at a time, 1 producer (jobs/s)"
    case .enqueueBatchedByEight: "the same, 8 tasks of one process (jobs/s)"
    case .endToEnd: "done end to end, results stored (jobs/s)"
    case .endToEndIsolated: "the same, each job in a process beside the worker's (jobs/s)"
    case .latencyInProcessMedian: "enqueue to start in one process, p50 (ms)"
    case .latencyInProcessTail: "the same, p99 (ms)"
    case .latencyMedian: "enqueue to start across processes, p50 (ms)"
    case .latencyTail: "the same, p99 (ms)"
    case .chord: "chord of 1,000, from its enqueue to its result (ms)"
    case .chain: "chain of 100, from its enqueue to its result (ms)"
    case .uniqueBatched: "enqueue 100 at a time with unique keys (jobs/s)"
    case .limited: "done end to end, 1,000 keys limited to 1 (jobs/s)"
    case .memory: "memory of the worker (MB)"
    case .toolStart: "start of the command-line tool (ms)"
    case .launcherStart: "the same, through its launcher (ms)"
    case .diskSync: "limit: append 4 KiB and fdatasync (per s)"
    }
  }

  /// Whether more is better.
  var isRate: Bool { rawValue.hasSuffix("_per_second") }
}

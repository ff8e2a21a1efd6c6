internal import FoundationEssentials
internal import SkeinJobs

/// How a queue stands at one moment, as `top` shows it.
struct TopSnapshot: Sendable {
  var directory: String
  var time: Date
  /// When the jobs were last counted; between two counts their changes are followed.
  var countedAt: Date
  /// In the order of their numbers.
  var workers: [WorkerRecord] = []
  /// In the order of their names.
  var queues: [TopQueue] = []
  /// Of all queues; `nil` at the first look.
  var rates: TopRates?
  /// Those that run, the longest first.
  var running: [TopJob] = []
  /// The latest first.
  var failures: [TopFailure] = []
}

/// A queue with its rates.
struct TopQueue: Sendable {
  var counts: QueueCounts
  var rates: TopRates?

  func count(_ state: JobState) -> Int { counts.jobs[state] ?? 0 }
}

/// A job that runs.
struct TopJob: Sendable {
  var record: JobRecord
  /// The worker's name.
  var worker: String
  /// Its input in one line.
  var input: String

  /// How long it has run, in seconds.
  func ran(until time: Date) -> Double { record.startedAt.map { time.timeIntervalSince($0) } ?? 0 }
}

/// A job that failed.
struct TopFailure: Sendable {
  var record: JobRecord
  /// Why.
  var error: String
}

extension TopSnapshot {
  /// How many jobs are in a state.
  func total(_ state: JobState) -> Int { queues.reduce(0) { $0 + $1.count(state) } }

  /// How many jobs the workers run at once, all together, as far as they are alive.
  var places: Int { workers.reduce(0) { $0 + ($1.liveness == .alive ? $1.description.concurrency : 0) } }

  func workerCount(_ liveness: WorkerRecord.Liveness) -> Int {
    workers.count { $0.liveness == liveness }
  }
}

internal import FoundationEssentials
internal import SkeinJobForms
internal import SkeinJobs

/// A snapshot in JSON.
struct TopView: Encodable {
  struct Queue: Encodable {
    var name: String
    var isPaused: Bool
    var jobs: [String: Int]
    var rates: TopRates?
  }

  struct Running: Encodable {
    var job: JobView
    var worker: String
    var input: String
  }

  struct Failure: Encodable {
    var job: JobView
    var error: String
  }

  var directory: String
  var time: Date
  var countedAt: Date
  var rates: TopRates?
  var queues: [Queue]
  var workers: [WorkerView]
  var running: [Running]
  var failures: [Failure]

  init(_ snapshot: TopSnapshot) {
    directory = snapshot.directory
    time = snapshot.time
    countedAt = snapshot.countedAt
    rates = snapshot.rates
    queues = snapshot.queues.map { queue in
      let jobs = JobState.allCases.map { ($0.name, queue.count($0)) }
      return Queue(
        name: queue.counts.queue, isPaused: queue.counts.isPaused,
        jobs: Dictionary(uniqueKeysWithValues: jobs),
        rates: queue.rates)
    }
    workers = snapshot.workers.map { WorkerView($0) }
    running = snapshot.running.map { Running(job: JobView($0.record), worker: $0.worker, input: $0.input) }
    failures = snapshot.failures.map { Failure(job: JobView($0.record), error: $0.error) }
  }
}

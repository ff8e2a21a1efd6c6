internal import HTTPTypes
internal import SkeinJobs
internal import SkeinNetwork

/// The queue as Prometheus reads it.
///
/// - Source: the Prometheus text exposition format, version 0.0.4.
struct Prometheus: Sendable {
  /// The ends of the histograms' buckets, in seconds.
  static let bounds = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200,
  ]

  private var text = ""

  init(_ state: JobFollower.State, workers: [WorkerRecord], queues: [String: Bool]) {
    let jobs = state.tally.jobsByQueue
    add("skein_jobs", "gauge", "Jobs that are kept, by queue and state.")
    for queue in queues.keys.sorted() {
      for job in JobState.allCases {
        sample("skein_jobs", [("queue", queue), ("state", job.name)], jobs[queue]?[job] ?? 0)
      }
    }
    add("skein_queue_paused", "gauge", "Whether a queue's jobs are held back.")
    for (queue, isPaused) in queues.sorted(by: { $0.key < $1.key }) {
      sample("skein_queue_paused", [("queue", queue)], isPaused ? 1 : 0)
    }
    add("skein_jobs_enqueued_total", "counter", "Jobs that have come since this process looks.")
    for (queue, count) in state.totals.enqueued.sorted(by: { $0.key < $1.key }) {
      sample("skein_jobs_enqueued_total", [("queue", queue)], count)
    }
    add("skein_jobs_finished_total", "counter", "Jobs whose life has ended since this process looks, by how.")
    for (queue, counts) in state.totals.ended.sorted(by: { $0.key < $1.key }) {
      for (job, count) in counts.sorted(by: { $0.key < $1.key }) {
        sample("skein_jobs_finished_total", [("queue", queue), ("state", job.name)], count)
      }
    }
    histogram(
      "skein_job_wait_seconds", "How long jobs waited for their last attempt.", state.totals.wait,
      state.totals.waitSum)
    histogram(
      "skein_job_run_seconds", "How long the last attempts of jobs took.", state.totals.run,
      state.totals.runSum)
    add("skein_workers", "gauge", "Workers, by whether they live.")
    for liveness in [WorkerRecord.Liveness.alive, .unresponsive, .dead] {
      sample("skein_workers", [("state", liveness.rawValue)], workers.count { $0.liveness == liveness })
    }
    add("skein_worker_places", "gauge", "How many jobs the living workers can run at once.")
    sample(
      "skein_worker_places", [],
      workers.filter { $0.liveness == .alive }.reduce(0) { $0 + $1.description.concurrency })
    add("skein_queue_readable", "gauge", "Whether the queue's file can be read.")
    sample("skein_queue_readable", [], state.failure == nil ? 1 : 0)
  }

  private mutating func add(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  private mutating func sample(
    _ name: String, _ labels: [(String, String)], _ value: some CustomStringConvertible
  ) {
    let pairs = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
    text += "\(name)\(pairs.isEmpty ? "" : "{\(pairs)}") \(value)\n"
  }

  private mutating func histogram(
    _ name: String, _ help: String, _ histogram: LatencyHistogram, _ sum: Double
  ) {
    add(name, "histogram", help)
    for bound in Self.bounds { sample(name + "_bucket", [("le", "\(bound)")], histogram.count(upTo: bound)) }
    sample(name + "_bucket", [("le", "+Inf")], histogram.count)
    sample(name + "_sum", [], sum)
    sample(name + "_count", [], histogram.count)
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  var response: Response { .text(text, contentType: "text/plain; version=0.0.4; charset=utf-8") }
}

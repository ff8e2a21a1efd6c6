internal import FoundationEssentials
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinSync

/// A queue in JSON.
struct QueueView: Encodable, Sendable {
  var name: String
  var isPaused: Bool
  /// By state; each of them is there.
  var jobs: [String: Int]
  /// In a second, over the last minute.
  var rates: RateMeter.Rates

  init(name: String, isPaused: Bool, jobs: [JobState: Int], rates: RateMeter.Rates) {
    (self.name, self.isPaused, self.rates) = (name, isPaused, rates)
    self.jobs = Self.complete(jobs)
  }

  static func complete(_ jobs: [JobState: Int]) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: JobState.allCases.map { ($0.name, jobs[$0] ?? 0) })
  }
}

/// How a queue's jobs stand, and what happened lately, in JSON.
struct StatisticsView: Encodable, Sendable {
  struct Part: Encodable, Sendable {
    var start: Date
    var enqueued: Int
    var succeeded: Int
    var failed: Int
    var dropped: Int
    var wait: Percentiles?
    var run: Percentiles?
  }

  /// Of spans, in seconds.
  struct Percentiles: Encodable, Sendable {
    var p50: Double
    var p99: Double

    init?(_ histogram: LatencyHistogram) {
      guard let p50 = histogram.percentile(0.5), let p99 = histogram.percentile(0.99) else { return nil }
      (self.p50, self.p99) = (p50, p99)
    }
  }

  var jobs: [String: Int]
  var queues: [QueueView]
  /// The length of a part in seconds.
  var step: Int64
  var parts: [Part]

  init(_ state: JobFollower.State, _ queues: [QueueView], _ series: JobSeries) {
    jobs = QueueView.complete(state.tally.jobsByState)
    self.queues = queues
    step = series.step
    parts = series.buckets.enumerated().map { place, bucket in
      Part(
        start: Date(timeIntervalSince1970: Double(series.start + Int64(place) * series.step)),
        enqueued: bucket.enqueued, succeeded: bucket.succeeded, failed: bucket.failed,
        dropped: bucket.dropped,
        wait: Percentiles(bucket.wait), run: Percentiles(bucket.run))
    }
  }
}

extension JobFollower {
  /// All queues, in the order of their names.
  func queues(of store: any JobStore) async throws -> [QueueView] {
    let state = now
    let jobs = state.tally.jobsByQueue
    let rates = state.meter.rates(at: MonotonicClock().now)
    return try await store.queues().sorted { $0.key < $1.key }.map { name, isPaused in
      QueueView(name: name, isPaused: isPaused, jobs: jobs[name] ?? [:], rates: rates[name] ?? .init())
    }
  }
}

/// A failure in JSON.
struct FailureView: Encodable {
  var name: String
  var type: String
  var message: String
  var count: Int
  var latest: Date?
  /// The latest first, ten at the most.
  var jobs: [Int64]

  init(_ group: FailureGroup) {
    (name, type, message, count, latest) = (
      group.name, group.type, group.message, group.jobs.count, group.latest
    )
    jobs = group.jobs.prefix(10).map(\.sequence)
  }
}

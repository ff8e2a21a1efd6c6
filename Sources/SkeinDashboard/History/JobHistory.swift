internal import FoundationEssentials
internal import SkeinJobs

/// What happened to the jobs of a queue over time: for the last hour in steps of ten seconds, for two days in minutes, for
/// two months in quarters of an hour.
///
/// It is fed with what the jobs' own records tell of when something happened, so that what is learnt late still stands in
/// its time.
struct JobHistory: Sendable {
  /// How finely, and for how long.
  enum Level: Int, CaseIterable, Sendable {
    case hour, days, months

    /// The length of a step in seconds.
    var step: Int64 {
      switch self {
      case .hour: 10
      case .days: 60
      case .months: 900
      }
    }

    /// How many seconds are kept.
    var span: Int64 {
      switch self {
      case .hour: 3600
      case .days: 2 * 86_400
      case .months: 60 * 86_400
      }
    }
  }

  /// What happened in a step.
  struct Bucket: Codable, Hashable, Sendable {
    var enqueued = 0
    var succeeded = 0
    var failed = 0
    /// Cancelled, or expired.
    var dropped = 0
    /// How long jobs that have ended had waited for their last attempt, since they were due.
    var wait = LatencyHistogram()
    /// How long that attempt took.
    var run = LatencyHistogram()

    init() {}

    /// Adds what happened in another step.
    mutating func add(_ other: Bucket) {
      enqueued += other.enqueued
      succeeded += other.succeeded
      failed += other.failed
      dropped += other.dropped
      wait.add(other.wait)
      run.add(other.run)
    }
  }

  /// A step of a level.
  struct Key: Hashable, Sendable {
    var level: Level
    /// When it begins, in seconds since 1970.
    var start: Int64

    init(level: Level, start: Int64) { (self.level, self.start) = (level, start) }
  }

  private var buckets: [Key: Bucket] = [:]
  /// What has changed since it was last taken.
  private var changed: Set<Key> = []

  /// One in which nothing has happened.
  init() {}

  // MARK: Filling

  /// Notes that a job has come.
  mutating func noteEnqueued(_ job: JobRecord) {
    note(job.enqueuedAt) { $0.enqueued += 1 }
  }

  /// Notes that the life of a job has ended.
  mutating func noteEnd(_ job: JobRecord) {
    guard let end = job.finishedAt else { return }
    note(end) { bucket in
      switch job.state {
      case .succeeded: bucket.succeeded += 1
      case .failed: bucket.failed += 1
      default: bucket.dropped += 1
      }
      guard let times = job.times else { return }
      bucket.wait.note(times.wait)
      bucket.run.note(times.run)
    }
  }

  private mutating func note(_ time: Date, _ change: (inout Bucket) -> Void) {
    let second = Int64(time.timeIntervalSince1970)
    for level in Level.allCases {
      let key = Key(level: level, start: second - second % level.step)
      change(&buckets[key, default: Bucket()])
      changed.insert(key)
    }
  }

  /// Puts a step back that was stored.
  mutating func restore(_ key: Key, _ bucket: Bucket) { buckets[key] = bucket }

  /// What has changed since this was last asked.
  mutating func takeChanges() -> [Key: Bucket] {
    defer { changed = [] }
    return Dictionary(uniqueKeysWithValues: changed.compactMap { key in buckets[key].map { (key, $0) } })
  }

  /// Has changes told once more, which could not be stored.
  mutating func keepChanges(_ keys: some Sequence<Key>) { changed.formUnion(keys) }

  /// Forgets what is older than its level keeps.
  mutating func prune(now: Date) {
    let second = Int64(now.timeIntervalSince1970)
    buckets = buckets.filter { $0.key.start >= second - $0.key.level.span - $0.key.level.step }
  }

  // MARK: Asking

  /// What happened in a span of time up to the present, in equal parts, the oldest first.
  ///
  /// - Parameters:
  ///   - span: how far back, in seconds: the finest level that keeps so much is looked at.
  ///   - parts: how many parts at the most; each has a whole number of the level's steps.
  func series(span: Int64, parts: Int, now: Date) -> JobSeries {
    let level = Level.allCases.first { $0.span >= span } ?? .months
    let width = max(level.step, (span / Int64(parts) + level.step - 1) / level.step * level.step)
    let end = Int64(now.timeIntervalSince1970) / width * width + width
    let count = max(1, span / width)
    var series = JobSeries(start: end - count * width, step: width)
    series.buckets = (0..<count).map { part in
      let start = series.start + part * width
      return stride(from: start, to: start + width, by: Int64.Stride(level.step)).reduce(into: Bucket()) {
        if let bucket = buckets[Key(level: level, start: $1)] { $0.add(bucket) }
      }
    }
    return series
  }
}

/// What happened in equal parts of a span.
struct JobSeries: Hashable, Sendable {
  /// When the first part begins, in seconds since 1970.
  var start: Int64
  /// The length of a part in seconds.
  var step: Int64
  /// The parts.
  var buckets: [JobHistory.Bucket] = []

  init(start: Int64, step: Int64) { (self.start, self.step) = (start, step) }

  /// All of it as one.
  var total: JobHistory.Bucket { buckets.reduce(into: .init()) { $0.add($1) } }
}

extension JobRecord {
  /// How long a job that was run to an end had waited for its last attempt since it was due, and how long that took, in
  /// seconds; `nil` for one that was not. A clock that was set back makes nothing less than zero of it.
  var times: (wait: Double, run: Double)? {
    guard state == .succeeded || state == .failed, let end = finishedAt, let wait, let startedAt else {
      return nil
    }
    return (wait, max(0, end.timeIntervalSince(startedAt)))
  }

  /// How long it had waited for its last attempt since it was due, in seconds; `nil` before the first one.
  var wait: Double? {
    startedAt.map { start in max(0, start.timeIntervalSince(max(enqueuedAt, min(life.runAt, start)))) }
  }
}

public import Logging
public import SkeinJobs

/// What a ``JobBench`` is seldom asked for.
public struct JobBenchOptions: Sendable {
  /// Whether every job is run once more after it has succeeded, in all modes:
  /// see ``JobBench/drain(queue:deliveringTwice:throwingFailures:)``.
  public var deliversTwice = false
  /// What the jitter of retries is drawn from. With the same seed, a job that is the nth to be enqueued has the same
  /// delays in each run of the test.
  public var seed: UInt64 = 0
  /// How long finished jobs are kept, in the bench's time, that do not say so themselves.
  public var retention = RetentionPolicy()
  /// So many attempts may run at one instant, or inside one call. A queue that is not at rest by then is taken for one
  /// that never will be.
  public var mostRuns = 10_000
  /// Where jobs log to, besides the log that is kept with each attempt; by default nowhere.
  public var logger = Logger(label: "skein.bench") { _ in SilentLogHandler() }

  /// Creates the defaults.
  public init() {}
}

/// Drops everything; unlike swift-log's own, it lets a level be set, which is that of the attempts' logs.
private struct SilentLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {}
}

internal import FoundationEssentials
internal import SkeinJobs

/// How many jobs each queue has in each state: counted once, and followed from change to change since.
///
/// A change tells where a job has come to, not where it came from. That is known of jobs that ran when they were
/// counted or have changed since, and of new ones. Of the others it is inferred: one that was cancelled and retried,
/// say, is taken for one that was ready. The next count puts that right, and what was removed, which no change
/// tells.
struct TopCounts: Sendable {
  let countedAt: Date
  private(set) var queues: [String: QueueCounts]
  /// The highest number among the jobs that were counted.
  private let latest: Int64
  private var states: [Int64: JobState]

  /// Begins with a count.
  ///
  /// - Parameters:
  ///   - counts: the count.
  ///   - running: the jobs that were running then.
  ///   - latest: the highest number that a job had then.
  init(_ counts: [QueueCounts], running: [JobRecord], latest: Int64, at time: Date) {
    countedAt = time
    queues = Dictionary(counts.map { ($0.queue, $0) }) { first, _ in first }
    self.latest = latest
    states = Dictionary(running.map { ($0.sequence, $0.state) }) { first, _ in first }
  }

  /// Follows a change.
  mutating func note(_ job: JobRecord) {
    let before = states.updateValue(job.state, forKey: job.sequence) ?? stateWhenCounted(job)
    guard before != job.state else { return }
    if let before { add(-1, to: before, of: job.queue) }
    add(1, to: job.state, of: job.queue)
  }

  private mutating func add(_ number: Int, to state: JobState, of queue: String) {
    let empty = QueueCounts(queue: queue, isPaused: false, jobs: [:])
    let count = queues[queue, default: empty].jobs[state] ?? 0
    queues[queue, default: empty].jobs[state] = max(0, count + number)
  }

  /// Where a job stood that did not run; `nil` when there was none.
  private func stateWhenCounted(_ job: JobRecord) -> JobState? {
    if job.sequence > latest { return nil }
    switch job.state {
    case .scheduled: return .ready  // It has run since: those that waited for their time have not changed.
    case .ready where job.isRetried: return .failed
    default: return job.life.runAt > countedAt ? .scheduled : .ready
    }
  }
}

extension JobRecord {
  /// Whether it looks as if somebody had retried it: it has been tried, and nothing counts against it.
  fileprivate var isRetried: Bool { life.attempts > 0 && life.failures == 0 && life.crashes == 0 }
}

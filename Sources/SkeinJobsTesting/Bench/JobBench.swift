public import FoundationEssentials
public import SkeinJobs
public import SkeinWork

/// A queue for tests of code that enqueues jobs, and of the jobs: in memory, without a worker, in time that only the
/// test moves.
///
/// ```swift
/// let bench = try JobBench([Resize.self, Publish.self])
/// try await Uploads(queue: bench.queue).accept("a.png")
/// try bench.expectEnqueued(Resize.self, count: 1) { $0.path == "a.png" }
/// try await bench.drain(throwingFailures: true)
/// try await bench.advance(by: .hours(1))
/// ```
///
/// ``queue`` is a `JobQueue` as any other, over a store that keeps the rules of the durable one. Jobs run through the code
/// of `Worker`: their input is decoded, a failed attempt is followed by what the retry policy says, a flow goes on.
///
/// - **Manual mode**, the default: what is enqueued waits until the test calls ``drain(queue:deliveringTwice:throwingFailures:)``,
///   ``runNext(queue:)`` or ``advance(by:deliveringTwice:throwingFailures:)``.
/// - **Inline mode**: whatever can run at once has run when an enqueue returns, with what follows from it.
///
/// Nothing waits for real time, with two exceptions: the time limits of an attempt, and `timeout:` of a wait for a result.
/// The queue can not take part in a transaction of SQLite's: `enqueue(_:in:)` throws.
///
/// A test may use the bench from several tasks; then jobs run beside each other, as in the places of a worker.
public final class JobBench: Sendable {
  /// When jobs run.
  public enum Mode: Hashable, Sendable, CaseIterable {
    /// When the test says so.
    case manual
    /// Before the call returns that has enqueued them, or has let them go on in another way. Jobs with a delay, and the
    /// next attempts of failed ones, wait until the time has been moved.
    case inline
    /// As ``inline``; and when a job has failed for good by that, the call throws ``JobBenchFailure``, although the job is
    /// stored.
    case inlineThrowing
  }

  /// What a bench's time begins with, unless the test says otherwise: a Thursday, 2026-01-01 at 00:00 UTC. It is fixed, so
  /// that a test finds the same schedules and the same weekdays on each day on which it runs.
  public static let defaultStart = Date(timeIntervalSince1970: 1_767_225_600)

  /// The queue, for the code under test.
  public let queue: JobQueue

  let store: MemoryJobStore
  let clock: BenchClock
  let runner: BenchRunner

  /// Creates a bench with an empty queue.
  ///
  /// - Parameters:
  ///   - registry: the jobs that can run. Others can be enqueued; they stay in the queue.
  ///   - mode: when jobs run.
  ///   - start: what time it is at first.
  ///   - change: changes the further options.
  public init(
    registry: JobRegistry, mode: Mode = .manual, start: Date = JobBench.defaultStart,
    _ change: (inout JobBenchOptions) -> Void = { _ in }
  ) {
    var options = JobBenchOptions()
    change(&options)
    let clock = BenchClock(start: start)
    let runner = BenchRunner(registry: registry, mode: mode, options: options)
    store = MemoryJobStore(now: { clock.now }) { try await runner.follow($1, in: $0) }
    queue = JobQueue(store: store)
    self.clock = clock
    self.runner = runner
  }

  /// Creates a bench with an empty queue for some types of jobs.
  ///
  /// - Parameters:
  ///   - jobs: the types that can run. Others can be enqueued; they stay in the queue.
  ///   - mode: when jobs run.
  ///   - start: what time it is at first.
  ///   - change: changes the further options.
  /// - Throws: `WorkNameError` when the name of a job is malformed or used twice.
  public convenience init(
    _ jobs: [any Job.Type], mode: Mode = .manual, start: Date = JobBench.defaultStart,
    _ change: (inout JobBenchOptions) -> Void = { _ in }
  ) throws(WorkNameError) {
    self.init(registry: try JobRegistry(jobs), mode: mode, start: start, change)
  }
}

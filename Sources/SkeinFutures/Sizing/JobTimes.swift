internal import CSkein
internal import Glibc

/// Where the time of a job goes.
///
/// ```swift
/// let times = try JobTimes.sample(runs: 5) { try loadAndResize(image) }
/// print(try PoolSizing.recommendation(for: times))
/// ```
///
/// - Invariant: no span is negative; ``compute`` and ``queued`` together are not longer than ``wall``.
public struct JobTimes: Hashable, Sendable {
  /// From its beginning to its end.
  public let wall: Duration
  /// As long as a processor worked for it.
  public let compute: Duration
  /// As long as it could have gone on, and other threads had the processors: no wait of the job's own.
  public let queued: Duration

  /// Takes ready figures, of one run or of several together.
  ///
  /// - Parameters:
  ///   - wall: from beginning to end.
  ///   - compute: processor time. Clocks differ a little: up to a hundredth more than `wall` counts as all of it.
  ///   - queued: time spent waiting for a processor.
  /// - Throws: ``PoolSizingError/negativeTime(_:_:)``, ``PoolSizingError/noTime``,
  ///   ``PoolSizingError/moreThanWall(compute:wall:)``: the job was no single thread's.
  public init(wall: Duration, compute: Duration, queued: Duration = .zero) throws(PoolSizingError) {
    for (name, span) in [("wall", wall), ("compute", compute), ("queued", queued)] where span < .zero {
      throw .negativeTime(name, span)
    }
    guard wall > .zero else { throw .noTime }
    guard compute <= wall + wall / 100 else { throw .moreThanWall(compute: compute, wall: wall) }
    self.wall = wall
    self.compute = min(compute, wall)
    self.queued = min(queued, wall - self.compute)
  }

  /// As long as it waited for something other than a processor: a disk, a network, a lock, a sleep.
  public var waiting: Duration { wall - compute - queued }

  /// The part of its own time that it waits, from 0 to 1.
  public var waitShare: Double {
    let own = waiting + compute
    return own > .zero ? waiting / own : 0
  }

  /// How long it waits for each second that it computes; infinite when it does not compute.
  public var waitPerCompute: Double {
    compute > .zero ? waiting / compute : waiting > .zero ? .infinity : 0
  }

  /// Runs a job on the calling thread, and reads how long it took and how much of that a processor worked.
  ///
  /// Only what the calling thread does is seen: a job that hands work to others seems to wait for it.
  ///
  /// - Parameters:
  ///   - runs: how many times it runs; several even out what differs.
  ///   - warmUp: how many runs go before, which are not counted.
  ///   - job: a representative job.
  /// - Returns: the times of all runs together.
  /// - Throws: what `job` throws, at once; ``PoolSizingError/invalidRuns(_:)``.
  public static func sample<Result>(runs: Int = 5, warmUp: Int = 1, _ job: () throws -> Result) throws
    -> JobTimes
  {
    try sample(runs: runs, warmUp: warmUp, reading: ThreadReading.now, job)
  }

  static func sample<Result>(
    runs: Int, warmUp: Int, reading: () -> ThreadReading, _ job: () throws -> Result
  ) throws -> JobTimes {
    guard runs > 0, warmUp >= 0 else { throw PoolSizingError.invalidRuns(runs > 0 ? warmUp : runs) }
    for _ in 0..<warmUp { blackHole(try job()) }
    let start = reading()
    for _ in 0..<runs { blackHole(try job()) }
    let end = reading()
    // What is read one after the other may differ by the reading, for a job that does next to nothing.
    let wall = max(end.wall - start.wall, end.compute - start.compute, .nanoseconds(1))
    return try JobTimes(wall: wall, compute: end.compute - start.compute, queued: end.queued - start.queued)
  }
}

/// What the calling thread has spent until now.
struct ThreadReading: Equatable {
  var wall: Duration
  var compute: Duration
  var queued: Duration = .zero

  /// Reads CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID and, where the kernel tells it, the time on the run queue.
  static func now() -> ThreadReading {
    // “computed queued slices”, in nanoseconds (Documentation/scheduler/sched-stats.rst).
    let fields = readText(of: "/proc/thread-self/schedstat")?.split { $0.isWhitespace } ?? []
    return ThreadReading(
      wall: .nanoseconds(skein_monotonic_nanoseconds()),
      compute: .nanoseconds(skein_thread_nanoseconds()),
      queued: .nanoseconds(fields.count > 1 ? Int64(fields[1]) ?? 0 : 0))
  }
}

internal import FoundationEssentials
public import SkeinJobs

/// What a ``JobBench`` has run in one call.
public struct DrainReport: Sendable {
  /// The attempts, in the order of their ends.
  public internal(set) var runs: [JobRun] = []
  /// Names of jobs that wait and that the bench was not told of.
  public internal(set) var unknown: Set<UnknownJob> = []
  /// When a scheduled job comes due next, or a rate lets one start, as far as the last claim knew.
  var nextDue: Date?

  /// The attempts by which jobs have failed for good.
  public var failures: [JobRun] { runs.filter { $0.job.state == .failed } }

  /// Throws when jobs have failed for good.
  ///
  /// - Throws: ``JobBenchFailure`` that names all of them; its cause is the error of the first.
  public func throwFailures() throws(JobBenchFailure) {
    if let failure = JobBenchFailure(failures) { throw failure }
  }

  static func += (left: inout DrainReport, right: DrainReport) {
    left.runs += right.runs
    left.unknown.formUnion(right.unknown)
    left.nextDue = right.nextDue
  }
}

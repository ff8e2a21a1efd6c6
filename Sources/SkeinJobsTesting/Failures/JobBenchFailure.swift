internal import FoundationEssentials
internal import SkeinJobs

/// Something was not as a test expects it: what, and what there is instead.
///
/// It is an error and not a failure of some test framework's own, so that it ends a test in each of them.
public struct JobBenchFailure: Error, Sendable, CustomStringConvertible {
  /// What was expected, and what is there.
  public let message: String
  /// What a job has thrown, where one was the cause: as it was.
  public let cause: (any Error)?

  /// The message.
  public var description: String { message }

  init(_ message: String, cause: (any Error)? = nil) {
    self.message = message
    self.cause = cause
  }

  /// An expectation that was not met.
  init(_ message: String, _ listing: QueueListing, _ fileID: StaticString, _ line: Int) {
    self.init("\(fileID):\(line): \(message).\n\(listing)")
  }

  /// Jobs that have failed; `nil` for none.
  init?(_ failures: [JobRun]) {
    guard let first = failures.first else { return nil }
    let lines = failures.map { "  \($0.summary)" }
    self.init(
      (["\(failures.count) \(failures.count == 1 ? "job has" : "jobs have") failed:"] + lines)
        .joined(separator: "\n"),
      cause: first.error)
  }

  static func restless(_ most: Int, _ last: JobRun?) -> JobBenchFailure {
    JobBenchFailure(
      "the queue does not come to rest: more than \(most) attempts have run at one instant\n"
        + (last.map { "  the last one: \($0.summary)\n" } ?? "")
        + "Give the jobs that bring each other about a delay, or raise JobBenchOptions.mostRuns")
  }

  static func unfinished(_ job: JobRecord, _ error: (any Error)?) -> JobBenchFailure {
    let why =
      switch job.state {
      case .scheduled: " for \(job.life.runAt.formatted(.iso8601)); let the time pass with advance(by:)"
      case .ready: "; its queue is paused, a limit holds it back, or the bench was not told of its type"
      default: ""
      }
    let last = error.map { "\n  its last attempt: \(type(of: $0)): \($0)" } ?? ""
    return JobBenchFailure(
      "job '\(job.kind.name)' has not ended: it is \(job.state.name)\(why)\(last)", cause: error)
  }

  static func removed(_ job: JobID) -> JobBenchFailure {
    JobBenchFailure("job \(job) was removed as soon as it had ended")
  }

  static func undecodable<J: Job>(
    _ entry: MemoryJobStore.Entry, _ type: J.Type, _ error: any Error
  ) -> JobBenchFailure {
    let input = String(decoding: entry.payload.kwargs, as: UTF8.self)
    return JobBenchFailure(
      "job \(entry.record.sequence) has the name '\(J.name)', but its input \(input) is no \(type): \(error)",
      cause: error)
  }
}

extension JobRun {
  /// Which attempt of what, and how it ended.
  var summary: String {
    let thrown = error.map { ": \(type(of: $0)): \($0)" } ?? ""
    return "\(job.sequence). \(name), attempt \(attempt.number), \(attempt.outcome.name)\(thrown)"
  }
}

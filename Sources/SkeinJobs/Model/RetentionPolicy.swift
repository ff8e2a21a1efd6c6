/// How long finished jobs are kept, with their attempts, logs and results, where a job does not say so itself by
/// ``JobOptions/retention``.
///
/// Every worker removes what has been kept long enough; where workers differ, the shortest span decides.
public struct RetentionPolicy: Hashable, Sendable {
  /// How long a job that succeeded is kept; `nil` means for ever.
  public var succeeded: Duration? = .seconds(7 * 86_400)
  /// How long one is kept that failed, was cancelled or expired: long enough to be looked at. `nil` means for ever.
  public var unsuccessful: Duration? = .seconds(30 * 86_400)

  /// Creates the defaults: seven days for jobs that succeeded, thirty for others.
  public init() {}

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - succeeded: how long a job that succeeded is kept; `nil` means for ever.
  ///   - unsuccessful: how long any other is kept; `nil` means for ever.
  public init(succeeded: Duration?, unsuccessful: Duration?) {
    self.succeeded = succeeded
    self.unsuccessful = unsuccessful
  }

  /// How long a job is kept that ended in `state`.
  ///
  /// - Parameter own: what the job itself asks for.
  /// - Returns: `nil` for one that is kept for ever, or has not ended.
  public func span(for state: JobState, own: Duration?) -> Duration? {
    guard state.isFinished else { return nil }
    return own ?? (state == .succeeded ? succeeded : unsuccessful)
  }

  /// Checks both values.
  ///
  /// - Throws: ``JobQueueError`` with code `invalidInput` when one is negative or longer than a hundred years.
  public func validate() throws(JobQueueError) {
    for span in [succeeded, unsuccessful] {
      var options = JobOptions()
      options.retention = span
      try options.validate()
    }
  }
}

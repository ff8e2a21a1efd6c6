public import FoundationEssentials
internal import SkeinJobs

extension JobBench {
  /// What time it is for the queue, its schedules and `JobContext.now`.
  public var now: Date { clock.now }

  /// Lets time pass, as with a worker at hand: whatever comes due runs at its instant.
  ///
  /// What can run now runs first. Then the time is moved to each instant at which something comes due, in order: delays,
  /// expiries, retries, ticks of schedules, rates of limits. At each, all that can run does, so that a job which is
  /// scheduled for one hour from now finds that it is one hour later, and the retry that it causes comes at its own time.
  /// Finished jobs that have been kept long enough are removed.
  ///
  /// - Parameters:
  ///   - span: how much; not negative.
  ///   - deliveringTwice: as of ``drain(queue:deliveringTwice:throwingFailures:)``.
  ///   - throwingFailures: whether to throw when jobs have failed for good: at the end of the span, not before.
  /// - Returns: what has run.
  /// - Throws: ``JobBenchFailure`` when the queue does not come to rest at one instant, or for jobs that have failed, if that
  ///   is asked for; `CancellationError`.
  /// - Cancellation: the job that runs is given back, and time stands where it is.
  /// - Complexity: a claim for each instant; each half minute, and at the end, O(jobs).
  @discardableResult
  public func advance(
    by span: Duration, deliveringTwice: Bool = false, throwingFailures: Bool = false
  ) async throws -> DrainReport {
    precondition(span >= .zero, "time can not be moved by \(span): it never goes back")
    return try await advance(
      to: now.addingTimeInterval(span.seconds), deliveringTwice: deliveringTwice,
      throwingFailures: throwingFailures)
  }

  /// Lets time pass up to an instant, in the same way; one that has passed already changes nothing but that what can run
  /// does.
  @discardableResult
  public func advance(
    to end: Date, deliveringTwice: Bool = false, throwingFailures: Bool = false
  ) async throws -> DrainReport {
    var report = try await settle(deliveringTwice: deliveringTwice)
    // Instants are sums of floating-point numbers: several short spans may miss their sum by a trace.
    let last = end.addingTimeInterval(Self.trace)
    while let next = try nextInstant(after: report), next <= last {
      clock.advance(to: next)
      report += try await settle(deliveringTwice: deliveringTwice)
      try await runner.prune(store, isUrgent: false)
    }
    clock.advance(to: end)
    try await runner.prune(store, isUrgent: true)
    if throwingFailures { try report.throwFailures() }
    return report
  }

  /// Lets time pass as with no worker at hand: nothing runs, no tick of a schedule is followed. What has come due
  /// meanwhile is there for the next ``drain(queue:deliveringTwice:throwingFailures:)``.
  ///
  /// Called from within a job, it is how long its attempt takes.
  ///
  /// - Parameter span: how much; not negative.
  public func idle(for span: Duration) {
    precondition(span >= .zero, "time can not be moved by \(span): it never goes back")
    clock.advance(to: now.addingTimeInterval(span.seconds))
  }

  private static let trace = 0.000_001

  /// When something comes due next; later than now.
  private func nextInstant(after report: DrainReport) throws -> Date? {
    guard let next = [report.nextDue, try store.nextInstant()].compactMap(\.self).min() else { return nil }
    return max(next, now.addingTimeInterval(Self.trace))
  }
}

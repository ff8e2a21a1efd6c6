/// Which run of a cancellation sweep failed, and how.
public struct SweepFailure: Error, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Sendable {
    /// Nothing was left to run, though these tasks had not ended: they wait for what never comes, or went to
    /// another executor.
    case hangs(unfinished: [String])
    /// The run took more steps than allowed: something yields for ever.
    case endless(stepLimit: Int)
    /// One of the other tasks threw.
    case otherFailed(index: Int, any Error)
    /// The check threw.
    case checkFailed(any Error)
  }

  /// After how many steps the victim was cancelled; `nil` when nothing was cancelled in this run.
  public let cancelledAfter: Int?
  /// Which of the jobs that were ready ran next.
  public let order: ManualTaskExecutor.Order
  /// What went wrong.
  public let reason: Reason

  init(_ moment: SweepMoment, _ reason: Reason) {
    cancelledAfter = moment.cancelledAfter
    order = moment.order
    self.reason = reason
  }

  /// A sentence for people.
  public var description: String {
    let moment = SweepMoment(cancelledAfter: cancelledAfter, order: order)
    switch reason {
    case .hangs(let unfinished):
      return "\(moment): nothing is left to run, and \(unfinished.joined(separator: ", ")) has not ended"
    case .endless(let limit): return "\(moment): the run has not ended after \(limit) steps"
    case .otherFailed(let index, let error): return "\(moment): other \(index) threw \(error)"
    case .checkFailed(let error): return "\(moment): the check threw \(error)"
    }
  }
}

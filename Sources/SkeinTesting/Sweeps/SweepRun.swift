/// One run of a cancellation sweep, as its check gets it.
///
/// Show it in the comment of an expectation, so that a failure says which run it was:
/// `#expect(semaphore.freePermits == 2, "\(run)")`.
public struct SweepRun<Success: Sendable>: Sendable, CustomStringConvertible {
  /// After how many steps the victim was cancelled; `nil` in the first run of an order, which cancels nothing.
  public let cancelledAfter: Int?
  /// How many steps the whole run took.
  public let steps: Int
  /// Which of the jobs that were ready ran next.
  public let order: ManualTaskExecutor.Order
  /// What the victim returned or threw.
  public let outcome: Result<Success, any Error>

  /// What the victim threw; `nil` when it returned.
  public var error: (any Error)? {
    if case .failure(let error) = outcome { return error }
    return nil
  }

  /// A sentence for people.
  public var description: String {
    "\(SweepMoment(cancelledAfter: cancelledAfter, order: order)), the victim \(ending) (\(steps) steps in all)"
  }

  private var ending: String {
    switch outcome {
    case .success: "returned"
    case .failure(let error): "threw \(error)"
    }
  }
}

/// Which run of a sweep is meant.
struct SweepMoment: Hashable, Sendable, CustomStringConvertible {
  let cancelledAfter: Int?
  let order: ManualTaskExecutor.Order

  var description: String {
    switch cancelledAfter {
    case nil: "with nothing cancelled, \(order)"
    case let step?: "cancelled after step \(step), \(order)"
    }
  }
}

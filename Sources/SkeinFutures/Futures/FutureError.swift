/// Why a future has no result, or was not given one.
public enum FutureError: Error, Hashable, Sendable {
  /// The future was cancelled before its work began.
  case cancelled
  /// The promise went without having been kept: nobody can complete the future any more.
  case promiseDropped
  /// The future has its result already, or was cancelled: it gets no other one.
  case alreadyCompleted
  /// To wait would never end: every worker of the pool waits for work that only this pool can do; with the pool's name
  /// and the number of its workers.
  case wouldStarve(pool: String, workers: Int)
}

extension FutureError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .cancelled: "the future was cancelled before its work began"
    case .promiseDropped: "the promise was dropped without a result"
    case .alreadyCompleted: "the future has a result already"
    case .wouldStarve(let pool, let workers):
      """
      all \(workers) workers of the pool “\(pool)” would wait for work that only this pool can do: give it more \
      threads, compose the futures with flatMap, or use a pool of its own for the inner work
      """
    }
  }
}

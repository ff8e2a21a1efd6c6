public import SkeinThreads

/// Why a pool did not take work, or did not do it.
public enum PoolError: Error, Sendable {
  /// A pool can not have this number of workers, or a place for so many jobs: which one, and the number.
  case invalidSize(pool: String, parameter: String, value: Int)
  /// The pool was shut down: it takes nothing any more.
  case shutDown(pool: String)
  /// The pool's queue is full, and its policy is to refuse.
  case full(pool: String, capacity: Int)
  /// The job stood longest in a full queue, and was dropped for a new one.
  case dropped(pool: String)
  /// The initialiser of a worker threw: the pool does nothing any more.
  case broken(pool: String, any Error)
  /// The system gave no thread for the first worker.
  case noWorker(pool: String, ThreadError)
}

extension PoolError: CustomStringConvertible {
  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch self {
    case .invalidSize(let pool, let parameter, let value):
      "the pool “\(pool)” can not be made with \(parameter) \(value)"
    case .shutDown(let pool): "the pool “\(pool)” was shut down and takes nothing any more"
    case .full(let pool, let capacity):
      "the queue of the pool “\(pool)” is full with \(capacity) jobs: submit fewer, or let the policy be to block"
    case .dropped(let pool): "the job was dropped from the full queue of the pool “\(pool)” for a newer one"
    case .broken(let pool, let error):
      "the pool “\(pool)” is broken, because the initialiser of a worker failed: \(error)"
    case .noWorker(let pool, let error): "the pool “\(pool)” has no worker: \(error)"
    }
  }
}

/// Why a wait ended without what it waited for.
///
/// Every waiting call of SkeinSync throws this one type, so that a caller handles the end of a wait in one
/// place. A call that was granted returns its grant even when it was cancelled or timed out in the same
/// instant: a thrown `WaitError` always means that nothing was taken.
public enum WaitError: Error, Hashable, Sendable {
  /// The deadline passed.
  case timedOut
  /// The waiting task was cancelled.
  case cancelled
  /// The object was closed, and grants nothing any more.
  case closed
}

extension WaitError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .timedOut: "the wait timed out"
    case .cancelled: "the waiting task was cancelled"
    case .closed: "the object that was waited for is closed"
    }
  }
}

/// Why a wait at a barrier ended without the other parties.
public enum BarrierError: Error, Sendable {
  /// Another party timed out, the action failed, or somebody aborted or reset the barrier.
  case broken
  /// The deadline passed; the barrier is broken by that.
  case timedOut
  /// The waiting task was cancelled; its place at the barrier is free again.
  case cancelled
  /// The barrier was closed.
  case closed
  /// The action threw this error in the calling party's hands; the barrier is broken by that.
  case actionFailed(any Error)

  /// The same for code that handles the end of any wait; `nil` for what only barriers know.
  public var waitError: WaitError? {
    switch self {
    case .timedOut: .timedOut
    case .cancelled: .cancelled
    case .closed: .closed
    case .broken, .actionFailed: nil
    }
  }

  init(_ error: WaitError) {
    self =
      switch error {
      case .timedOut: .timedOut
      case .cancelled: .cancelled
      case .closed: .closed
      }
  }
}

extension BarrierError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .broken: "the barrier is broken: reset it before the parties meet again"
    case .actionFailed(let error): "the barrier's action failed and broke it: \(error)"
    case .timedOut, .cancelled, .closed: waitError!.description
    }
  }
}

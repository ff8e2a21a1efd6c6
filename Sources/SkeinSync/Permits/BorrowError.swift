/// Why a token of a ``CapacityLimiter`` was not lent, or not taken back.
public enum BorrowError: Error, Hashable, Sendable {
  /// The borrower has a token: one is all that each can have.
  case alreadyBorrows(Borrower)
  /// The borrower, in whose name a token was to be given back, has none.
  case borrowsNothing(Borrower)
  /// The deadline passed.
  case timedOut
  /// The waiting task was cancelled.
  case cancelled
  /// The limiter was closed.
  case closed

  /// The same for code that handles the end of any wait; `nil` for what only limiters know.
  public var waitError: WaitError? {
    switch self {
    case .timedOut: .timedOut
    case .cancelled: .cancelled
    case .closed: .closed
    case .alreadyBorrows, .borrowsNothing: nil
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

extension BorrowError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .alreadyBorrows(let borrower): "\(borrower) has a token already"
    case .borrowsNothing(let borrower): "\(borrower) has no token to give back"
    case .timedOut, .cancelled, .closed: waitError!.description
    }
  }
}

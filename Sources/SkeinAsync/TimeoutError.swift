/// The deadline of ``withTimeout(_:clock:isolation:_:)`` passed before its body had a result.
public struct TimeoutError: Error, CustomStringConvertible {
  /// How long the body was given; tells which of several nested deadlines passed.
  public let timeout: Duration

  /// What the body threw when it was cancelled at the deadline; `nil` when it was not started.
  public let cause: (any Error)?

  init(timeout: Duration, cause: (any Error)?) {
    self.timeout = timeout
    self.cause = cause
  }

  /// A sentence for people. A cause that says more than that the work was cancelled is named.
  public var description: String {
    let sentence = "the work did not end within \(timeout)"
    guard let cause, !(cause is CancellationError) else { return sentence }
    return "\(sentence), and ended with: \(cause)"
  }
}

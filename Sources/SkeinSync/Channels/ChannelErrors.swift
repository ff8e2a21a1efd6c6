/// Why an element was not sent, with the element.
///
/// The element is the caller's again: no receiver has it, and none will get it.
public struct SendError<Element: Sendable>: Error {
  /// What kept the element from being sent.
  public enum Reason: Hashable, Sendable {
    /// The handle that was used is closed: the caller's side closed it.
    case closed
    /// The last receiver is gone: nobody will ever receive.
    case disconnected
    /// The deadline passed.
    case timedOut
    /// The waiting task was cancelled.
    case cancelled
  }

  /// What kept the element from being sent.
  public let reason: Reason
  /// The element.
  public let element: Element

  /// Hands an element back.
  public init(_ reason: Reason, _ element: Element) {
    self.reason = reason
    self.element = element
  }
}

extension SendError: Equatable where Element: Equatable {}
extension SendError: Hashable where Element: Hashable {}

extension SendError: CustomStringConvertible {
  /// A sentence for people; it does not show the element.
  public var description: String {
    switch reason {
    case .closed: "the sender is closed"
    case .disconnected: "nobody receives from the channel any more"
    case .timedOut: "the channel had no room in time"
    case .cancelled: "the sending task was cancelled"
    }
  }
}

/// Why nothing was received. Nothing has been taken out of the channel.
public enum ReceiveError: Error, Hashable, Sendable {
  /// The handle that was used is closed: the caller's side closed it.
  case closed
  /// The channel is empty and the last sender is gone: nothing will ever come.
  case disconnected
  /// The deadline passed.
  case timedOut
  /// The waiting task was cancelled.
  case cancelled
}

extension ReceiveError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .closed: "the receiver is closed"
    case .disconnected: "the channel is empty, and nobody sends to it any more"
    case .timedOut: "nothing was sent in time"
    case .cancelled: "the receiving task was cancelled"
    }
  }
}

/// How the part of a channel call that is the same on both sides has ended.
@usableFromInline
enum ChannelOutcome: Sendable {
  case done, closed, disconnected, timedOut, cancelled

  /// Why an element was not sent; `nil` when it was.
  @inlinable
  func reason<Element>() -> SendError<Element>.Reason? {
    switch self {
    case .done: nil
    case .closed: .closed
    case .disconnected: .disconnected
    case .timedOut: .timedOut
    case .cancelled: .cancelled
    }
  }

  /// Why nothing was received; `nil` when something was.
  @inlinable
  var receiveError: ReceiveError? {
    switch self {
    case .done: nil
    case .closed: .closed
    case .disconnected: .disconnected
    case .timedOut: .timedOut
    case .cancelled: .cancelled
    }
  }

  @inlinable
  func orThrow<Element>(_ element: Element) throws(SendError<Element>) {
    if let reason: SendError<Element>.Reason = reason() { throw SendError(reason, element) }
  }

  @inlinable
  func orThrow() throws(ReceiveError) {
    if let receiveError { throw receiveError }
  }
}

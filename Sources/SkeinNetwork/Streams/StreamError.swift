/// Why bytes did not come, or did not go.
public enum StreamError: Error, Hashable, Sendable {
  /// This side was closed.
  case closed
  /// The other side, or the network, has broken the connection off.
  case reset
  /// The end came too early: so many bytes were there, and so many, or a separator, were to come.
  case ended(received: Int, expected: Int?)
  /// There is no separator among so many bytes, or no end behind them.
  case tooLong(limit: Int)
  /// What came is no UTF-8.
  case notText
  /// The system refuses, with this error number.
  case system(Int32)
}

extension StreamError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .closed: "this side of the connection was closed"
    case .reset: "the other side has broken the connection off"
    case .ended(let received, let expected?):
      "the connection ended after \(received) of the \(expected) bytes that were to come"
    case .ended(let received, nil):
      "the connection ended after \(received) bytes, before the separator that was to come"
    case .tooLong(let limit):
      "more than \(limit) bytes came without the separator or the end that was to come"
    case .notText: "what came over the connection is no UTF-8 text"
    case .system(let number): "the connection failed: \(systemMessage(number))"
    }
  }
}

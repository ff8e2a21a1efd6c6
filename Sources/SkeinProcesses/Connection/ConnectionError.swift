internal import Glibc

/// Why a message could not be sent or received.
public enum ConnectionError: Error, Hashable, Sendable {
  /// This end was closed.
  case closed
  /// The other end was closed, or its process has ended, after a whole message: there is nothing more to come.
  case ended
  /// The other end was closed, or its process has ended, in the middle of a message.
  case truncated(received: Int, expected: Int)
  /// A message is longer than the connection allows, in bytes.
  case tooLarge(bytes: Int, limit: Int)
  /// A message has more open files than can travel with one.
  case tooManyDescriptors(count: Int, limit: Int)
  /// What came is no message: something else writes to the socket.
  case malformed
  /// This process has no descriptors left for the open files that came with a message; the message is lost.
  case noDescriptorsLeft
  /// Sending was given up in the middle of a message, so that nothing can be sent any more.
  case interrupted
  /// The system refuses, with this error number.
  case system(Int32)
}

extension ConnectionError: CustomStringConvertible {
  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch self {
    case .closed: "this end of the connection was closed"
    case .ended: "the other end of the connection was closed, or its process has ended"
    case .truncated(let received, let expected):
      "the other end of the connection went away in the middle of a message: \(received) of \(expected) bytes came"
    case .tooLarge(let bytes, let limit):
      "a message of \(bytes) bytes is longer than the \(limit) that the connection allows: send less at a time, "
        + "or share memory"
    case .tooManyDescriptors(let count, let limit):
      "a message can carry \(limit) open files and shared objects, and not \(count)"
    case .malformed: "what came over the connection is no message: something else writes to its socket"
    case .noDescriptorsLeft:
      "a message was lost, because this process has no descriptors left for the open files in it: raise the limit "
        + "(ulimit -n)"
    case .interrupted:
      "sending was given up in the middle of a message: the other end can not make sense of what would follow"
    case .system(let number): "the connection failed: \(String(cString: strerror(number)))"
    }
  }
}

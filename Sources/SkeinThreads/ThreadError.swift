/// Why a thread was not started or not joined.
public enum ThreadError: Error, Hashable, Sendable {
  /// The system gave no thread: its limit of threads or of memory is reached; with the thread's name and `errno`.
  case refused(name: String, code: Int32)
  /// The stack that was asked for is smaller than the system allows, in bytes.
  case stackTooSmall(name: String, bytes: Int, minimum: Int)
  /// The thread was started before: a thread runs once.
  case alreadyStarted(name: String)
  /// The thread has not been started: to join it would never end.
  case notStarted(name: String)
  /// The thread that calls is the one to be joined: to join it would never end.
  case joinsItself(name: String)
  /// The thread runs in the process that this one was forked from: its end is never seen here.
  case lostByFork(name: String)
  /// The process is ending, and has joined its threads: no other can be started.
  case processEnds(name: String)
}

extension ThreadError: CustomStringConvertible {
  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch self {
    case .refused(let name, let code):
      "the system gave no thread for “\(name)”: \(systemMessage(code)); let some end, or give them smaller stacks"
    case .stackTooSmall(let name, let bytes, let minimum):
      "the thread “\(name)” can not have a stack of \(bytes) bytes: at least \(minimum), or none given for the usual size"
    case .alreadyStarted(let name): "the thread “\(name)” was started before: make another one"
    case .notStarted(let name): "the thread “\(name)” has not been started: start it before it is joined"
    case .joinsItself(let name): "the thread “\(name)” can not wait for its own end"
    case .lostByFork(let name):
      "the thread “\(name)” runs in the process that this one was forked from: join it there, or before the fork"
    case .processEnds(let name): "the thread “\(name)” can not be started: the process is ending"
    }
  }
}

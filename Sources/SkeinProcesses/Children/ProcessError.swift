internal import Glibc

/// Why a process could not be started, or did not do what it was started for.
public enum ProcessError: Error, Hashable, Sendable {
  /// The program has not called `Skein.main`, so that its children would run all of it again.
  case notPrepared
  /// The function is not registered in this program.
  case notRegistered(function: String, known: [String])
  /// The executable can not be started, for this error number.
  case cannotStart(executable: String, Int32)
  /// There is no descriptor, memory or process left for a child: the error number.
  case outOfResources(Int32)
  /// A fork was asked for in a process whose other threads are at work.
  case lateFork(threads: Int)
  /// A daemon was to have a child, which would outlive it.
  case daemonHasNoChildren(name: String)
  /// The child refused what it was to do: it is of another build, or does not know the function.
  case refused(reason: String)
  /// The executable did not become a child: it ended, or does something else, because it does not call
  /// `Skein.main`.
  case noChild(executable: String)
  /// The process was to be closed while it lives.
  case stillAlive(name: String)
}

extension ProcessError: CustomStringConvertible {
  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch self {
    case .notPrepared:
      "this program can not have children: call Skein.main at the top of its main, with the functions that they run"
    case .notRegistered(let function, let known):
      "the function “\(function)” is not registered: pass its type to Skein.main, which knows "
        + (known.isEmpty ? "none" : known.joined(separator: ", "))
    case .cannotStart(let executable, let number):
      "'\(executable)' can not be started: \(String(cString: strerror(number)))"
    case .outOfResources(let number):
      "the system has nothing left for another process: \(String(cString: strerror(number)))"
    case .lateFork(let threads):
      "a process with \(threads) threads can not be forked: fork before they start, or use the fork server"
    case .daemonHasNoChildren(let name):
      "the process “\(name)” is a daemon, which is ended with its parent, and can not have children"
    case .refused(let reason): "the child refused to work: \(reason)"
    case .noChild(let executable):
      "'\(executable)' did not become a child: its main has to call Skein.main at the top"
    case .stillAlive(let name): "the process “\(name)” lives: join or kill it before it is closed"
    }
  }
}

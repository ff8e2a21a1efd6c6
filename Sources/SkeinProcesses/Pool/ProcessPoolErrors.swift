/// A process ended while it ran a function: by a trap, by a signal, or because the function ended it.
public struct ProcessCrashed: Error, Hashable, Sendable, CustomStringConvertible {
  /// The function that it ran.
  public let function: String
  /// How it ended.
  public let exit: ChildExit
  /// The end of what it wrote to its standard error, Swift's own account of a trap included.
  public let lastOutput: String
  /// How many times the function was tried.
  public let attempts: Int

  /// The signal that ended it; `nil` when it ended by itself.
  public var signal: Int32? { if case .signalled(let signal) = exit { signal } else { nil } }

  /// A sentence for people, with what the process wrote.
  public var description: String {
    let tries = attempts > 1 ? " for the \(attempts)th time" : ""
    let output = lastOutput.isEmpty ? "" : "; it wrote last:\n\(lastOutput)"
    return "the process that ran “\(function)” \(exit)\(tries)\(output)"
  }
}

/// A function took longer than it may, and its process was killed.
public struct TimeLimitExceeded: Error, Hashable, Sendable, CustomStringConvertible {
  /// The function.
  public let function: String
  /// How long it may run.
  public let limit: Duration

  /// A sentence for people.
  public var description: String {
    "“\(function)” took longer than \(limit): its process was killed; give it more time, or less to do"
  }
}

/// A pool of processes was asked for what they can not do.
public enum ProcessPoolError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The work is no ``RemoteFunction``: it can not go to another process.
  case notRemote(type: String)

  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch self {
    case .notRemote(let type):
      "work of the type \(type) can not go to another process: make it a RemoteFunction, and register it"
    }
  }
}

/// What becomes of a pool when one of its processes ends while it runs a function.
public enum CrashPolicy: Hashable, Sendable {
  /// The pool is broken: what has not begun, and what comes, fails too.
  case failFast
  /// The function fails, and the pool goes on with another process. One that may be run twice
  /// (``RemoteFunction/isIdempotent``) is tried again, so many times in all at the most; the one that ends its process
  /// each time is given up.
  case restart(attempts: Int)
}

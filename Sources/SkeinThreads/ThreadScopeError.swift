/// What threads of a scope threw.
public struct ThreadScopeError: Error, Sendable {
  /// What one thread threw.
  public struct Failure: Sendable {
    /// The thread's name.
    public let threadName: String
    /// What it threw.
    public let error: any Error
  }

  /// The errors, in the order in which the threads were started.
  public let failures: [Failure]
  /// What the body of the scope threw, if it did.
  public let bodyError: (any Error)?
}

extension ThreadScopeError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    let all =
      failures.map { "“\($0.threadName)”: \($0.error)" } + (bodyError.map { ["the body: \($0)"] } ?? [])
    return "\(failures.count) thread\(failures.count == 1 ? "" : "s") of the scope failed: "
      + all.joined(separator: "; ")
  }
}

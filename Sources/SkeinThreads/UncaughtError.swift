internal import Glibc
internal import SkeinSync

/// An error that nobody took: of a thread that nobody joined, or of a callback, which nobody waits for.
public struct UncaughtError: Error, Sendable {
  /// Whose error it is, for people: “thread “Monitor””, “callback of a future of the pool “io””.
  public let source: String
  /// What was thrown.
  public let error: any Error

  /// Names an error and where it comes from.
  public init(source: String, error: any Error) {
    self.source = source
    self.error = error
  }

  /// What hears of every such error.
  public typealias Handler = @Sendable (UncaughtError) -> Void

  /// Has `handler` hear of every error that nobody takes, from now on; `nil` has them written to standard error again.
  ///
  /// The handler is called on whichever thread finds the error, at any time: it must not wait for anything.
  ///
  /// - Returns: what heard of them until now; `nil` for standard error.
  @discardableResult
  public static func setHandler(_ handler: Handler?) -> Handler? {
    current.withLock { current in
      defer { current = handler }
      return current
    }
  }

  /// Tells the handler.
  package func report() {
    guard let handler = Self.current.withLock({ $0 }) else { return write() }
    handler(self)
  }

  private static let current = Lock<Handler?>(nil, internalTo: "UncaughtError")

  /// One call a line, so that lines of several threads stay whole.
  private func write() {
    let line = "skein: \(self)\n"
    _ = line.utf8.withContiguousStorageIfAvailable { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

extension UncaughtError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String { "\(source) ended with an error that nobody took: \(error)" }
}

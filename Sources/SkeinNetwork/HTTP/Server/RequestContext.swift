public import Logging
internal import Synchronization

/// What is known of a request besides the request itself: its number, the parameters of its route, whom it is from.
///
/// It is a value: what a middleware changes, those behind it see.
public struct RequestContext: Sendable {
  /// A value that middlewares leave for those behind them: who the client is, say.
  ///
  /// ```swift
  /// enum Tenant: RequestContext.Key { typealias Value = String }
  /// context[Tenant.self] = "acme"
  /// ```
  public protocol Key: Sendable {
    /// What is left.
    associatedtype Value: Sendable
  }

  /// What the request is called in logs, and in what the client is told.
  public var id: RequestID
  /// What the path has in its route's parameters.
  public var parameters = RouteParameters.none
  /// The pattern of the route that was found; `nil` until then, and when there is none.
  public var route: String?
  private let connection: ConnectionDescription
  private var values: [ObjectIdentifier: any Sendable] = [:]

  init(id: RequestID, _ connection: ConnectionDescription) { (self.id, self.connection) = (id, connection) }

  /// Creates the context of a request that came over no connection, for a test.
  public init(logger: Logger = Logger(label: "skein.http")) {
    self.init(id: RequestID(), ConnectionDescription(remote: .host("127.0.0.1", port: 0), logger: logger))
  }

  /// Who sent the request, or the proxy that did.
  public var remote: TCPEndpoint { connection.remote }

  /// The server's logger, which tells of the request's id.
  public var logger: Logger {
    var logger = connection.logger
    logger[metadataKey: "request"] = "\(id)"
    return logger
  }

  /// A value that a middleware has left.
  public subscript<K: Key>(key: K.Type) -> K.Value? {
    get { values[ObjectIdentifier(key)] as? K.Value }
    set { values[ObjectIdentifier(key)] = newValue }
  }
}

/// What all requests of a connection have in common.
final class ConnectionDescription: Sendable {
  let logger: Logger
  private let describe: @Sendable () -> TCPEndpoint

  init(remote: @autoclosure @escaping @Sendable () -> TCPEndpoint, logger: Logger) {
    (describe, self.logger) = (remote, logger)
  }

  var remote: TCPEndpoint { describe() }
}

/// What a request is called: in the lines that are logged for it, and in the field `X-Request-Id`.
///
/// In all that a handler calls, ``current`` is the request that it was called for, tasks of its own included.
public struct RequestID: Hashable, Sendable, CustomStringConvertible {
  private enum Storage: Hashable, Sendable {
    case number(UInt64)
    case text(String)
  }

  /// The request that the current task works for; `nil` when it works for none.
  @TaskLocal public static var current: RequestID?

  private static let count = Atomic<UInt64>(0)
  private static let seed = UInt64.random(in: .min ... .max)

  private let storage: Storage

  /// A new one, which no other request of this process has.
  public init() {
    // Times an odd number: each count has a number of its own.
    storage = .number(
      Self.seed ^ Self.count.wrappingAdd(1, ordering: .relaxed).newValue &* 0x9E37_79B9_7F4A_7C15)
  }

  /// One that somebody else has given.
  ///
  /// - Parameter text: 1 to 128 letters, digits and `-._~+/=:@`; otherwise there is none.
  public init?(_ text: String) {
    guard (1...128).contains(text.utf8.count),
      text.utf8.allSatisfy({ byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || "-._~+/=:@".utf8.contains(byte)
      })
    else { return nil }
    storage = .text(text)
  }

  /// Sixteen hexadecimal digits, or the text that it was created from.
  public var description: String {
    switch storage {
    case .number(let number):
      let digits = String(number, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    case .text(let text): return text
    }
  }
}

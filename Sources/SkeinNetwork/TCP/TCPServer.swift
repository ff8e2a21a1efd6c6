public import Logging
public import NIOCore
internal import NIOPosix
public import ServiceLifecycle

/// A server that has a function serve each connection, on the thread that reads from its socket.
///
/// ```swift
/// try await TCPServer.serve(host: "127.0.0.1", port: 8888) { connection in
///   while let bytes = try await connection.reader.read() {
///     try await connection.writer.write(bytes)
///   }
/// }
/// ```
///
/// The function is a task of its own for each connection, which is closed when it returns or throws; what it throws is
/// logged, and the server goes on. Code that computes for long, or blocks, belongs on a pool.
///
/// It stops by a graceful shutdown, as a service of swift-service-lifecycle, or by the cancellation of its task: it accepts
/// nothing more then, and waits for those that are served.
///
/// - Invariant: no more connections than allowed are served at once, and ``run()`` does not return before all have ended.
public struct TCPServer: Service {
  /// What a server is like.
  public struct Options: Sendable {
    /// How many connections are served at once. The next ones wait until one has ended.
    public var maximumConnections = 10_000
    /// How many connections the system lets wait to be accepted; it may allow fewer (`net.core.somaxconn`).
    public var backlog = 4096
    /// How long those that are served have to end, once a graceful shutdown has begun.
    public var drainTimeout = Duration.seconds(30)
    /// The event loops; by default the program's.
    public var group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    /// Where errors of connections go.
    public var logger = Logger(label: "skein.network")

    /// Creates the standard options.
    public init() {}
  }

  private let endpoint: TCPEndpoint
  private let options: Options
  private let onListening: @Sendable (TCPEndpoint) -> Void
  private let handler: @Sendable (TCPConnection) async throws -> Void

  /// Describes a server, which listens once it is run.
  ///
  /// - Parameters:
  ///   - endpoint: where to listen; the port 0 is any that is free.
  ///   - options: what it is like.
  ///   - onListening: is told where it listens, once it does.
  ///   - handler: serves a connection.
  /// - Precondition: `maximumConnections` and `backlog` are positive.
  public init(
    at endpoint: TCPEndpoint, options: Options = Options(),
    onListening: @escaping @Sendable (TCPEndpoint) -> Void = { _ in },
    handler: @escaping @Sendable (TCPConnection) async throws -> Void
  ) {
    precondition(
      options.maximumConnections > 0 && options.backlog > 0, "a server has room for a connection at the least"
    )
    (self.endpoint, self.options, self.onListening, self.handler) = (endpoint, options, onListening, handler)
  }

  /// Listens and serves until it is stopped.
  ///
  /// - Parameters:
  ///   - host: the address to listen at: by default that of this machine alone.
  ///   - port: the port; 0 is any that is free.
  ///   - options: what the server is like.
  ///   - onListening: is told where it listens, once it does.
  ///   - handler: serves a connection.
  /// - Throws: as ``run()``.
  /// - Cancellation: as ``run()``.
  public static func serve(
    host: String = "127.0.0.1", port: Int, options: Options = Options(),
    onListening: @escaping @Sendable (TCPEndpoint) -> Void = { _ in },
    handler: @escaping @Sendable (TCPConnection) async throws -> Void
  ) async throws {
    try await TCPServer(
      at: .host(host, port: port), options: options, onListening: onListening, handler: handler
    ).run()
  }

  /// Listens and serves until it is stopped; suspends the task until the last connection has ended.
  ///
  /// - Throws: ``NetworkError`` when it can not listen.
  /// - Cancellation: nothing more is accepted, and the tasks that serve are cancelled.
  public func run() async throws {
    let connections = ServedConnections(places: options.maximumConnections, logger: options.logger)
    let listener = Listener(
      endpoint: endpoint, group: options.group, backlog: options.backlog, drainTimeout: options.drainTimeout,
      onListening: onListening)
    try await listener.run(connections) { [options, handler] channel, number in
      let stream = ChannelByteStream(
        channel,
        onActive: { connections.admit(TCPSession($0, options.logger, handler), number) },
        onInactive: { connections.forget(number) })
      try channel.pipeline.syncOperations.addHandler(stream)
    }
  }
}

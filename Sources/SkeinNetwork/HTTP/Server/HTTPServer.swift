public import Logging
public import NIOCore
internal import NIOPosix
public import ServiceLifecycle

/// A web server: HTTP/1.1 and HTTP/1.0.
///
/// ```swift
/// var router = Router()
/// router.get("/") { request, context in "Hello" }
/// try await HTTPServer(router, port: 8080).run()
/// ```
///
/// Each request is a task that begins on the thread which reads from its connection, and stays there as long as the handler
/// does not leave it: code that computes for long, or blocks, belongs on a pool. The task is cancelled when the client goes
/// away. What a handler throws becomes an answer (``HTTPError``), and the server goes on.
///
/// It stops by a graceful shutdown, as a service of swift-service-lifecycle, or by the cancellation of its task: it accepts
/// nothing more then, closes connections without a request, and waits for the requests that are being answered.
///
/// - Invariant: of a connection one request at a time is answered, in the order of coming; ``run()`` does not return before
///   the last one has been.
/// - Source: RFC 9110, RFC 9112.
public struct HTTPServer: Service {
  /// What a server is like. Every limit is finite, so that no client can have for ever, or as much as it likes.
  public struct Options: Sendable {
    /// How many connections are held at once. The next ones wait until one has ended.
    public var maximumConnections = 10_000
    /// How many connections the system lets wait to be accepted; it may allow fewer (`net.core.somaxconn`).
    public var backlog = 4096
    /// How many requests a connection may have one after the other.
    public var maximumRequestsPerConnection = 100_000
    /// How many bytes the first line of a request may have; more is 414.
    public var maximumRequestLineBytes = 8192
    /// How many bytes the head of a request may have; more is 431.
    public var maximumHeadBytes = 32 * 1024
    /// How many fields a request may have; more is 431.
    public var maximumFields = 100
    /// How many bytes the body of a request may have, unless a middleware or a handler allows another number; more is 413.
    public var maximumBodyBytes = 4 << 20
    /// How long a connection may wait for its next request.
    public var idleTimeout = Duration.seconds(75)
    /// How long the head of a request may take to come; then it is 408.
    public var headTimeout = Duration.seconds(10)
    /// How long a handler that reads a body may get nothing of it; then it is 408. As long has the rest of a body that nobody
    /// reads; then the connection is closed.
    public var bodyTimeout = Duration.seconds(30)
    /// How long a handler may take to answer, not counting what it waits for the body; then the client gets 503, and the
    /// handler is cancelled. `nil` is without limit.
    public var responseTimeout: Duration? = .seconds(60)
    /// How long the client may take nothing of what was sent; then the connection is closed.
    public var writeTimeout = Duration.seconds(60)
    /// How long requests have to be answered, once a graceful shutdown has begun.
    public var drainTimeout = Duration.seconds(30)
    /// The event loops; by default the program's.
    public var group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    /// Where errors go.
    public var logger = Logger(label: "skein.http")

    /// Creates the standard options.
    public init() {}

    func check() {
      precondition(
        maximumConnections > 0 && backlog > 0 && maximumRequestsPerConnection > 0,
        "a server has room for a connection, and a request, at the least")
      precondition(
        maximumRequestLineBytes >= 16 && maximumHeadBytes >= maximumRequestLineBytes && maximumFields > 0
          && maximumBodyBytes >= 0, "a head has room for its first line, and that for a path")
    }
  }

  private let endpoint: TCPEndpoint
  private let options: Options
  private let onListening: @Sendable (TCPEndpoint) -> Void
  private let handler: RequestHandler

  /// Describes a server, which listens once it is run.
  ///
  /// - Parameters:
  ///   - router: what answers.
  ///   - host: the address to listen at: by default that of this machine alone.
  ///   - port: the port; 0 is any that is free.
  ///   - options: what it is like.
  ///   - onListening: is told where it listens, once it does.
  /// - Throws: ``RouteError`` for a pattern that is malformed, or collides with another.
  /// - Precondition: limits are positive.
  public init(
    _ router: Router, host: String = "127.0.0.1", port: Int, options: Options = Options(),
    onListening: @escaping @Sendable (TCPEndpoint) -> Void = { _ in }
  ) throws(RouteError) {
    self.init(
      at: .host(host, port: port), options: options, onListening: onListening,
      handler: try router.makeHandler())
  }

  /// Describes a server, which listens once it is run, with a handler of any kind.
  ///
  /// - Parameters:
  ///   - endpoint: where to listen.
  ///   - options: what it is like.
  ///   - onListening: is told where it listens, once it does.
  ///   - handler: answers all requests.
  /// - Precondition: limits are positive.
  public init(
    at endpoint: TCPEndpoint, options: Options = Options(),
    onListening: @escaping @Sendable (TCPEndpoint) -> Void = { _ in },
    handler: @escaping RequestHandler
  ) {
    options.check()
    (self.endpoint, self.options, self.onListening, self.handler) = (endpoint, options, onListening, handler)
  }

  /// Listens and serves until it is stopped; suspends the task until the last connection has ended.
  ///
  /// - Throws: ``NetworkError`` when it can not listen.
  /// - Cancellation: nothing more is accepted, and the tasks that answer are cancelled.
  public func run() async throws {
    let connections = ServedConnections(places: options.maximumConnections, logger: options.logger)
    let listener = Listener(
      endpoint: endpoint, group: options.group, backlog: options.backlog, drainTimeout: options.drainTimeout,
      onListening: onListening)
    try await listener.run(connections) { [options, handler] channel, number in
      let connection = HTTPConnection(
        channel, options, handler,
        onActive: { connections.admit($0, number) },
        onInactive: { connections.forget(number) })
      try channel.pipeline.syncOperations.addHandler(connection)
    }
  }
}

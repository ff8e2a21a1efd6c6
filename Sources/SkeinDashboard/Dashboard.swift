internal import FoundationEssentials
internal import HTTPTypes
public import Logging
public import ServiceLifecycle
public import SkeinJobs
public import SkeinNetwork

/// The face of a job queue: an HTTP API, pages for people, and metrics for Prometheus.
///
/// ```swift
/// let queue = try await JobQueue(directory: "/var/lib/example")
/// try await Dashboard(queue: queue, registry: registry).run()   // http://127.0.0.1:8088
/// ```
///
/// - `/`: queues with counts and rates, charts over time, jobs with filters and search, one job with its log, failures by error,
///   schedules, workers. It can be read without JavaScript; with it, pages follow what happens.
/// - `/api/v1`: submit, list, cancel, retry and so on, described by `/api/v1/openapi.json`; errors are problem documents (RFC 9457).
/// - `/metrics`, `/health`, `/ready`.
///
/// **Safety.** Who can submit jobs runs programs as the workers do. So it listens at the loopback address unless told otherwise,
/// where it answers its own user and root alone, and at any other one takes requests with a token alone. Requests for another
/// host name (DNS rebinding), and changes that pages of other sites ask for, are refused.
///
/// It follows the queue once for all who look, whoever changes it. What it knows of the time before is kept in `history.sqlite`
/// in the queue's directory, so that charts go on after a restart.
///
/// - Cancellation: it stops at once; requests that are being answered are broken off.
public struct Dashboard: Service {
  /// What a dashboard is like.
  public struct Options: Sendable {
    /// The address to listen at: by default that of this machine alone.
    public var host = "127.0.0.1"
    /// The port; 0 is any that is free.
    public var port = 8088
    /// What has to come with each request; needed at an address that other machines reach. With one, other users of this machine
    /// are let in as well. See ``AccessToken``.
    public var token: String?
    /// Other names than its address by which the server may be called: behind a proxy, that of the proxy.
    public var allowedHosts: Set<String> = []
    /// Whether it only shows.
    public var isReadOnly = false
    /// How many requests a client may send in a second; four times as many at once.
    public var requestsPerSecond = 500
    /// Where errors go.
    public var logger = Logger(label: "skein.dashboard")

    /// Creates the standard options.
    public init() {}

    /// Whether the address is one that this machine alone reaches.
    public var isLoopback: Bool {
      host == "localhost" || host == "::1"
        || host.hasPrefix("127.") && host.allSatisfy { $0 == "." || ("0"..."9").contains($0) }
    }
  }

  private let queue: JobQueue
  private let options: Options
  private let follower: JobFollower
  private let server: HTTPServer

  /// Describes a dashboard, which listens once it is run.
  ///
  /// - Parameters:
  ///   - queue: what it shows.
  ///   - registry: the jobs that may be submitted, beside those that workers have announced.
  ///   - options: what it is like.
  ///   - onListening: is told where it listens, once it does.
  /// - Throws: ``SkeinJobs/JobQueueError`` with code `invalidInput` for an address that other machines reach without a token.
  public init(
    queue: JobQueue, registry: JobRegistry, options: Options = Options(),
    onListening: @escaping @Sendable (TCPEndpoint) -> Void = { _ in }
  ) throws {
    guard options.isLoopback || options.token != nil else {
      throw JobQueueError.invalidInput(
        "at \(options.host) other machines reach the dashboard, and who reaches it can run programs: it needs a token"
      )
    }
    guard options.token.map({ $0.utf8.count >= 16 }) ?? true else {
      throw JobQueueError.invalidInput("a token has 16 characters at the least")
    }
    (self.queue, self.options) = (queue, options)
    follower = JobFollower(
      queue: queue, directory: (queue.store as? SQLiteJobStore)?.directory, logger: options.logger)
    var http = HTTPServer.Options()
    http.drainTimeout = .seconds(1)
    http.logger = options.logger
    http.maximumBodyBytes = JobPayload.mostBytes
    let sameUser = SameUser()
    server = try HTTPServer(
      Self.router(queue, registry, follower, options, sameUser), host: options.host, port: options.port,
      options: http
    ) { endpoint in
      sameUser.set(endpoint)
      onListening(endpoint)
    }
  }

  /// Serves until it is stopped.
  ///
  /// - Throws: ``SkeinNetwork/NetworkError`` when it can not listen.
  public func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await follower.run() }
      defer { group.cancelAll() }
      try await server.run()
    }
  }

  /// What answers requests, without a server. Most of it waits until the follower has gone through the jobs.
  static func router(
    _ queue: JobQueue, _ registry: JobRegistry, _ follower: JobFollower, _ options: Options,
    _ sameUser: SameUser = SameUser()
  ) -> Router {
    let frame = PageFrame(hasToken: options.token != nil, isReadOnly: options.isReadOnly)
    let pages = Pages(queue: queue, follower: follower, frame: frame)
    var router = Router()
    router.use(RequestIDs(), SecurityHeaders(contentSecurityPolicy: contentPolicy), Compression(level: 1))
    // What those behind it throw.
    router.use(Problems(pages: pages))
    router.use(RateLimit(options.requestsPerSecond, per: .seconds(1), burst: options.requestsPerSecond * 4))
    if !acceptsAnyHost(options) { router.use(HostCheck(names: hostNames(options))) }
    if let token = options.token { router.use(TokenCheck(token: token)) } else { router.use(sameUser) }
    router.use(OriginCheck())
    if options.isReadOnly { router.use(ReadOnly()) }
    if let token = options.token { Login(token: token, frame: frame).add(to: &router) }
    Assets.add(to: &router)
    pages.add(to: &router)
    let live = LivePages(pages)
    router.get("/live") { request, _ in try await live.response(to: request.query["page"] ?? "/") }
    JobAPI(queue: queue, registry: registry, follower: follower).add(to: &router)
    addMonitoring(to: &router, queue, follower)
    return router
  }

  /// Nothing but what the server itself sends, and no script or style within a page.
  private static let contentPolicy =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    + "base-uri 'none'; frame-ancestors 'none'"

  private static func addMonitoring(to router: inout Router, _ queue: JobQueue, _ follower: JobFollower) {
    router.get("/metrics") { _, _ in
      let state = await follower.ready()
      return try await Prometheus(state, workers: queue.store.workers(), queues: queue.store.queues())
        .response
    }
    router.get("/health") { _, _ in Response(headers: [.cacheControl: "no-store"], body: .text("healthy\n")) }
    router.get("/ready") { _, _ in
      // Asked itself, for the follower may not have noticed yet.
      _ = try queue.store.revision()
      guard follower.now.isReady else {
        throw HTTPError(.serviceUnavailable, "the queue is being looked through")
      }
      return Response(headers: [.cacheControl: "no-store"], body: .text("ready\n"))
    }
  }

  /// Behind an address that means every one of the machine's, the names are not known; the token keeps strangers out.
  private static func acceptsAnyHost(_ options: Options) -> Bool {
    ["0.0.0.0", "::"].contains(options.host) && options.allowedHosts.isEmpty
  }

  private static func hostNames(_ options: Options) -> Set<String> {
    let host = options.host.contains(":") ? "[\(options.host)]" : options.host
    return Set(([host, "localhost", "127.0.0.1", "[::1]"] + options.allowedHosts).map { $0.lowercased() })
  }
}

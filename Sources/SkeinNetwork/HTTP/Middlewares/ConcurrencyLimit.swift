internal import HTTPTypes
internal import SkeinSync

/// Answers so many requests at once; the next ones wait, and when many wait, or one has waited long, the answer is 503 with
/// `Retry-After`: who is refused soon can go elsewhere, while a queue without end serves nobody in time.
///
/// A request counts until its response is there: not while a stream is sent.
public struct ConcurrencyLimit: Middleware {
  private let permits: Semaphore
  private let queue: Semaphore
  private let queueSize: Int
  private let timeout: Duration
  private let retryAfter: Duration

  /// Creates it.
  ///
  /// - Parameters:
  ///   - limit: how many are answered at once.
  ///   - queue: how many wait.
  ///   - timeout: how long one waits.
  ///   - retryAfter: when who is refused is to come again.
  /// - Precondition: `limit` is positive, `queue` is not negative.
  public init(
    _ limit: Int, queue: Int = 0, timeout: Duration = .seconds(5), retryAfter: Duration = .seconds(1)
  ) {
    precondition(limit > 0 && queue >= 0, "nothing passes a limit of \(limit) with a queue of \(queue)")
    permits = Semaphore(permits: limit, name: "ConcurrencyLimit")
    self.queue = Semaphore(permits: queue, name: "queue of ConcurrencyLimit")
    (queueSize, self.timeout, self.retryAfter) = (queue, timeout, retryAfter)
  }

  /// How many wait.
  var waitingCount: Int { queueSize - queue.freePermits }

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    try await acquire()
    defer { permits.release() }
    return try await next(request, context)
  }

  private func acquire() async throws {
    if permits.tryAcquire() { return }
    guard queue.tryAcquire() else { throw refusal }
    defer { queue.release() }
    do { try await permits.acquire(timeout: timeout) } catch WaitError.timedOut { throw refusal }
  }

  private var refusal: HTTPError {
    HTTPError(
      .serviceUnavailable, "the server is busy",
      headers: [.retryAfter: "\(max(1, retryAfter.components.seconds))"])
  }
}

internal import DequeModule
internal import HTTPTypes
internal import SkeinResilience
public import SkeinSync

/// Answers 429, with the time to wait in `Retry-After`, to who asks too often.
///
/// Each client has a ``SkeinResilience/TokenBucket`` of its own; of clients beyond `maximumClients` the one that came first
/// is forgotten.
public struct RateLimit<C: DeadlineClock>: Middleware {
  private let clients: Clients<C>
  private let key: @Sendable (Request, RequestContext) -> String

  /// Creates it.
  ///
  /// - Parameters:
  ///   - rate: how many requests each client has in each period.
  ///   - period: the time in which they come.
  ///   - burst: how many a client may send at once after a quiet time; by default `rate`.
  ///   - maximumClients: how many clients are told apart.
  ///   - clock: what measures time.
  ///   - key: tells clients apart: by default by their address. Behind a proxy that is the proxy's: take what it tells.
  /// - Precondition: all numbers are positive.
  public init(
    _ rate: Int, per period: Duration, burst: Int? = nil, maximumClients: Int = 10_000,
    clock: C = MonotonicClock(),
    key: (@Sendable (Request, RequestContext) -> String)? = nil
  ) {
    precondition(maximumClients > 0, "a client is told apart at the least")
    self.key = key ?? { _, context in context.remote.hostName }
    clients = Clients(maximum: maximumClients) {
      TokenBucket(rate, per: period, burst: burst ?? rate, clock: clock)
    }
    _ = clients.make()
  }

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    let bucket = clients.bucket(of: key(request, context))
    guard try bucket.tryAcquire() else {
      let seconds = Int((try bucket.delay() / .seconds(1)).rounded(.up))
      throw HTTPError(
        .tooManyRequests, "too many requests: come again in \(max(1, seconds)) s",
        headers: [.retryAfter: "\(max(1, seconds))"])
    }
    return try await next(request, context)
  }
}

/// The buckets of clients, of whom there is no end.
private final class Clients<C: DeadlineClock>: Sendable {
  private struct State: Sendable {
    var buckets: [String: TokenBucket<C>] = [:]
    /// In the order of coming.
    var order: Deque<String> = []
  }

  let make: @Sendable () -> TokenBucket<C>
  private let maximum: Int
  private let state = Lock(State(), internalTo: "RateLimit")

  init(maximum: Int, make: @escaping @Sendable () -> TokenBucket<C>) {
    (self.maximum, self.make) = (maximum, make)
  }

  func bucket(of client: String) -> TokenBucket<C> {
    if let known = state.withLock({ $0.buckets[client] }) { return known }
    let new = make()
    let (bucket, forgotten) = state.withLock { state in
      if let known = state.buckets[client] { return (known, TokenBucket<C>?.none) }
      state.buckets[client] = new
      state.order.append(client)
      let forgotten =
        state.order.count > maximum ? state.buckets.removeValue(forKey: state.order.removeFirst()) : nil
      return (new, forgotten)
    }
    withExtendedLifetime(forgotten) {}
    return bucket
  }
}

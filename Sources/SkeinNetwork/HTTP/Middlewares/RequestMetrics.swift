internal import HTTPTypes
public import Metrics
internal import SkeinSync

/// Counts requests, and measures how long they take, by swift-metrics.
///
/// - `http_server_requests_total`: by method, route and status.
/// - `http_server_request_duration_seconds`: by method and route, until the response is there: a stream's, until its head.
/// - `http_server_active_requests`: how many are being answered.
///
/// Routes are patterns, and not paths, so that there are as many series as routes. It belongs where routes are known: into a
/// group; on the router itself every route is called `-`.
public struct RequestMetrics: Middleware {
  private let factory: any MetricsFactory
  private let active: Gauge
  private let count = Lock(0, internalTo: "RequestMetrics")

  /// Creates it.
  ///
  /// - Parameter factory: what keeps the figures: by default that of the program.
  public init(factory: any MetricsFactory = MetricsSystem.factory) {
    self.factory = factory
    active = Gauge(label: "http_server_active_requests", factory: factory)
  }

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    record(1)
    defer { record(-1) }
    let start = MonotonicClock().now
    let response = try await answer(request, context, by: next)
    let dimensions = [("method", method(request)), ("route", context.route ?? "-")]
    Metrics.Timer(label: "http_server_request_duration_seconds", dimensions: dimensions, factory: factory)
      .record(duration: start.duration(to: MonotonicClock().now))
    Counter(
      label: "http_server_requests_total", dimensions: dimensions + [("status", "\(response.status.code)")],
      factory: factory
    ).increment()
    return response
  }

  private func record(_ change: Int) {
    active.record(
      count.withLock { count in
        count += change
        return count
      })
  }

  /// Anybody can send any method: those that are none share a series.
  private func method(_ request: Request) -> String {
    let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
    return known.contains(request.method) ? request.method.rawValue : "other"
  }
}

internal import HTTPTypes
public import SkeinSync

/// Answers 503 when what is behind it does not answer in time, and cancels that.
///
/// A handler that does not heed its cancellation is waited for; the server's own limit
/// (``HTTPServer/Options/responseTimeout``) answers the client even then. A stream is in time when it begins.
public struct ResponseTimeout<C: DeadlineClock>: Middleware {
  private let timeout: Duration
  private let clock: C

  /// Creates it.
  ///
  /// - Parameters:
  ///   - timeout: how long an answer may take.
  ///   - clock: what measures it.
  public init(_ timeout: Duration, clock: C = MonotonicClock()) {
    (self.timeout, self.clock) = (timeout, clock)
  }

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    try await withThrowingTaskGroup(of: Response?.self) { group in
      group.addTask { try await next(request, context) }
      group.addTask { [timeout, clock] in
        try await clock.sleep(until: clock.now.advanced(by: timeout))
        return nil
      }
      defer { group.cancelAll() }
      guard let response = try await group.next()! else {
        throw HTTPError(.serviceUnavailable, "the request could not be answered in time")
      }
      return response
    }
  }
}

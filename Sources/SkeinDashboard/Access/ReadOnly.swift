internal import HTTPTypes
internal import SkeinNetwork

/// Answers 403 to requests that would change something.
struct ReadOnly: Middleware {
  func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    guard request.isSafe || request.path == "/login" || request.path == "/logout" else {
      throw HTTPError(.forbidden, "this dashboard only shows: it was started with --read-only")
    }
    return try await next(request, context)
  }
}

/// What answers a request.
public typealias RequestHandler = @Sendable (Request, RequestContext) async throws -> Response

/// Stands between a server and its handlers: looks at a request, or changes it, or answers it; and at the response likewise.
///
/// ```swift
/// struct ServerName: Middleware {
///   func handle(_ request: Request, _ context: RequestContext, next: RequestHandler) async throws -> Response {
///     var response = try await next(request, context)
///     response.headers[.server] = "skein"
///     return response
///   }
/// }
/// ```
///
/// The first that is added is the outermost. What is thrown goes outwards through all of them.
public protocol Middleware: Sendable {
  /// Answers a request, most often by asking `next`.
  ///
  /// - Parameters:
  ///   - request: the request, as those further out left it.
  ///   - context: what is known of it besides.
  ///   - next: what comes behind; it may be called once, or not at all, or again.
  func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response
}

extension Middleware {
  /// A handler that goes through this first.
  func wrapping(_ next: @escaping RequestHandler) -> RequestHandler {
    { request, context in try await handle(request, context, next: next) }
  }
}

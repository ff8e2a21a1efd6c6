internal import HTTPTypes

/// Takes over the request's id that a client or a proxy has given in `X-Request-Id`, and tells it in the response.
///
/// Ids that are too long, or have strange characters, are not taken over: the server's own is told then.
public struct RequestIDs: Middleware {
  static let name = HTTPField.Name("X-Request-Id")!

  /// Creates it.
  public init() {}

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    var context = context
    if let id = request.headers[Self.name].flatMap(RequestID.init) { context.id = id }
    return try await RequestID.$current.withValue(context.id) {
      var response = try await answer(request, context, by: next)
      response.headers.put(context.id.description, Self.name)
      return response
    }
  }
}

/// What a handler answers, or the answer that its error stands for.
func answer(
  _ request: Request, _ context: RequestContext, by handler: RequestHandler
) async throws -> Response {
  do { return try await handler(request, context) } catch let error where !Task.isCancelled {
    return Response(error, to: request, context, isGone: false)
  }
}

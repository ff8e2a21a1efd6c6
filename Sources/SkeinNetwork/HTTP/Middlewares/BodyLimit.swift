/// Allows bodies of another size than the server does.
public struct BodyLimit: Middleware {
  private let bytes: Int

  /// Creates it.
  ///
  /// - Parameter bytes: how many the body of a request may have; more is 413 where it is read.
  /// - Precondition: `bytes` is not negative.
  public init(bytes: Int) {
    precondition(bytes >= 0, "no body has \(bytes) bytes")
    self.bytes = bytes
  }

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    var request = request
    request.body.limit = bytes
    return try await next(request, context)
  }
}

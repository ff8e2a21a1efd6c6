import HTTPTypes
import NIOCore
import SkeinNetwork

/// Answers a request without a network, as a server's connection would.
func respond(
  _ router: Router, _ request: Request, _ context: RequestContext = RequestContext()
) async throws -> Response {
  do { return try await router.makeHandler()(request, context) } catch let error as HTTPError {
    return Response(status: error.status, headers: error.headers, body: .text(error.message))
  }
}

extension Response {
  /// All of the body.
  func bodyText() async throws -> String { String(buffer: try await bodyBytes()) }
}

extension Response {
  private func bodyBytes() async throws -> ByteBuffer {
    try await body.collect()
  }
}

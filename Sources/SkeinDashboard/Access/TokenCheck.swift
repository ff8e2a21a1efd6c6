internal import HTTPTypes
internal import SkeinNetwork

/// Lets requests pass that come with the token: as a bearer's, or in the cookie that the page which asks for it has set.
struct TokenCheck: Middleware {
  static let cookie = "skein_token"
  /// Where nothing can be seen that is not everybody's.
  private static let open: Set = ["/login", "/health", "/ready"]

  private let token: String

  init(token: String) { self.token = token }

  func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    if Self.open.contains(request.path) || request.path.hasPrefix("/assets/") || isKnown(request) {
      return try await next(request, context)
    }
    guard request.prefersHTML else {
      throw HTTPError(
        .unauthorized, "the token is missing or wrong: send it as 'Authorization: Bearer …'",
        headers: [.wwwAuthenticate: "Bearer"])
    }
    return .redirect(to: "/login")
  }

  private func isKnown(_ request: Request) -> Bool {
    if let text = request.headers[.authorization] {
      return text.lowercased().hasPrefix("bearer ")
        && constantTimeEqual(String(text.dropFirst(7).trimming()), token)
    }
    return request.cookies[Self.cookie].map { constantTimeEqual($0, token) } ?? false
  }
}

extension Substring {
  fileprivate func trimming() -> Substring { drop { $0 == " " } }
}

extension Request {
  /// Whether a browser asks for a page.
  var prefersHTML: Bool {
    !path.hasPrefix("/api/") && path != "/metrics" && headers[.accept]?.contains("text/html") ?? false
  }
}

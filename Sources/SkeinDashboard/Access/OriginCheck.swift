internal import HTTPTypes
internal import SkeinNetwork

/// Answers 403 to requests that would change something and come from a page of another origin.
///
/// Browsers tell the origin of the page with each such request; programs, which nobody can trick into sending one, tell none.
///
/// - Source: RFC 6454; the Fetch Metadata Request Headers of the W3C.
struct OriginCheck: Middleware {
  func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    guard request.isSafe || isOfThisOrigin(request) else {
      throw HTTPError(.forbidden, "a page of another site may change nothing here")
    }
    return try await next(request, context)
  }

  private func isOfThisOrigin(_ request: Request) -> Bool {
    if let site = request.headers[HTTPField.Name("Sec-Fetch-Site")!], site != "same-origin", site != "none" {
      return false
    }
    guard let origin = request.headers[.origin] else { return true }
    guard let authority = request.authority, let start = origin.firstRange(of: "://") else { return false }
    return origin[start.upperBound...].lowercased() == authority.lowercased()
  }
}

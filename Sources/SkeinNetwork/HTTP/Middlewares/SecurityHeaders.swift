internal import HTTPTypes

/// Sets the fields by which browsers are told to be careful, where a response does not have them itself.
///
/// By default: types of content are not guessed, pages are not shown within those of other sites, other sites are not told
/// the path that a user came from, and pages of other origins do not get at this one's window.
public struct SecurityHeaders: Middleware {
  private let fields: HTTPFields

  /// Creates it.
  ///
  /// - Parameters:
  ///   - contentSecurityPolicy: what pages may load, and from where; `nil` for no policy.
  ///   - strictTransportSecurity: how long browsers are to come over TLS alone: only for a server behind TLS.
  public init(contentSecurityPolicy: String? = nil, strictTransportSecurity: Duration? = nil) {
    var fields: HTTPFields = [
      .xContentTypeOptions: "nosniff",
      HTTPField.Name("X-Frame-Options")!: "DENY",
      HTTPField.Name("Referrer-Policy")!: "strict-origin-when-cross-origin",
      HTTPField.Name("Cross-Origin-Opener-Policy")!: "same-origin",
    ]
    fields[.contentSecurityPolicy] = contentSecurityPolicy
    fields[.strictTransportSecurity] = strictTransportSecurity.map {
      "max-age=\($0.components.seconds); includeSubDomains"
    }
    self.fields = fields
  }

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    var response = try await answer(request, context, by: next)
    for field in fields where !response.headers.has(field.name) { response.headers.append(field) }
    return response
  }
}

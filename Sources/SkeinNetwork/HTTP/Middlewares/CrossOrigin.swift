public import HTTPTypes

/// Lets scripts of pages from other origins read the responses (CORS), and answers what browsers ask before.
///
/// - Source: the Fetch Standard of the WHATWG, section 3.2.
public struct CrossOrigin: Middleware {
  /// Which origins.
  public enum Origins: Hashable, Sendable {
    /// Every one; without cookies.
    case any
    /// These: `https://example.org`, with the port unless it is the usual one.
    case only(Set<String>)
  }

  private let origins: Origins
  private let methods: String
  private let headers: String?
  private let exposedHeaders: String?
  private let allowsCredentials: Bool
  private let maximumAge: Duration

  /// Creates it.
  ///
  /// - Parameters:
  ///   - origins: which may read responses.
  ///   - methods: which methods they may use.
  ///   - headers: which fields they may send besides the simple ones; `nil` for all that they ask for.
  ///   - exposedHeaders: which fields of responses they may read besides the simple ones.
  ///   - allowsCredentials: whether requests may come with cookies.
  ///   - maximumAge: how long a browser may keep the answer to what it asks before.
  /// - Precondition: credentials are allowed to origins that are named, and not to any.
  public init(
    origins: Origins, methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete],
    headers: [HTTPField.Name]? = nil, exposedHeaders: [HTTPField.Name] = [], allowsCredentials: Bool = false,
    maximumAge: Duration = .seconds(600)
  ) {
    precondition(
      !allowsCredentials || origins != .any,
      "any page could act for a user: name the origins that may have credentials")
    self.origins = origins
    self.methods = methods.map(\.rawValue).joined(separator: ", ")
    self.headers = headers?.map(\.rawName).joined(separator: ", ")
    self.exposedHeaders =
      exposedHeaders.isEmpty ? nil : exposedHeaders.map(\.rawName).joined(separator: ", ")
    self.allowsCredentials = allowsCredentials
    self.maximumAge = maximumAge
  }

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    guard let origin = request.headers[.origin] else {
      return vary(try await answer(request, context, by: next))
    }
    let isPreflight = request.method == .options && request.headers.contains(.accessControlRequestMethod)
    guard let allowed = allowed(origin) else {
      // The browser does not find the fields that it looks for.
      return vary(isPreflight ? Response(status: .noContent) : try await answer(request, context, by: next))
    }
    var response =
      isPreflight ? preflight(request) : try await answer(request, context, by: next)
    response.headers.put(allowed, .accessControlAllowOrigin)
    if allowsCredentials { response.headers[.accessControlAllowCredentials] = "true" }
    if !isPreflight { response.headers[.accessControlExposeHeaders] = exposedHeaders }
    return vary(response)
  }

  private func allowed(_ origin: String) -> String? {
    switch origins {
    case .any: "*"
    case .only(let origins): origins.contains(origin) ? origin : nil
    }
  }

  private func preflight(_ request: Request) -> Response {
    var response = Response(status: .noContent)
    response.headers[.accessControlAllowMethods] = methods
    response.headers[.accessControlAllowHeaders] = headers ?? request.headers[.accessControlRequestHeaders]
    response.headers[.accessControlMaxAge] = "\(maximumAge.components.seconds)"
    return response
  }

  /// Caches are told that the response depends on the origin, if it does.
  private func vary(_ response: Response) -> Response {
    guard origins != .any else { return response }
    var response = response
    response.vary(on: "Origin")
    return response
  }
}

extension Response {
  /// Tells caches that the response depends on a field of the request.
  mutating func vary(on name: String) {
    let names = headers[.vary].map { $0.split(separator: ",").map { $0.trimmingBlanks().lowercased() } } ?? []
    guard !names.contains(name.lowercased()), !names.contains("*") else { return }
    headers[.vary] = headers[.vary].map { "\($0), \(name)" } ?? name
  }
}

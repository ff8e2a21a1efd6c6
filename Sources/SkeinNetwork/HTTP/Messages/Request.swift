public import HTTPTypes

/// A request, as handlers and middlewares see it.
///
/// ```swift
/// router.post("/users") { request, context in
///   let user = try await request.decode(User.self)
///   …
/// }
/// ```
///
/// It is a value: what a middleware changes, those behind it see.
public struct Request: Sendable {
  /// What is asked for.
  public var method: HTTPRequest.Method
  /// The path as it came: percent signs and all, without the query. Parameters of routes are decoded.
  public var path: String
  /// What stood behind the question mark, as it came; `nil` without one.
  public var queryString: String?
  /// The host, and the port if one was named, that the client meant; `nil` in HTTP/1.0.
  public var authority: String?
  /// The fields.
  public var headers: RequestHeaders
  /// What comes behind the head.
  public var body: RequestBody

  init(_ head: RequestHead, body: RequestBody) {
    method = head.method
    path = head.path
    queryString = head.query
    authority = head.authority
    headers = head.headers
    self.body = body
  }

  /// Creates a request, as a test sends it to a router in memory.
  ///
  /// - Parameters:
  ///   - method: what is asked for.
  ///   - target: the path, and a query behind a question mark.
  ///   - headers: the fields.
  ///   - body: what comes behind the head.
  public init(
    _ method: HTTPRequest.Method, _ target: String, headers: HTTPFields = [:], body: RequestBody = .empty
  ) {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    self.method = method
    path = String(parts[0])
    queryString = parts.count > 1 ? String(parts[1]) : nil
    authority = "localhost"
    self.headers = RequestHeaders(headers)
    self.body = body
  }
}

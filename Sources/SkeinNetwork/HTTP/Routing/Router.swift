public import HTTPTypes

/// Which handlers answer which requests, and through which middlewares.
///
/// ```swift
/// var router = Router()
/// router.use(RequestIDs(), AccessLog())
/// router.get("/hello/{name}") { request, context in
///   "Hello, \(context.parameters["name"]!)"
/// }
/// router.group("/api") { api in
///   api.use(BearerAuthentication { token in token == secret ? "admin" : nil })
///   api.post("/jobs") { request, context in … }
/// }
/// ```
///
/// Patterns are those of ``RouteTable``, which also says which of several counts. `HEAD` and `OPTIONS` are answered without a
/// route of their own, and paths and methods that have none by 404 and 405. The middlewares of the router itself see these
/// answers too; those of a group see the requests of its routes alone, whether they are added before the routes or after.
public struct Router: Sendable {
  private struct Route: Sendable {
    let method: HTTPRequest.Method
    let pattern: String
    let handler: RequestHandler
  }

  private var prefix = ""
  private var middlewares: [any Middleware] = []
  private var routes: [Route] = []

  /// Creates one without routes.
  public init() {}

  // MARK: Filling

  /// Has requests go through middlewares: the first is the outermost.
  public mutating func use(_ middlewares: any Middleware...) { self.middlewares += middlewares }

  /// Adds a route.
  ///
  /// - Parameters:
  ///   - method: what it is for.
  ///   - pattern: which paths it is for: `/users/{id}`, `/users/{id:Int}`, `/files/{path...}`. One that is malformed, or
  ///     collides with another, is an error of ``makeHandler()``, and so of the server's start.
  ///   - handler: answers; it begins on the thread that reads from the connection.
  public mutating func on<Answer: ResponseConvertible>(
    _ method: HTTPRequest.Method, _ pattern: String,
    _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Answer
  ) {
    routes.append(
      Route(method: method, pattern: prefix + pattern) { request, context in
        try await handler(request, context).response(to: request)
      })
  }

  /// Adds a route for `GET`, and `HEAD`; as ``on(_:_:_:)``.
  public mutating func get<Answer: ResponseConvertible>(
    _ pattern: String, _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Answer
  ) { on(.get, pattern, handler) }

  /// Adds a route for `POST`; as ``on(_:_:_:)``.
  public mutating func post<Answer: ResponseConvertible>(
    _ pattern: String, _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Answer
  ) { on(.post, pattern, handler) }

  /// Adds a route for `PUT`; as ``on(_:_:_:)``.
  public mutating func put<Answer: ResponseConvertible>(
    _ pattern: String, _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Answer
  ) { on(.put, pattern, handler) }

  /// Adds a route for `PATCH`; as ``on(_:_:_:)``.
  public mutating func patch<Answer: ResponseConvertible>(
    _ pattern: String, _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Answer
  ) { on(.patch, pattern, handler) }

  /// Adds a route for `DELETE`; as ``on(_:_:_:)``.
  public mutating func delete<Answer: ResponseConvertible>(
    _ pattern: String, _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Answer
  ) { on(.delete, pattern, handler) }

  /// Adds routes that share the beginning of their paths, and middlewares.
  ///
  /// - Parameters:
  ///   - prefix: the beginning, without a slash at its end; it may have parameters, and may be empty.
  ///   - fill: adds them to the group.
  public mutating func group(_ prefix: String, _ fill: (inout Router) throws -> Void) rethrows {
    var group = Router()
    group.prefix = self.prefix + prefix
    try fill(&group)
    for route in group.routes {
      let handler = group.middlewares.reversed().reduce(route.handler) { $1.wrapping($0) }
      routes.append(Route(method: route.method, pattern: route.pattern, handler: handler))
    }
  }

  /// The methods and patterns of all routes, in the order in which they were added.
  public var patterns: [(method: HTTPRequest.Method, pattern: String)] {
    routes.map { ($0.method, $0.pattern) }
  }

  // MARK: Answering

  /// Puts routes and middlewares together.
  ///
  /// - Returns: what answers requests: a server's handler, or a test's.
  /// - Throws: ``RouteError``.
  public func makeHandler() throws(RouteError) -> RequestHandler {
    var table = RouteTable<Target>()
    for route in routes {
      try table.add(route.method, route.pattern, Target(pattern: route.pattern, handler: route.handler))
    }
    let routing: RequestHandler = { [table] request, context in try await Self.answer(request, context, table)
    }
    return middlewares.reversed().reduce(routing) { $1.wrapping($0) }
  }

  private struct Target: Sendable {
    let pattern: String
    let handler: RequestHandler
  }

  private static func answer(
    _ request: Request, _ context: RequestContext, _ table: RouteTable<Target>
  ) async throws -> Response {
    switch table.match(request.method, request.path) {
    case .found(let target, let parameters):
      var context = context
      context.parameters = parameters
      context.route = target.pattern
      return try await target.handler(request, context)
    case .options(let allowed):
      return Response(status: .noContent, headers: [.allow: list(allowed)])
    case .methodNotAllowed(let allowed):
      throw HTTPError(.methodNotAllowed, headers: [.allow: list(allowed)])
    case .notFound: throw HTTPError(.notFound, "there is nothing at this path")
    case .malformed where request.method == .options && request.path == "*":
      return Response(status: .noContent)
    case .malformed: throw HTTPError(.badRequest, "the path is malformed")
    }
  }

  private static func list(_ methods: [HTTPRequest.Method]) -> String {
    methods.map(\.rawValue).joined(separator: ", ")
  }
}

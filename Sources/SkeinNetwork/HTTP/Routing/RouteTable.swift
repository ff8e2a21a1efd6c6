public import HTTPTypes

/// Which handler answers a request: by its path and its method.
///
/// ```swift
/// var routes = RouteTable<Handler>()
/// try routes.add(.get, "/users/{id:Int}", showUser)
/// try routes.add(.get, "/files/{path...}", sendFile)
/// if case .found(let handler, let parameters) = routes.match(.get, "/users/7") { … }
/// ```
///
/// Of several patterns that a path has, the one counts that says more about the first segment where they differ: a literal
/// before a number or a UUID, these before any segment, and that before all that is left. When the rest of the path does
/// not go on there, the next is tried. `HEAD` is answered by the handler of `GET`, where it has none of its own.
///
/// - Invariant: a method and a pattern have one handler; two patterns of the same shape are the same pattern, whatever their
///   parameters are called.
/// - Complexity: a match is O(path) where no two patterns share a beginning that ends differently; each such choice may be
///   tried once more.
public struct RouteTable<Handler: Sendable>: Sendable {
  private struct Route: Sendable {
    let pattern: RoutePattern
    let handler: Handler
  }

  private struct Node: Sendable {
    var literals: [String: Int] = [:]
    /// By their kinds.
    var parameters: [Int?] = Array(repeating: nil, count: RoutePattern.Kind.allCases.count)
    var rest: Int?
    var routes: [HTTPRequest.Method: Route] = [:]
  }

  private var nodes = [Node()]
  /// The nodes of patterns without parameters, by their text: where a path is one of these, no other pattern says more about it.
  private var literals: [String: Int] = [:]

  /// Creates an empty table.
  public init() {}

  // MARK: Filling

  /// Adds a route.
  ///
  /// - Parameters:
  ///   - method: what it is for.
  ///   - pattern: which paths it is for: `/users/{id}`, `/users/{id:Int}`, `/files/{path...}`.
  ///   - handler: what answers.
  /// - Throws: ``RouteError``, and nothing has changed.
  public mutating func add(
    _ method: HTTPRequest.Method, _ pattern: String, _ handler: Handler
  ) throws(RouteError) {
    try add(method, RoutePattern(pattern), handler)
  }

  /// Adds the routes of another table behind a beginning that they share.
  ///
  /// - Parameters:
  ///   - routes: the other table.
  ///   - prefix: what comes before their patterns: `/api`, without a slash at its end. It may have parameters.
  /// - Throws: ``RouteError``; those before the refused one are there then.
  public mutating func add(_ routes: RouteTable, under prefix: String) throws(RouteError) {
    guard prefix.last != "/" else {
      throw .malformed(pattern: prefix, reason: "a beginning ends without a slash: the patterns bring it")
    }
    for node in routes.nodes {
      for (method, route) in node.routes {
        try add(method, RoutePattern(prefix + route.pattern.text), route.handler)
      }
    }
  }

  private mutating func add(
    _ method: HTTPRequest.Method, _ pattern: RoutePattern, _ handler: Handler
  ) throws(RouteError) {
    var place = 0
    for segment in pattern.segments { place = child(of: place, for: segment) }
    if let earlier = nodes[place].routes[method] {
      throw .collides(method: method.rawValue, pattern: pattern.text, with: earlier.pattern.text)
    }
    nodes[place].routes[method] = Route(pattern: pattern, handler: handler)
    if pattern.names.isEmpty, !pattern.text.contains("%") { literals[pattern.text] = place }
  }

  /// The node behind a segment, made if there is none.
  private mutating func child(of place: Int, for segment: RoutePattern.Segment) -> Int {
    let known: Int? =
      switch segment {
      case .literal(let text): nodes[place].literals[text]
      case .parameter(_, let kind): nodes[place].parameters[kind.rawValue]
      case .rest: nodes[place].rest
      }
    if let known { return known }
    nodes.append(Node())
    let new = nodes.count - 1
    switch segment {
    case .literal(let text): nodes[place].literals[text] = new
    case .parameter(_, let kind): nodes[place].parameters[kind.rawValue] = new
    case .rest: nodes[place].rest = new
    }
    return new
  }

  /// The methods and patterns of all routes, by pattern.
  public var routes: [(method: HTTPRequest.Method, pattern: String)] {
    nodes.flatMap { node in node.routes.map { ($0.key, $0.value.pattern.text) } }
      .sorted { ($0.1, $0.0.rawValue) < ($1.1, $1.0.rawValue) }
  }

  // MARK: Matching

  /// Finds what answers a request.
  ///
  /// - Parameters:
  ///   - method: the request's.
  ///   - path: the request's, as it came, without a query: its segments are decoded after they were parted.
  public func match(_ method: HTTPRequest.Method, _ path: String) -> RouteMatch<Handler> {
    if let place = literals[path], let route = nodes[place].routes[method] {
      return .found(route.handler, .none)
    }
    guard let segments = PathSegment.segments(of: path) else { return .malformed }
    var search = Search(segments: segments, method: method)
    if let found = find(from: 0, at: 0, &search) {
      return .found(found.handler, RouteParameters(names: found.pattern.names, values: search.values))
    }
    guard !search.allowed.isEmpty else { return .notFound }
    if search.allowed.contains(.get) { search.allowed.insert(.head) }
    search.allowed.insert(.options)
    let allowed = search.allowed.sorted { $0.rawValue < $1.rawValue }
    return method == .options ? .options(allowed: allowed) : .methodNotAllowed(allowed: allowed)
  }

  private struct Search {
    let segments: [String]
    let method: HTTPRequest.Method
    /// Of the parameters on the way.
    var values: [String] = []
    /// The methods of the paths that were found without this one.
    var allowed: Set<HTTPRequest.Method> = []
  }

  private func find(from place: Int, at index: Int, _ search: inout Search) -> Route? {
    let node = nodes[place]
    guard index < search.segments.count else { return route(of: node, &search) }
    let segment = search.segments[index]
    if let next = node.literals[segment], let found = find(from: next, at: index + 1, &search) {
      return found
    }
    // What a parameter takes is something.
    guard !segment.isEmpty else { return nil }
    for kind in RoutePattern.Kind.allCases {
      guard let next = node.parameters[kind.rawValue], kind.accepts(segment) else { continue }
      search.values.append(segment)
      if let found = find(from: next, at: index + 1, &search) { return found }
      search.values.removeLast()
    }
    // A slash that was encoded is a character of a segment: among slashes that part segments it would be taken for one.
    guard let rest = node.rest,
      !search.segments[index...].contains(where: { $0.utf8.contains(UInt8(ascii: "/")) })
    else { return nil }
    search.values.append(search.segments[index...].joined(separator: "/"))
    if let found = route(of: nodes[rest], &search) { return found }
    search.values.removeLast()
    return nil
  }

  private func route(of node: Node, _ search: inout Search) -> Route? {
    if let route = node.routes[search.method] { return route }
    if search.method == .head, let route = node.routes[.get] { return route }
    search.allowed.formUnion(node.routes.keys)
    return nil
  }
}

/// What a table of routes says about a request.
public enum RouteMatch<Handler: Sendable>: Sendable {
  /// A handler answers, with what the path has in its pattern's parameters.
  case found(Handler, RouteParameters)
  /// The path is known, and the request asks what can be done with it: the answer has these methods in `Allow`.
  case options(allowed: [HTTPRequest.Method])
  /// The path is known, and the method is none of its: 405, with these in `Allow`.
  case methodNotAllowed(allowed: [HTTPRequest.Method])
  /// The path is not known: 404.
  case notFound
  /// The path is none: 400.
  case malformed
}

/// What a path has in the places of its pattern's parameters, decoded.
public struct RouteParameters: Hashable, Sendable {
  private let names: [String]
  private let values: [String]

  static var none: RouteParameters { RouteParameters(names: [], values: []) }

  init(names: [String], values: [String]) { (self.names, self.values) = (names, values) }

  /// The text of a parameter; `nil` when the pattern has none of that name.
  public subscript(_ name: String) -> String? { names.firstIndex(of: name).map { values[$0] } }

  /// A parameter as a value that is written in one way: a number, say; `nil` when it is none, or there is no parameter of that
  /// name.
  public func value<Value: LosslessStringConvertible>(_ name: String, as type: Value.Type = Value.self)
    -> Value?
  {
    self[name].flatMap { Value($0) }
  }
}

/// Why a route can not be added.
public enum RouteError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The pattern is none.
  case malformed(pattern: String, reason: String)
  /// Another pattern has the same paths, for the same method.
  case collides(method: String, pattern: String, with: String)

  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch self {
    case .malformed(let pattern, let reason): "the route “\(pattern)” is not possible: \(reason)"
    case .collides(let method, let pattern, let earlier):
      "the route \(method) “\(pattern)” has the same paths as “\(earlier)”, which was added before: keep one of them"
    }
  }
}

internal import HTTPTypes
internal import SkeinNetwork

/// Answers 421 to requests that were meant for another host.
///
/// A page of a stranger can have its own name resolve to this machine, and its scripts then count as of the same origin
/// ("DNS rebinding"): but the name is still the stranger's, and the browser sends it.
struct HostCheck: Middleware {
  private let names: Set<String>

  /// - Parameter names: the names by which the server may be called, without ports, in lower case.
  init(names: Set<String>) { self.names = names }

  func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    guard let authority = request.authority, names.contains(HostName(authority).text) else {
      throw HTTPError(
        .misdirectedRequest,
        "this server is not called '\(HostName(request.authority ?? "").text)'; --allow-host lets it be called so"
      )
    }
    return try await next(request, context)
  }
}

/// The host of an authority, without the port, in lower case.
struct HostName: Hashable {
  let text: String

  init(_ authority: String) {
    let host =
      authority.hasPrefix("[")
      ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
    text = host.lowercased()
  }
}

extension Request {
  /// Whether nothing is changed by it.
  var isSafe: Bool { method == .get || method == .head || method == .options }
}

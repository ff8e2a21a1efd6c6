internal import FoundationEssentials
internal import HTTPTypes

/// Who sent a request, as a middleware has found out.
public enum Principal: RequestContext.Key {
  /// The name.
  public typealias Value = String
}

/// Lets requests pass that have the right name and password, and answers 401 to the others, after which a browser asks for
/// them. Over TLS, or on this machine: they are readable on the way.
///
/// The name is `context[Principal.self]` for those behind.
///
/// - Source: RFC 7617.
public struct BasicAuthentication: Middleware {
  private let realm: String
  private let verify: @Sendable (_ name: String, _ password: String) async throws -> Bool

  /// Creates it.
  ///
  /// - Parameters:
  ///   - realm: what the browser shows; without quotes and backslashes.
  ///   - verify: whether they are right. It compares secrets with ``constantTimeEqual(_:_:)``, or by their hashes.
  public init(
    realm: String, verify: @escaping @Sendable (_ name: String, _ password: String) async throws -> Bool
  ) {
    precondition(!realm.contains { $0 == "\"" || $0 == "\\" }, "a realm has no quotes and no backslashes")
    (self.realm, self.verify) = (realm, verify)
  }

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    guard let (name, password) = credentials(request), try await verify(name, password) else {
      throw HTTPError(
        .unauthorized, headers: [.wwwAuthenticate: "Basic realm=\"\(realm)\", charset=\"UTF-8\""])
    }
    var context = context
    context[Principal.self] = name
    return try await next(request, context)
  }

  private func credentials(_ request: Request) -> (String, String)? {
    guard let text = request.credentials(of: "basic"), let data = Data(base64Encoded: text),
      let pair = String(validating: data, as: UTF8.self), let colon = pair.firstIndex(of: ":")
    else { return nil }
    return (String(pair[..<colon]), String(pair[pair.index(after: colon)...]))
  }
}

/// Lets requests pass that have a token which somebody knows, and answers 401 to the others.
///
/// Who that is is `context[Principal.self]` for those behind.
///
/// - Source: RFC 6750.
public struct BearerAuthentication: Middleware {
  private let verify: @Sendable (_ token: String) async throws -> String?

  /// Creates it.
  ///
  /// - Parameter verify: tells whose token it is; `nil` for nobody's. It compares secrets with
  ///   ``constantTimeEqual(_:_:)``, or by their hashes.
  public init(_ verify: @escaping @Sendable (_ token: String) async throws -> String?) {
    self.verify = verify
  }

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    guard let token = request.credentials(of: "bearer") else {
      throw HTTPError(.unauthorized, headers: [.wwwAuthenticate: "Bearer"])
    }
    guard let name = try await verify(token) else {
      throw HTTPError(.unauthorized, headers: [.wwwAuthenticate: "Bearer error=\"invalid_token\""])
    }
    var context = context
    context[Principal.self] = name
    return try await next(request, context)
  }
}

extension Request {
  /// What stands behind the name of a scheme in `Authorization`.
  fileprivate func credentials(of scheme: String) -> String? {
    guard let text = headers[.authorization], let blank = text.firstIndex(of: " "),
      text[..<blank].lowercased() == scheme
    else { return nil }
    return String(text[blank...].trimmingBlanks())
  }
}

/// Whether two texts are the same, in a time that does not tell where they differ.
///
/// - Complexity: O(bytes of the second).
public func constantTimeEqual(_ given: String, _ secret: String) -> Bool {
  let (given, secret) = (Array(given.utf8), Array(secret.utf8))
  var difference = given.count ^ secret.count
  for index in secret.indices {
    difference |= Int(secret[index] ^ (index < given.count ? given[index] : ~secret[index]))
  }
  return difference == 0
}

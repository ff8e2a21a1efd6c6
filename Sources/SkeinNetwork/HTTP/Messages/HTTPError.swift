public import HTTPTypes

/// An answer that is an error: thrown by a handler or a middleware, it becomes a response.
///
/// ```swift
/// guard let user = users[id] else { throw HTTPError(.notFound, "there is no user \(id)") }
/// ```
///
/// The response has the message as a text of one line, or as JSON if the client prefers that. What else is thrown becomes
/// 500, is logged with the request's id, and is not told to the client.
public struct HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The status of the answer.
  public var status: HTTPResponse.Status
  /// What was wrong, for the client's people.
  public var message: String
  /// Fields of the answer: `Retry-After`, say.
  public var headers: HTTPFields

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - status: 400 to 599.
  ///   - message: what was wrong; by default the words of the status.
  ///   - headers: fields of the answer.
  /// - Precondition: the status is that of an error.
  public init(_ status: HTTPResponse.Status, _ message: String? = nil, headers: HTTPFields = [:]) {
    precondition((400..<600).contains(status.code), "\(status) is no status of an error")
    self.status = status
    self.message = message ?? status.reasonPhrase
    self.headers = headers
  }

  static func badRequest(_ message: String) -> HTTPError { HTTPError(.badRequest, message) }

  /// A sentence for people.
  public var description: String { "\(status.code): \(message)" }
}

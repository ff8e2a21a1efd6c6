public import HTTPTypes
internal import NIOCore

/// A response, as handlers give it and middlewares change it.
///
/// ```swift
/// Response(status: .created, headers: [.location: "/users/7"])
/// Response.text("Hello")
/// ```
///
/// `Content-Length`, `Transfer-Encoding`, `Connection` and `Date` are the server's to write: what is in ``headers`` of these is
/// left out.
public struct Response: Sendable {
  /// The status.
  public var status: HTTPResponse.Status
  /// The fields.
  public var headers: HTTPFields
  /// What comes behind the head.
  public var body: ResponseBody

  /// Creates a response.
  public init(status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: ResponseBody = .empty) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A text.
  ///
  /// - Parameters:
  ///   - text: is sent as UTF-8.
  ///   - status: the status.
  ///   - contentType: by default that of a plain text.
  public static func text(
    _ text: String, status: HTTPResponse.Status = .ok, contentType: String? = nil
  ) -> Response {
    let headers = contentType.map { [.contentType: $0] } ?? plainText
    return Response(status: status, headers: headers, body: .text(text))
  }

  private static let plainText: HTTPFields = [.contentType: "text/plain; charset=utf-8"]

  /// Sends the client to another address.
  ///
  /// - Parameters:
  ///   - location: the address, or a path.
  ///   - status: by default 303: the client gets the other address with `GET`.
  public static func redirect(to location: String, status: HTTPResponse.Status = .seeOther) -> Response {
    Response(status: status, headers: [.location: location])
  }
}

/// What a handler may return.
public protocol ResponseConvertible: Sendable {
  /// The response to a request.
  func response(to request: Request) async throws -> Response
}

extension Response: ResponseConvertible {
  /// Itself.
  public func response(to request: Request) -> Response { self }
}

extension String: ResponseConvertible {
  /// A plain text.
  public func response(to request: Request) -> Response { .text(self) }
}

extension HTTPResponse.Status: ResponseConvertible {
  /// Nothing but the status.
  public func response(to request: Request) -> Response { Response(status: self) }
}

internal import HTTPTypes

/// The head of a request, which has been checked.
struct RequestHead: Sendable {
  var method: HTTPRequest.Method
  /// As it came, without the query.
  var path: String
  /// What stood behind the question mark, as it came.
  var query: String?
  /// Whom the request is for: from the target when that names one, or else from the field.
  var authority: String?
  /// HTTP/1.0 is 0; everything above that is taken for 1.1.
  var minorVersion: Int
  var headers: RequestHeaders
  var framing: BodyFraming
  /// Whether the connection may go on after this request, as far as the client is concerned.
  var keepsAlive: Bool
  /// Whether the client waits for a word before it sends the body.
  var expectsContinue: Bool
}

/// How much a head may be.
struct HeadLimits: Hashable, Sendable {
  /// Bytes of the request's first line.
  var requestLine = 8192
  /// Bytes of the whole head.
  var head = 32 * 1024
  /// How many fields there may be.
  var fields = 100
}

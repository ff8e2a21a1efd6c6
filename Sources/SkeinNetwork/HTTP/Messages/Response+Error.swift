internal import HTTPTypes
internal import Logging
internal import SkeinSync

extension Response {
  /// What a client is told of an error.
  init(_ error: HTTPError, asJSON: Bool) {
    self.init(status: error.status, headers: error.headers)
    if asJSON {
      headers[.contentType] = "application/json"
      body = .text("{\"error\":\(error.message.jsonLiteral),\"status\":\(error.status.code)}\n")
    } else {
      headers[.contentType] = "text/plain; charset=utf-8"
      body = .text("\(error.status.code) \(error.message)\n")
    }
  }

  /// What a client is told of what its handler has thrown, which is logged when it is the server's fault.
  ///
  /// - Parameter isGone: whether the client has gone, or was answered.
  init(_ error: any Error, to request: Request, _ context: RequestContext, isGone: Bool) {
    let answer: HTTPError
    switch error {
    case let error as HTTPError: answer = error
    case _ where isGone: answer = HTTPError(.internalServerError)
    default:
      context.logger.error(
        "a handler has failed",
        metadata: [
          "method": "\(request.method.rawValue)", "path": "\(request.path)", "error": "\(error)",
        ])
      answer = HTTPError(
        .internalServerError, "the server has made a mistake; it is logged under the request \(context.id)")
    }
    self.init(answer, asJSON: request.headers[.accept]?.contains("application/json") ?? false)
  }
}

extension String {
  /// The text as JSON writes it.
  fileprivate var jsonLiteral: String {
    var literal = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"", "\\": literal += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        literal +=
          "\\u" + String(repeating: "0", count: scalar.value < 16 ? 3 : 2) + String(scalar.value, radix: 16)
      default: literal.unicodeScalars.append(scalar)
      }
    }
    return literal + "\""
  }
}

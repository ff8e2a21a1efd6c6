internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinNetwork

/// What was wrong with a request, as clients get it.
///
/// - Source: RFC 9457.
struct Problem: Encodable {
  var status: Int
  var title: String
  var detail: String
  /// The kind of failure, for programs: that of a ``SkeinJobs/JobQueueError``, or the title in one word.
  var code: String
  /// What the request is called in the server's log.
  var request: String
  var headers: HTTPFields = [:]

  private enum CodingKeys: String, CodingKey { case status, title, detail, code, request }

  init(_ error: any Error, _ context: RequestContext) {
    request = "\(context.id)"
    let answer: (status: HTTPResponse.Status, detail: String, code: String?)
    switch error {
    case let error as HTTPError:
      answer = (error.status, error.message, nil)
      headers = error.headers
    case let error as JobQueueError:
      answer = (HTTPResponse.Status(error.code), error.message, "\(error.code)")
    default:
      answer = (
        .internalServerError, "the server has made a mistake; it is logged under the request \(context.id)",
        nil
      )
    }
    status = answer.status.code
    title = answer.status.reasonPhrase
    detail = answer.detail
    code = answer.code ?? Self.camelCased(title)
  }

  private static func camelCased(_ title: String) -> String {
    let words = title.split { !$0.isLetter && !$0.isNumber }
    return words.enumerated().map {
      $0 == 0 ? $1.lowercased() : $1.prefix(1).uppercased() + $1.dropFirst().lowercased()
    }
    .joined()
  }

  /// As a document.
  func response() throws -> Response {
    var response = Response(status: .init(code: status), headers: headers)
    response.headers[.contentType] = "application/problem+json"
    response.body = .text(try JSONText.encode(self) + "\n")
    return response
  }
}

extension HTTPResponse.Status {
  /// What a failure of the queue means for a client.
  init(_ code: JobQueueError.Code) {
    switch code {
    case .invalidInput, .unknownJob: self = .badRequest
    case .jobNotFound, .noResult: self = .notFound
    case .duplicate, .wrongState, .jobFailed, .jobCancelled, .jobExpired: self = .conflict
    case .timedOut: self = .gatewayTimeout
    case .diskFull: self = .init(code: 507, reasonPhrase: "Insufficient Storage")
    default: self = .serviceUnavailable
    }
  }
}

/// Makes a problem document, or a page that browsers show, of all that goes wrong.
struct Problems: Middleware {
  let pages: Pages

  func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    do { return try await next(request, context) } catch is CancellationError {
      throw CancellationError()
    } catch {
      let problem = Problem(error, context)
      if problem.status >= 500 {
        context.logger.error(
          "a request has failed",
          metadata: ["method": "\(request.method.rawValue)", "path": "\(request.path)", "error": "\(error)"])
      }
      guard request.prefersHTML else { return try problem.response() }
      var response = pages.page(of: problem)
      response.headers.append(contentsOf: problem.headers)
      return response
    }
  }
}

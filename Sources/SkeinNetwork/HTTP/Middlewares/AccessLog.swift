internal import HTTPTypes
public import Logging
internal import SkeinSync

/// Logs each request once it was answered: method, path, status, bytes, time, who it was from.
///
/// The bytes of a stream are not known, and its time is that until its head.
public struct AccessLog: Middleware {
  private let logger: Logger?
  private let level: Logger.Level

  /// Creates it.
  ///
  /// - Parameters:
  ///   - logger: where it logs; by default the server's.
  ///   - level: of what importance that is.
  public init(logger: Logger? = nil, level: Logger.Level = .info) {
    (self.logger, self.level) = (logger, level)
  }

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    let start = MonotonicClock().now
    let response = try await answer(request, context, by: next)
    let time = start.duration(to: MonotonicClock().now)
    (logger ?? context.logger).log(
      level: level, "\(request.method.rawValue) \(request.path) \(response.status.code)",
      metadata: [
        "request": "\(context.id)", "remote": "\(context.remote)",
        "bytes": "\(response.body.length.map(String.init) ?? "-")",
        "milliseconds": "\(Double(Int(time / .microseconds(10))) / 100)",
      ])
    return response
  }
}

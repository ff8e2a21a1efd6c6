internal import HTTPTypes
internal import Instrumentation
internal import ServiceContextModule
public import Tracing

/// Makes a span of each request, by swift-distributed-tracing, that goes on with the client's trace if it has one.
///
/// The span is called after method and route, and has the attributes of OpenTelemetry's conventions for HTTP servers. It belongs
/// into a group, where routes are known.
public struct RequestTracing: Middleware {
  private let tracer: any Tracer

  /// Creates it.
  ///
  /// - Parameter tracer: what keeps the spans: by default that of the program.
  public init(tracer: any Tracer = InstrumentationSystem.tracer) { self.tracer = tracer }

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    var trace = ServiceContext.current ?? .topLevel
    tracer.extract(request.headers, into: &trace, using: HeaderExtractor())
    let method = request.method.rawValue
    let name = context.route.map { "\(method) \($0)" } ?? method
    return try await tracer.withSpan(name, context: trace, ofKind: .server) { span in
      span.attributes["http.request.method"] = method
      span.attributes["url.path"] = request.path
      if let route = context.route { span.attributes["http.route"] = route }
      let response = try await answer(request, context, by: next)
      span.attributes["http.response.status_code"] = response.status.code
      if response.status.code >= 500 { span.setStatus(SpanStatus(code: .error)) }
      return response
    }
  }
}

private struct HeaderExtractor: Extractor {
  func extract(key: String, from headers: RequestHeaders) -> String? {
    HTTPField.Name(key).flatMap { headers[$0] }
  }
}

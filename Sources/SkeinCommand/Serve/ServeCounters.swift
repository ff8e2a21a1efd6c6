internal import HTTPTypes
internal import SkeinJobForms
internal import SkeinNetwork
internal import SkeinSync

/// Counts what a server does, and tells it in a line.
final class ServeCounters: Middleware {
  private struct State: Sendable {
    var requests = 0
    var active = 0
    var failures = 0
    var bytes = 0
  }

  private let logs: Bool
  private let state = Lock(State(), name: "counters")

  /// - Parameter logs: whether a line is printed for each request.
  init(logs: Bool) { self.logs = logs }

  func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    state.withLock { $0.active += 1 }
    defer { state.withLock { $0.active -= 1 } }
    let start = MonotonicClock().now
    do {
      let response = try await next(request, context)
      count(request, context, response.status, response.body.length, since: start)
      return response
    } catch {
      count(request, context, (error as? HTTPError)?.status ?? .internalServerError, nil, since: start)
      throw error
    }
  }

  private func count(
    _ request: Request, _ context: RequestContext, _ status: HTTPResponse.Status, _ bytes: Int?,
    since start: MonotonicClock.Instant
  ) {
    state.withLock { state in
      state.requests += 1
      state.bytes += request.method == .head ? 0 : bytes ?? 0
      if status.code >= 400 { state.failures += 1 }
    }
    guard logs else { return }
    let time = TimeText.span(start.duration(to: MonotonicClock().now) / .seconds(1))
    let path = Text.printable(request.path)
    Console.shared.note("\(context.remote)  \(status.code)  \(request.method.rawValue) \(path)  \(time)")
  }

  /// Shows a live line until the task is cancelled.
  func show() async {
    var last = state.withLock { $0 }
    var instant = MonotonicClock().now
    while Console.shared.isLive {
      do { try await MonotonicClock().sleep(until: instant.advanced(by: .milliseconds(500))) } catch { break }
      let (state, now) = (state.withLock { $0 }, MonotonicClock().now)
      let rate = Double(state.requests - last.requests) / (instant.duration(to: now) / .seconds(1))
      Console.shared.show(live: "\(Int(rate.rounded()))/s  \(Self.text(state))  now \(state.active)")
      (last, instant) = (state, now)
    }
    Console.shared.show(live: "")
  }

  /// What was done, in a line.
  var summary: String { Self.text(state.withLock { $0 }) }

  private static func text(_ state: State) -> String {
    let failures = state.failures == 0 ? "" : "  \(count(state.failures, "error"))"
    return "\(count(state.requests, "request"))\(failures)  \(ByteText.text(state.bytes))"
  }

  private static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}

internal import Glibc
internal import SkeinSync

/// Hands reports to their handler on a thread of its own.
///
/// What finds something may hold locks, or be the timer that everybody's deadlines depend on: neither may run
/// a handler that could wait.
final class ReportQueue: Sendable {
  typealias Report = Diagnostics.Report

  static let shared = ReportQueue()

  private struct State {
    var makers: [@Sendable () -> Report] = []
    var handler: (@Sendable (Report) -> Void)?
    var thread = ServiceThread()
  }

  private let state = Lock(State(), internalTo: "reports")
  private let arrivals = FutexWord()

  func setHandler(_ handler: (@Sendable (Report) -> Void)?) {
    let old = state.withLock { state in
      defer { state.handler = handler }
      return state.handler
    }
    withExtendedLifetime(old) {}
  }

  /// Passes a report on, which is made on the queue's thread.
  func submit(_ make: @escaping @Sendable () -> Report) {
    let need = state.withLock { state in
      let need = state.thread.begin()
      if need == .startInChild { state.makers = [] }
      state.makers.append(make)
      return need
    }
    arrivals.advance()
    if need != .none { startDetachedThread(name: "skein-reports") { [self] in run() } }
  }

  private func run() {
    while true {
      let seen = arrivals.value
      let (makers, handler) = state.withLock { state in
        defer { state.makers = [] }
        return (state.makers, state.handler ?? Self.print)
      }
      if makers.isEmpty { arrivals.wait(while: seen, until: -1) }
      for make in makers { handler(make()) }
    }
  }

  private static let print: @Sendable (Report) -> Void = { report in
    StandardError.write("skein: \(report.message)\n")
  }
}

/// Standard error, as a diagnosis may use it: a reader that does not read must not stop it, and one that is
/// gone must not end the program.
enum StandardError {
  /// So long a reader may take, for all of a text.
  private static let limit = Duration.seconds(5)

  /// Writes what is taken off in time; from a thread of the diagnosis' own, on which SIGPIPE stays blocked.
  static func write(_ text: String) {
    let deadline = MonotonicClock().now.advanced(by: limit)
    var broken = sigset_t()
    sigemptyset(&broken)
    sigaddset(&broken, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &broken, nil)
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty && waitForRoom(until: deadline) {
      // A pipe that has room for anything has room for so much, so that this does not block.
      let count = rest.prefix(512).withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      guard count >= 0 || errno == EINTR || errno == EAGAIN else { return }
      rest = rest.dropFirst(max(0, count))
    }
  }

  private static func waitForRoom(until deadline: MonotonicClock.Instant) -> Bool {
    while true {
      var request = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
      let rest = MonotonicClock().now.duration(to: deadline).saturatingNanoseconds / 1_000_000
      let count = poll(&request, 1, Int32(clamping: max(0, rest)))
      if count >= 0 || errno != EINTR { return count > 0 }
    }
  }
}

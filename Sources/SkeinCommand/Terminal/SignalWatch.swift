internal import Foundation
internal import Synchronization

/// The signals that ask for an end, as a stream instead of the end of the process.
///
/// Each signal is written to a pipe by a handler, and read by a thread. Nothing is blocked or ignored, which
/// child processes would inherit.
enum SignalWatch {
  /// What a terminal, a service manager and a person with `kill` send.
  static let endings = [SIGINT, SIGTERM, SIGHUP]

  /// Starts to catch the signals. A process does so once.
  static func start(_ signals: [Int32] = endings) throws -> AsyncStream<Int32> {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw CommandFailure(.systemError, "signals can not be caught: \(String(cString: strerror(errno)))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    writingEnd.store(ends[1], ordering: .sequentiallyConsistent)
    for signal in signals { install(signal) }
    let readingEnd = ends[0]
    return AsyncStream { continuation in
      Thread.detachNewThread { forward(from: readingEnd, to: continuation) }
    }
  }

  private static func install(_ signal: Int32) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { signal in
      // Only what a signal handler may do: an atomic load and a write.
      let number = errno
      var byte = UInt8(truncatingIfNeeded: signal)
      _ = write(SignalWatch.writingEnd.load(ordering: .relaxed), &byte, 1)
      errno = number
    }
    action.sa_flags = SA_RESTART
    sigaction(signal, &action, nil)
  }

  private static func forward(from descriptor: Int32, to continuation: AsyncStream<Int32>.Continuation) {
    var byte: UInt8 = 0
    while true {
      let count = read(descriptor, &byte, 1)
      guard count == 1 || (count < 0 && errno == EINTR) else { return continuation.finish() }
      if count == 1 { continuation.yield(Int32(byte)) }
    }
  }

  /// Where the handler writes; set before the first handler is installed.
  private static let writingEnd = Atomic<Int32>(-1)

  /// The name of a signal, for people.
  static func name(_ signal: Int32) -> String {
    switch signal {
    case SIGINT: "SIGINT"
    case SIGTERM: "SIGTERM"
    case SIGHUP: "SIGHUP"
    default: "signal \(signal)"
    }
  }
}

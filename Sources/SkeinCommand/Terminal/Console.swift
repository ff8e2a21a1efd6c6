internal import Glibc
internal import SkeinJobForms
internal import SkeinSync

/// Standard output and standard error of the process, with at most one live line at the bottom of the
/// terminal that everything else is written above.
final class Console: Sendable {
  /// The process has one.
  static let shared = Console()

  /// Where results go.
  let output = Terminal(descriptor: STDOUT_FILENO)
  /// Where notes, logs and live lines go.
  let errors = Terminal(descriptor: STDERR_FILENO)

  private let liveLine = Lock("", name: "console")

  /// Whether live lines are shown.
  var isLive: Bool { errors.isTerminal }

  /// Writes to standard output.
  ///
  /// - Throws: ``BrokenPipe`` when nobody reads any more; ``CommandFailure`` when it can not be written.
  func write(_ text: String) throws { try write(bytes: Array(text.utf8)) }

  /// Writes bytes as they are to standard output.
  func write(bytes: some Sequence<UInt8>) throws {
    let bytes = Array(bytes)
    try aboveLiveLine { try Self.writeAll(bytes, to: STDOUT_FILENO) }
  }

  /// Writes a line to standard output.
  func line(_ text: String) throws { try write(text + "\n") }

  /// Writes a line to standard error. Nobody is told when that fails: there is nowhere left to say it.
  func note(_ text: String) {
    let bytes = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)
    note(bytes: bytes)
  }

  /// Writes bytes as they are to standard error.
  func note(bytes: [UInt8]) {
    try? aboveLiveLine { try Self.writeAll(bytes, to: STDERR_FILENO) }
  }

  /// Reports an error.
  func complain(_ message: String) {
    note(errors.paint("error:", .red) + " " + Text.printable(message, keepsLines: true))
  }

  /// Shows a live line, or takes it away when it is empty. Does nothing without a terminal.
  func show(live text: String) {
    guard isLive else { return }
    let fitted = Text.cut(Text.printable(text), to: errors.width - 1)
    liveLine.withLock { line in
      line = fitted
      try? Self.writeAll(Array(("\r\u{1b}[K" + fitted).utf8), to: STDERR_FILENO)
    }
  }

  private func aboveLiveLine(_ write: () throws -> Void) throws {
    try liveLine.withLock { line in
      guard !line.isEmpty else { return try write() }
      try Self.writeAll(Array("\r\u{1b}[K".utf8), to: STDERR_FILENO)
      defer { try? Self.writeAll(Array(line.utf8), to: STDERR_FILENO) }
      try write()
    }
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else {
        try recover(from: errno, on: descriptor)
      }
    }
  }

  private static func recover(from number: Int32, on descriptor: Int32) throws {
    switch number {
    case EINTR: return
    case EAGAIN:
      var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&request, 1, -1)
    case EPIPE: throw BrokenPipe()
    default:
      throw CommandFailure(
        .systemError, "the output can not be written: \(String(cString: strerror(number)))")
    }
  }
}

/// Nobody reads standard output any more, as in `skein list | head -1`: no error, but the end.
struct BrokenPipe: Error {
  /// Makes writing to a closed pipe an error instead of the end of the process. An empty handler rather than
  /// to ignore the signal: child processes would inherit that.
  static func catchSignal() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    action.sa_flags = SA_RESTART
    sigaction(SIGPIPE, &action, nil)
  }
}

internal import CSkein
internal import Foundation
internal import SkeinSync

/// A part of an experiment that spoils its process, and so has one of its own: what a run of it left.
struct LabChild: Sendable {
  /// How the process ended.
  enum End: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)
    /// It did not end, and was killed.
    case hung
  }

  var output: String
  var end: End
  /// The process that is no more.
  var processID: Int32

  /// Where the lab's own processes are told from others.
  private static let mark = "SKEIN_LAB_CHILD"

  /// Runs this very executable in a role, until it ends, or has closed its output and goes on living, or
  /// `limit` has passed; no process is left then.
  static func run(_ role: LabRole, limit: Duration = .seconds(20)) async throws -> LabChild {
    try await onThread(named: "lab-child") {
      let clock = MonotonicClock()
      let deadline = clock.now.advanced(by: limit)
      let (process, output) = try start(role)
      defer { close(output) }
      let text = read(from: output, until: deadline)
      let moment = clock.now.advanced(by: .milliseconds(200))
      let end = reap(process, until: role.staysAlive ? moment : max(moment, deadline))
      return LabChild(output: text, end: end, processID: process)
    }
  }

  // MARK: Start

  private static func start(_ role: LabRole) throws -> (process: pid_t, output: Int32) {
    // An executable that does not know the verb, such as a test bundle, would start itself without end.
    guard getenv(mark) == nil else {
      throw CommandFailure(.systemError, "a process of the lab starts none of its own")
    }
    var ends: [Int32] = [-1, -1]
    let refusal = skein_pipe(&ends)
    guard refusal == 0 else { throw failure(-refusal) }
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    var words = pointers([SkeinTool.name, "lab", "--child", role.rawValue])
    var variables = pointers(environment.map { "\($0)=\($1)" })
    defer { for word in words + variables { free(word) } }
    var child: pid_t = 0
    let number = posix_spawn(&child, "/proc/self/exe", &actions, nil, &words, &variables)
    guard number == 0 else {
      close(ends[0])
      throw failure(number)
    }
    return (child, ends[0])
  }

  private static func failure(_ number: Int32) -> CommandFailure {
    CommandFailure(.systemError, "no process can be started: \(String(cString: strerror(number)))")
  }

  /// What a trap prints is enough: a backtrace takes seconds.
  private static var environment: [String: String] {
    let own = [mark: "1", "SWIFT_BACKTRACE": "enable=no", "SKEIN_LOCK_ORDER": "1", "SKEIN_BLOCKING": "0"]
    return ProcessInfo.processInfo.environment.merging(own) { $1 }
  }

  private static func pointers(_ words: [String]) -> [UnsafeMutablePointer<CChar>?] {
    words.map { strdup($0) } + [nil]
  }

  // MARK: End

  private static func read(from descriptor: Int32, until deadline: MonotonicClock.Instant) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let left = MonotonicClock().now.duration(to: deadline) / .milliseconds(1)
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&request, 1, Int32(max(0, left)))
      if ready < 0, errno == EINTR { continue }
      let count = ready > 0 ? Glibc.read(descriptor, &chunk, chunk.count) : 0
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<count]
    }
  }

  /// Waits for a process that may be ending, which takes its time on a busy machine, and kills it otherwise.
  private static func reap(_ process: pid_t, until deadline: MonotonicClock.Instant) -> End {
    var status: Int32 = 0
    while waitpid(process, &status, WNOHANG) != process {
      guard MonotonicClock().now < deadline else {
        kill(process, SIGKILL)
        while waitpid(process, nil, 0) < 0, errno == EINTR {}
        return .hung
      }
      usleep(5000)
    }
    let signal = status & 0x7f
    return signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
  }
}

extension LabChild.End: CustomStringConvertible {
  /// For people.
  var description: String {
    switch self {
    case .exited(let code): "exited with code \(code)"
    case .signalled(let signal): "ended by \(Self.names[signal] ?? "signal \(signal)")"
    case .hung: "hangs until it is killed"
    }
  }

  /// What ends a process that traps, or whose memory is spoilt.
  private static let names: [Int32: String] = [
    SIGILL: "SIGILL", SIGTRAP: "SIGTRAP", SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGSEGV: "SIGSEGV",
    SIGALRM: "SIGALRM",
  ]
}

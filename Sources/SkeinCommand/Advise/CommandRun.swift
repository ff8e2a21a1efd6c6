internal import Glibc
internal import SkeinJobForms
internal import SkeinSync

/// One run of a command: what it took, and how it ended.
struct CommandRun: Sendable {
  /// How a command ended.
  enum End: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)

    /// As man 2 wait encodes it.
    init(waitStatus: Int32) {
      let signal = waitStatus & 0x7f
      self = signal == 0 ? .exited(waitStatus >> 8 & 0xff) : .signalled(signal)
    }

    /// What a shell would give as its exit code.
    var exitCode: Int32 {
      switch self {
      case .exited(let code): code
      case .signalled(let signal): 128 + signal
      }
    }
  }

  var end: End
  var wall: Duration
  /// Processor time of the command's own code, and of the kernel's for it; that of its ended children included.
  var user = Duration.zero
  var system = Duration.zero
  /// How often it gave a processor up because it had to wait, and how often one was taken from it.
  var voluntarySwitches = 0
  var involuntarySwitches = 0
  /// The most memory that one of its processes had.
  var peakMemory = PeakMemory()
  /// The most threads that were seen at once, those of its children included.
  var threads = 1
  /// The part of its time that it waits, from 0 to 1.
  var waitShare: Double
  /// How long its threads stood in the queue for a processor, all together.
  var queued = Duration.zero

  var compute: Duration { user + system }
}

/// The most memory that a command had at once.
struct PeakMemory: Equatable, Sendable {
  var bytes = 0
  /// Whether it had less than that, and nobody knows how much.
  var isBound = false

  init() {}

  /// The kernel charges a command with the memory of the process that started it, until the command takes its place.
  /// Where the figure may be that one, what was seen is taken.
  ///
  /// - Parameters:
  ///   - seen: what looks at the command have found; `nil` when it ended before the first.
  ///   - starter: what the process that started it has had.
  init(charged: Int, seen: Int?, starter: Int) {
    let isItsOwn = charged > starter
    bytes = isItsOwn ? charged : seen ?? charged
    isBound = !isItsOwn && seen == nil
  }
}

/// Why a command was not started, as a shell tells it.
struct CommandNotStartedFailure: Error, Equatable {
  var message: String
  /// 127 when there is none, 126 when it can not be run.
  var exitCode: Int32

  init(program: String, code: Int32) {
    let reason =
      switch code {
      case ENOENT where program.contains("/"):
        "there is no such file, or the interpreter that it names is missing"
      case ENOENT: "there is no program of this name in PATH, or the interpreter that it names is missing"
      case EACCES: "it is a directory, or not executable (chmod +x makes it so)"
      case ENOEXEC: "it is no program of this machine's, and has no line like #!/bin/sh at its top"
      default: String(cString: strerror(code))
      }
    message = "'\(Text.printable(program))' can not be run: \(reason)"
    exitCode = code == ENOENT ? 127 : 126
  }
}

extension CommandRun {
  /// Runs a command with the tool's own streams, and watches it until it ends. Blocks the thread.
  ///
  /// - Parameter outputToErrors: whether what it writes to standard output goes to standard error.
  /// - Throws: ``CommandNotStartedFailure``.
  static func run(_ command: [String], outputToErrors: Bool) throws -> CommandRun {
    let clock = MonotonicClock()
    let start = clock.now
    let process = try spawn(command, outputToErrors: outputToErrors)
    SignalRelay.attach(to: process)
    let ownPeak = ownPeakMemory
    let watch = CommandWatch(process: process, start: start)
    let wall = watch.followToEnd()
    // It has ended and was not waited for yet: its number is nobody else's.
    SignalRelay.release()
    var (status, usage): (Int32, rusage) = (0, rusage())
    while wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
    return CommandRun(
      end: End(waitStatus: status), wall: wall, usage: usage, tally: watch.tally,
      peakMemory: PeakMemory(charged: usage.ru_maxrss * 1024, seen: watch.peakMemory, starter: ownPeak))
  }

  private init(end: End, wall: Duration, usage: rusage, tally: ThreadTally, peakMemory: PeakMemory) {
    self.init(end: end, wall: wall, waitShare: 0)
    user = Duration(usage.ru_utime)
    system = Duration(usage.ru_stime)
    voluntarySwitches = usage.ru_nvcsw
    involuntarySwitches = usage.ru_nivcsw
    self.peakMemory = peakMemory
    threads = max(1, tally.most)
    waitShare = tally.waitShare(wall: wall, compute: compute)
    queued = tally.queued
  }

  /// The most memory that this process has had, in bytes.
  private static var ownPeakMemory: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }

  private static func spawn(_ command: [String], outputToErrors: Bool) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if outputToErrors { posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The thread that starts it may block signals, which the command would inherit.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let failure = posix_spawnp(&process, command[0], &actions, &attributes, &words, environ)
    guard failure == 0 else { throw CommandNotStartedFailure(program: command[0], code: failure) }
    return process
  }
}

extension Duration {
  fileprivate init(_ time: timeval) {
    self = .seconds(time.tv_sec) + .microseconds(time.tv_usec)
  }
}

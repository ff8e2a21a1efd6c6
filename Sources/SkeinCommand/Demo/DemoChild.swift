internal import Foundation
internal import SkeinSync

/// A `worker` in a process of its own.
final class DemoChild: Sendable {
  /// The process.
  let processID: Int32

  private let isReaped = Lock(false, name: "demo child")

  /// Starts a worker of this very executable.
  ///
  /// - Parameter log: the file that takes its output.
  init(arguments: [String], log: String) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own: a Ctrl-C at the terminal is for the demo, which ends the child itself.
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var words: [UnsafeMutablePointer<CChar>?] = ([SkeinTool.name] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    let failure = posix_spawn(&child, "/proc/self/exe", &actions, &attributes, &words, environ)
    guard failure == 0 else {
      throw CommandFailure(
        .systemError, "a worker process can not be started: \(String(cString: strerror(failure)))")
    }
    processID = child
  }

  /// Kills the process, as a crash would, and waits for its end.
  func kill() {
    isReaped.withLock { isReaped in
      guard !isReaped else { return }
      Glibc.kill(processID, SIGKILL)
      while waitpid(processID, nil, 0) < 0, errno == EINTR {}
      isReaped = true
    }
  }

  /// Lets the worker end what it has started, kills it if that takes long, and waits for its end.
  func end() {
    isReaped.withLock { isReaped in
      guard !isReaped else { return }
      // The second signal makes it give back its jobs, and so end their processes.
      for _ in 1...2 { Glibc.kill(processID, SIGTERM) }
      let deadline = MonotonicClock().now.advanced(by: .seconds(2))
      while MonotonicClock().now < deadline {
        if waitpid(processID, nil, WNOHANG) == processID { return isReaped = true }
        usleep(10_000)
      }
      Glibc.kill(processID, SIGKILL)
      while waitpid(processID, nil, 0) < 0, errno == EINTR {}
      isReaped = true
    }
  }
}

internal import Foundation
internal import SkeinSync

/// The commands that were being started at the very moment when their worker gave its jobs back: they end a
/// little later than the worker, for which the process has to wait.
enum CommandLeftovers {
  /// Waits until no command of this process is left, and kills those that do not end in time.
  ///
  /// A command that is just being started can not be seen yet, hence several looks.
  static func end(within grace: Duration = .seconds(5)) async {
    let clock = MonotonicClock()
    let deadline = clock.now.advanced(by: grace)
    var quietLooks = 0
    while quietLooks < 3, clock.now < deadline {
      quietLooks = leaders().isEmpty ? quietLooks + 1 : 0
      try? await clock.sleep(until: clock.now.advanced(by: .milliseconds(20)))
    }
    for leader in leaders() { kill(-leader, SIGKILL) }
  }

  /// The children of this process that lead a group of their own and run a job (man 5 proc: `children`,
  /// `environ`).
  private static func leaders() -> [pid_t] {
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    let children = threads.flatMap { thread in
      contents("/proc/self/task/\(thread)/children").split(separator: UInt8(ascii: " "))
    }
    return children.compactMap { pid_t(String(decoding: $0, as: UTF8.self)) }
      .filter {
        getpgid($0) == $0 && contents("/proc/\($0)/environ").firstRange(of: Data("SKEIN_JOB_ID=".utf8)) != nil
      }
  }

  /// What a file holds; nothing when it is gone.
  private static func contents(_ path: String) -> Data {
    FileManager.default.contents(atPath: path) ?? Data()
  }
}

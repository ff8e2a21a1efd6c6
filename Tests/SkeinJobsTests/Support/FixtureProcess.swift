import Foundation
import Glibc
import SkeinSync
import SkeinTesting

/// The fixture, as a child process.
///
/// Not Foundation's `Process`, whose wait for the end lasts until the child's own children have ended too.
final class FixtureProcess: Sendable {
  let id: Int32
  private let status = Lock<Int32?>(nil, name: "exit status")

  /// Starts the fixture, and waits until it says that it is ready, or has ended.
  init(_ arguments: [String], faults: Faults? = nil) async throws {
    let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let (id, output) = try Self.spawn(folder.appending(path: "JobsFixture").path, arguments, faults)
    self.id = id
    let isInTime = try await onThread {
      var request = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      defer { close(output) }
      return poll(&request, 1, Self.patience * 1000) > 0
    }
    guard isInTime else { throw StandsStill(expectation: "it is ready") }
  }

  deinit {
    guard status.withLock({ $0 }) == nil else { return }
    Glibc.kill(id, SIGKILL)
    waitpid(id, nil, 0)
  }

  struct SpawnFailed: Error { var number: Int32 }
  struct StandsStill: Error { var expectation: String }

  /// After so many seconds something is wrong with a process.
  private static let patience: Int32 = 120

  private static func spawn(
    _ program: String, _ arguments: [String], _ faults: Faults?
  ) throws -> (Int32, Int32) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw SpawnFailed(number: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    var settings = ProcessInfo.processInfo.environment
    settings["SKEIN_FAULTS"] = faults?.path
    let environment = settings.map { strdup("\($0)=\($1)") } + [nil]
    defer { for word in words + environment { free(word) } }
    var id = pid_t()
    let failure = posix_spawn(&id, program, &actions, nil, words, environment)
    guard failure == 0 else { throw SpawnFailed(number: failure) }
    return (id, ends[0])
  }

  func kill() { signal(SIGKILL) }
  func stop() { signal(SIGTERM) }

  func signal(_ number: Int32) {
    // Not after the end was collected: the number may be another process's by then.
    status.withLock { if $0 == nil { Glibc.kill(id, number) } }
  }

  /// Waits for the end; `nil` when it does not come.
  private static func end(of process: Int32) -> Int32? {
    var raw: Int32 = 0
    for _ in 0..<patience * 1000 {
      if waitpid(process, &raw, WNOHANG) != 0 { return raw }
      usleep(1000)
    }
    return nil
  }

  /// Stops it, and waits until none of its threads is in a call any more.
  func suspended() async throws {
    signal(SIGSTOP)
    try await eventually("all of its threads stand still") {
      let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")
      return threads.allSatisfy { thread in
        let stat = try? String(contentsOfFile: "/proc/\(id)/task/\(thread)/stat", encoding: .utf8)
        return stat?.contains(") T ") == true
      }
    }
  }

  /// Waits for the end; the exit code, or the signal as a negative number.
  @discardableResult
  func ended() async throws -> Int32 {
    let (id, known) = (id, status.withLock { $0 })
    if let known { return known }
    let end = try await onThread { Self.end(of: id) }
    guard let raw = end else { throw StandsStill(expectation: "it ends") }
    let result = raw & 0x7f == 0 ? raw >> 8 & 0xff : -(raw & 0x7f)
    status.withLock { $0 = result }
    return result
  }
}

/// The lines that processes have appended to a file.
func lines(of file: String) -> [String] {
  ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
}

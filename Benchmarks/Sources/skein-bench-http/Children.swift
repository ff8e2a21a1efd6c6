import Foundation
import Synchronization

/// The processes that this one has started: all end with it, also when it is interrupted.
final class Children: Sendable {
  static let all = Children()

  private let running = Mutex<[Process]>([])
  /// Where a handler of signals writes their numbers. Written once, before there is a handler.
  nonisolated(unsafe) private static var signals: Int32 = -1

  func start(_ process: Process) throws {
    try running.withLock {
      try process.run()
      $0.append(process)
    }
  }

  /// Ends a process and those that it has started, and waits until it has ended.
  func end(_ process: Process) {
    Self.end([process])
    process.waitUntilExit()
    running.withLock { $0.removeAll { $0 === process } }
  }

  /// Those that a server has started may stay behind when it ends, and hold its port.
  private static func end(_ processes: [Process]) {
    let running = processes.filter(\.isRunning)
    let families = running.map { ProcessFamily(of: $0.processIdentifier) }
    for process in running { process.terminate() }
    for _ in 0..<100 where running.contains(where: \.isRunning) { usleep(20_000) }
    for family in families { family.kill() }
  }

  // MARK: Interruption

  /// From now on a signal that asks this process to end makes it end its children first, and remove a folder.
  func endWhenInterrupted(removing folder: String) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let source = ends[0]
    Self.signals = ends[1]
    for number in [SIGINT, SIGTERM, SIGHUP] { Self.watch(number) }
    Thread.detachNewThread {
      var number: Int32 = 0
      while read(source, &number, 4) != 4 { continue }
      self.endAll(removing: folder, because: number)
    }
  }

  /// By a handler; were the signal ignored, and waited for in another way, the children would ignore it too.
  private static func watch(_ number: Int32) {
    var current = sigaction()
    sigaction(number, nil, &current)
    // What is ignored (by 'nohup', say) stays ignored.
    guard unsafeBitCast(current.__sigaction_handler, to: Int.self) != 1 else { return }
    signal(number) { number in
      var number = number
      write(Children.signals, &number, 4)
    }
  }

  private func endAll(removing folder: String, because number: Int32) {
    // The lock is never given back: whoever starts or ends a process waits for it until this one is gone.
    running.withLock {
      Self.end($0)
      try? FileManager.default.removeItem(atPath: folder)
      signal(number, SIG_DFL)
      kill(getpid(), number)
      while true { pause() }
    }
  }
}

import CSkein
import Glibc
import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

@testable import SkeinThreads

@Suite("The states of a thread", .leavesNoThreads)
struct ThreadStateTests {
  /// Starts threads that use a processor until one of them is seen in a state.
  ///
  /// All on a thread of its own: a task that looks may get no turn for long, and the processors would be busy meanwhile.
  private func expectSpinner(of count: Int, in state: ThreadState) async throws {
    let isSeen = try await onThread {
      let isOver = Event()
      return try withThreads { scope in
        defer { isOver.set() }
        let spinners = try (0..<count).map { _ in
          try scope.start(name: "spinner") { while !isOver.isSet { skein_spin_hint() } }
        }
        let deadline = MonotonicClock().now.advanced(by: .seconds(30))
        while MonotonicClock().now < deadline {
          if spinners.contains(where: { $0.state == state && $0.kernelID != nil }) { return true }
          usleep(200)
        }
        return false
      }
    }
    #expect(isSeen, "\(state)")
  }

  @Test("new until it is started, terminated when it has ended")
  func ends() async throws {
    let thread = OSThread {}
    #expect(thread.state == .new)
    try thread.start()
    #expect(thread.state != .new)
    try await thread.join()
    #expect(thread.state == .terminated)
  }

  @Test("runnable when it was started and has not begun")
  func notBegun() {
    let record = ThreadRecord(name: nil, isDaemon: nil, place: SourcePlace())
    #expect(record.state == .new && record.markStarted())
    #expect(record.state == .runnable && record.isAlive && record.kernelID == nil)
    record.markRefused()
    #expect(record.state == .new)
  }

  @Test("running while a processor executes it, as others see it and as it sees itself")
  func running() async throws {
    try await expectSpinner(of: 1, in: .running)
    #expect(try await OSThread.start { ThreadInfo.current.state }.join() == .running)
  }

  @Test("runnable while it waits for a processor")
  func runnable() async throws {
    // One of them has none at any instant.
    try await expectSpinner(of: Int(skein_allowed_processors()) + 1, in: .runnable)
  }

  @Test("blocked while it waits for anything else, whatever its name is")
  func blocked() async throws {
    for name in ["waits", ") R 1 (", "a) b"] {
      let gate = Event()
      let thread = try OSThread.start(name: name) { try gate.wait() }
      try await eventually("it is seen blocked") { gate.waiterCount == 1 && thread.state == .blocked }
      gate.set()
      try await thread.join()
    }
  }

  @Test("a thread that the kernel does not know has no state")
  func unknown() {
    #expect(ThreadState.ofThread(0x7fff_fff0) == nil)
  }
}

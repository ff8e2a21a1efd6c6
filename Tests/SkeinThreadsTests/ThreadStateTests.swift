import CSkein
import SkeinSync
import SkeinTesting
import Synchronization
import Testing

@testable import SkeinThreads

@Suite("The states of a thread", .leavesNoThreads)
struct ThreadStateTests {
  /// A thread that uses a processor until it is told to end.
  private struct Spinner {
    let isOver: Event
    let thread: OSThread<Void>

    init(isOver: Event = Event()) throws {
      self.isOver = isOver
      thread = try OSThread.start(name: "spinner") {
        while !isOver.isSet { skein_spin_hint() }
      }
    }
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
    let spinner = try Spinner()
    try await eventually("it is seen running") { spinner.thread.state == .running }
    spinner.isOver.set()
    try await spinner.thread.join()
    #expect(try await OSThread.start { ThreadInfo.current.state }.join() == .running)
  }

  @Test("runnable while it waits for a processor")
  func runnable() async throws {
    // One of them has none at any instant.
    let isOver = Event()
    let spinners = try (0...Int(skein_allowed_processors())).map { _ in try Spinner(isOver: isOver).thread }
    try await eventually("one is seen waiting") { spinners.contains { $0.state == .runnable } }
    isOver.set()
    for spinner in spinners { try await spinner.join() }
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

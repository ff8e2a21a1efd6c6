import SkeinSync
import SkeinTesting
import Testing

private enum Step: Hashable, Sendable { case claimed, finished }

private struct Crash: Error, Equatable {}

@Suite("TestSignals")
struct TestSignalsTests {
  private let signals = TestSignals<Step>()

  @Test("a wait ends with the last of the reports that it is for")
  func counts() async throws {
    let signals = signals
    async let waiting: Void = signals.wait(for: .claimed, count: 3)
    async let blocked: Void = onThread { try signals.wait(for: .claimed, count: 2) }
    for _ in 0..<3 { signals.reach(.claimed) }
    signals.reach(.finished)
    try await waiting
    try await blocked
    #expect(signals.count(of: .claimed) == 3)
    #expect(signals.count(of: .finished) == 1)
  }

  @Test("a wait for reports that were made before ends at once")
  func earlierReports() async throws {
    signals.reach(.claimed)
    try await signals.wait(for: .claimed)
  }

  @Test("a wait ends at its limit and with its task")
  func waitEnds() async throws {
    let signals = signals
    await #expect(throws: WaitError.timedOut) {
      try await signals.wait(for: .claimed, limit: .milliseconds(1))
    }
    await #expect(throws: WaitError.timedOut) {
      try await onThread { try signals.wait(for: .claimed, limit: .milliseconds(1)) }
    }
    let waiting = Task { try await signals.wait(for: .claimed) }
    waiting.cancel()
    await #expect(throws: WaitError.cancelled) { try await waiting.value }
  }

  @Test("a paused point holds tasks and threads until it is resumed")
  func pause() async throws {
    let signals = signals
    signals.pause(at: .claimed)
    let task = Task {
      try await signals.pass(.claimed)
      signals.reach(.finished)
    }
    async let thread: Void = onThread {
      try signals.pass(.claimed)
      signals.reach(.finished)
    }
    try await signals.wait(for: .claimed, count: 2)
    #expect(signals.count(of: .finished) == 0)
    signals.resume(.claimed)
    try await task.value
    try await thread
    #expect(signals.count(of: .finished) == 2)
  }

  @Test("a resumed point holds nobody any more")
  func resumed() async throws {
    signals.pause(at: .claimed)
    signals.resume(.claimed)
    try await signals.pass(.claimed)
  }

  @Test("a task that is cancelled at a paused point leaves it")
  func cancelledPause() async throws {
    let signals = signals
    signals.pause(at: .claimed)
    let task = Task { try await signals.pass(.claimed) }
    try await signals.wait(for: .claimed)
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test("a failing point throws what the test gave, in tasks and threads")
  func failure() async throws {
    let signals = signals
    signals.fail(at: .claimed, with: Crash())
    await #expect(throws: Crash()) { try await signals.pass(.claimed) }
    await #expect(throws: Crash()) { try await onThread { try signals.pass(.claimed) } }
    signals.resume(.claimed)
    try await signals.pass(.claimed)
    #expect(signals.count(of: .claimed) == 3)
  }

  @Test("a point that kills ends the process with SIGKILL")
  func kill() async {
    await #expect(processExitsWith: .signal(9)) {
      let signals = TestSignals<String>()
      signals.kill(at: "commit")
      signals.reach("begin")
      try await signals.pass("commit")
    }
  }

  @Test("a pause where the code only reports traps")
  func pauseAtReport() async {
    await #expect(processExitsWith: .failure) {
      let signals = TestSignals<String>()
      signals.pause(at: "begin")
      signals.reach("begin")
    }
  }
}

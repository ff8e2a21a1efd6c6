import SkeinSync
import SkeinTesting
import SkeinThreads
import Testing

private struct Failure: Error {}

/// What the handler hears. It is one for the process, so each test has a process of its own.
private let heard = Queue<String>(name: "uncaught errors")

private func hear() {
  UncaughtError.setHandler { _ = heard.tryPut("\($0)") }
}

/// Takes what is heard next.
private func expectNext(_ expected: String) async throws {
  let next = try await heard.get()
  precondition(next == expected, next)
}

private let message = "thread “fails” ended with an error that nobody took: Failure()"

@Suite("UncaughtError")
struct UncaughtErrorTests {
  @Test("an error whose thread nobody can join any more is told once, on that thread")
  func handleDropped() async {
    await #expect(processExitsWith: .success) {
      let toldOn = Lock<[String]>([])
      UncaughtError.setHandler { error in
        toldOn.withLock { $0.append(ThreadInfo.current.name) }
        _ = heard.tryPut("\(error)")
      }
      let gate = Event()
      _ = try OSThread.start(name: "fails") {
        try gate.wait()
        throw Failure()
      }
      gate.set()
      try await expectNext(message)
      try await eventually("it has ended") { ThreadInfo.live.isEmpty }
      precondition(heard.tryGet() == nil && toldOn.withLock { $0 } == ["fails"])
    }
  }

  @Test("an error of a thread that has ended is told when its last handle goes")
  func handleDroppedLater() async {
    await #expect(processExitsWith: .success) {
      hear()
      var thread: OSThread<Void>? = try OSThread.start(name: "fails") { throw Failure() }
      try await eventually("it has ended") { thread?.isAlive == false }
      precondition(heard.tryGet() == nil)
      thread = nil
      precondition(heard.tryGet() == message)
    }
  }

  @Test("an error that somebody took is not told")
  func joined() async {
    await #expect(processExitsWith: .success) {
      hear()
      do {
        let thread = try OSThread.start(name: "fails") { throw Failure() }
        do { try await thread.join() } catch {}
      }
      do { try await OSThread.start(name: "fails") { throw Failure() }.join() } catch {}
      do {
        try await withThreads { scope in _ = try scope.start(name: "fails") { throw Failure() } }
      } catch {}
      precondition(heard.tryGet() == nil)
    }
  }

  @Test("to wait in vain for a thread is not to take its error")
  func timedOut() async {
    await #expect(processExitsWith: .success) {
      hear()
      let gate = Event()
      var thread: OSThread<Void>? = try OSThread.start(name: "fails") {
        try gate.wait()
        throw Failure()
      }
      do { try await thread!.join(timeout: .zero) } catch {}
      gate.set()
      thread = nil
      try await expectNext(message)
    }
  }

  @Test("a handler gives way to the next one, and is given back")
  func handlers() async {
    await #expect(processExitsWith: .success) {
      precondition(UncaughtError.setHandler { _ in _ = heard.tryPut("first") } == nil)
      let first = UncaughtError.setHandler { _ in _ = heard.tryPut("second") }
      _ = try OSThread.start { throw Failure() }
      try await expectNext("second")
      precondition(UncaughtError.setHandler(first) != nil)
      _ = try OSThread.start { throw Failure() }
      try await expectNext("first")
      precondition(UncaughtError.setHandler(nil) != nil)
    }
  }

  @Test("a timer's action that throws ends the timer, and is told if nobody waits for that")
  func timer() async {
    await #expect(processExitsWith: .success) {
      hear()
      let clock = ManualClock()
      var timer: RepeatingTimer? = RepeatingTimer(every: .seconds(1), name: "fails", clock: clock) {
        throw Failure()
      }
      try timer?.start()
      timer = nil
      clock.advance(by: .seconds(1))
      try await expectNext(message)
    }
  }
}

import CSkein
import Glibc
import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

private struct Failure: Error, Equatable {}

/// Tells when it goes, and by whom.
private final class Token: Sendable {
  private let isGone: @Sendable () -> Void
  init(_ isGone: @escaping @Sendable () -> Void) { self.isGone = isGone }
  deinit { isGone() }
}

@Suite("OSThread", .leavesNoThreads)
struct OSThreadTests {
  @Test("it runs its body once and gives the result to all who join it")
  func smoke() async throws {
    let runs = Lock(0)
    let thread = OSThread(name: "smoke") { runs.withLock { $0 += 1 } }
    #expect(thread.state == .new && !thread.isAlive && thread.kernelID == nil)
    try thread.start()
    try await thread.join()
    try await onThread { try thread.join() }
    #expect(runs.withLock { $0 } == 1)
    #expect(thread.state == .terminated && !thread.isAlive && thread.waiterCount == 0)
  }

  @Test("the result has its type, at once and however often it is asked for")
  func typed() async throws {
    let thread = try OSThread.start { ["a": 1] }
    let first: [String: Int] = try await thread.join()
    #expect(first == ["a": 1])
    #expect(try await thread.join(timeout: .zero) == ["a": 1])
    #expect(try await onThread { try thread.join(timeout: .zero) } == ["a": 1])
  }

  @Test("an error is thrown to everybody who joins, then and later")
  func failure() async throws {
    let gate = Event()
    let thread = try OSThread.start { () throws -> Int in
      try gate.wait()
      throw Failure()
    }
    let task = Task { try await thread.join() }
    let other = Task { try await onThread { try thread.join() } }
    try await eventually("both wait") { thread.waiterCount == 2 }
    gate.set()
    await #expect(throws: Failure()) { try await task.value }
    await #expect(throws: Failure()) { try await other.value }
    await #expect(throws: Failure()) { try await thread.join(timeout: .zero) }
  }

  @Test("what it captured is gone when a join returns", arguments: 1...5)
  func captured(_: Int) async throws {
    let goneOn = Lock<UInt64?>(nil)
    var token: Token? = Token { goneOn.withLock { $0 = ThreadInfo.current.number } }
    let thread = OSThread { [token] in withExtendedLifetime(token) {} }
    token = nil
    #expect(goneOn.withLock { $0 } == nil)
    try thread.start()
    try await thread.join()
    #expect(goneOn.withLock { $0 } == thread.number)
  }

  @Test("what it captured goes with a thread that is never started")
  func neverStarted() {
    let isGone = Event()
    var thread: OSThread<Void>? = OSThread { [token = Token { isGone.set() }] in
      withExtendedLifetime(token) {}
    }
    #expect(thread?.isAlive == false && !isGone.isSet)
    thread = nil
    #expect(isGone.isSet)
  }

  @Test("a thread whose handle is dropped goes on")
  func dropped() async throws {
    let (gate, hasRun) = (Event(), Event())
    _ = try OSThread.start {
      try gate.wait()
      hasRun.set()
    }
    gate.set()
    try await hasRun.wait()
  }

  // MARK: Contracts that are errors

  @Test("it can not be started twice, whether it runs or has ended")
  func startedTwice() async throws {
    let gate = Event()
    let thread = try OSThread.start(name: "once") { try gate.wait() }
    #expect(throws: ThreadError.alreadyStarted(name: "once")) { try thread.start() }
    gate.set()
    try await thread.join()
    #expect(throws: ThreadError.alreadyStarted(name: "once")) { try thread.start() }
  }

  @Test("of many that start it at once, one does", arguments: 1...10)
  func startedByMany(_: Int) async throws {
    let runs = Lock(0)
    let thread = OSThread { runs.withLock { $0 += 1 } }
    let starts = Lock(0)
    try await onThreads(4) { _ in
      do {
        try thread.start()
        starts.withLock { $0 += 1 }
      } catch ThreadError.alreadyStarted {}
    }
    try await thread.join()
    #expect(starts.withLock { $0 } == 1 && runs.withLock { $0 } == 1)
  }

  @Test("it can not be joined before it was started, in any form")
  func joinedBefore() async throws {
    let thread = OSThread(name: "idle") { 1 }
    let error = ThreadError.notStarted(name: "idle")
    await #expect(throws: error) { try await thread.join() }
    await #expect(throws: error) { try await thread.join(timeout: .zero) }
    await #expect(throws: error) { try await onThread { try thread.join() } }
    await #expect(throws: error) { try await onThread { try thread.join(timeout: .seconds(1)) } }
    #expect("\(error)".contains("start it before it is joined"))
  }

  @Test("it can not join itself")
  func joinsItself() async throws {
    let handle = Lock<OSThread<Void>?>(nil)
    let gate = Event()
    let thread = try OSThread.start(name: "selfish") {
      try gate.wait()
      let own = handle.withLock { $0.take() }
      try own?.join()
    }
    handle.withLock { $0 = thread }
    gate.set()
    await #expect(throws: ThreadError.joinsItself(name: "selfish")) { try await thread.join() }
  }

  // MARK: Names and numbers

  @Test("a name is kept whole, and the kernel's is cut to fifteen bytes at a character")
  func names() async throws {
    let names = [
      "short": "short", "exactly-15-byte": "exactly-15-byte", "sixteen-bytes-xy": "sixteen-bytes-x",
      "ééééééééé": "ééééééé", "日本語のスレッド": "日本語のス", "1234567890123😀": "1234567890123", "": "",
    ]
    for (name, kernelName) in names {
      let seen = try await OSThread.start(name: name) { (ThreadInfo.current.name, Party.currentThread.name) }
        .join()
      #expect(seen.0 == name)
      #expect(seen.1 ?? "" == kernelName)
    }
  }

  @Test("without a name it has one by its number, which no other thread has")
  func numbers() async throws {
    let threads = (0..<10).map { _ in OSThread {} }
    #expect(Set(threads.map(\.number)).count == 10)
    #expect(threads.map(\.number) == threads.map(\.number).sorted())
    for thread in threads { #expect(thread.name == "Thread-\(thread.number)") }
  }

  @Test("the kernel's id is that of the thread, from its beginning on")
  func kernelID() async throws {
    let gate = Event()
    let thread = try OSThread.start {
      try gate.wait()
      return skein_thread_id()
    }
    try await eventually("it runs") { thread.kernelID != nil }
    let id = thread.kernelID
    gate.set()
    #expect(try await thread.join() == id)
    #expect(thread.kernelID == id)
  }

  @Test("a thread is a daemon as the one that makes it, unless it is told otherwise")
  func daemons() async throws {
    for isDaemon in [true, false] {
      let made = try await OSThread.start(isDaemon: isDaemon) {
        [OSThread {}, OSThread(isDaemon: true) {}, OSThread(isDaemon: false) {}].map(\.isDaemon)
      }.join()
      #expect(made == [isDaemon, true, false])
    }
    #expect(!OSThread {}.isDaemon, "tasks run on threads that are none of these")
    let isMade = Event()
    let foreign = Lock<Bool?>(nil)
    startDetachedThread(name: "foreign") {
      foreign.withLock { $0 = OSThread {}.isDaemon }
      isMade.set()
    }
    try await isMade.wait()
    #expect(foreign.withLock { $0 } == false)
  }
}

import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

/// The same scenario here and in CPython gives the same account.
@Suite(
  "Threads as in CPython", .enabled(if: CPython.path != nil, "python3 is not installed"), .leavesNoThreads)
struct CPythonThreadTests {
  private func python(_ value: Bool) -> String { value ? "True" : "False" }

  @Test("a life: alive from its start to its end, joined in time or not, and never twice begun")
  func life() async throws {
    let theirs = try await CPython.run(
      """
      import threading
      gate = threading.Event()
      def attempt(call):
          try: call(); return "fine"
          except RuntimeError: return "refused"
      thread = threading.Thread(target=gate.wait, name="Worker", daemon=True)
      print(thread.name, thread.daemon, thread.ident is None, thread.is_alive())
      print(attempt(thread.join), attempt(lambda: thread.join(0)))
      print(attempt(thread.start), attempt(thread.start))
      print(thread.ident is None, thread.is_alive())
      thread.join(0); print(thread.is_alive())
      thread.join(0.001); print(thread.is_alive())
      gate.set(); thread.join(); thread.join(); print(thread.is_alive(), attempt(thread.start))
      own = []
      selfish = threading.Thread(target=lambda: own.append(attempt(selfish.join)))
      selfish.start(); selfish.join(); print(own[0])
      made = []
      def make(): made.append(threading.Thread().daemon)
      for daemon in [True, False]:
          thread = threading.Thread(target=make, daemon=daemon); thread.start(); thread.join()
      print(made)
      """)
    let ours = try await onThread {
      var lines: [String] = []
      func attempt(_ body: () throws -> Void) -> String {
        do {
          try body()
          return "fine"
        } catch { return error is ThreadError ? "refused" : "\(error)" }
      }
      /// Python's join returns when its time is over.
      func join(_ thread: OSThread<Void>, _ timeout: Duration) throws {
        do { try thread.join(timeout: timeout) } catch WaitError.timedOut {}
      }
      let gate = Event()
      let thread = OSThread(name: "Worker", isDaemon: true) { try gate.wait() }
      lines.append(
        "\(thread.name) \(python(thread.isDaemon)) \(python(thread.kernelID == nil)) \(python(thread.isAlive))"
      )
      lines.append(attempt { try thread.join() } + " " + attempt { try thread.join(timeout: .zero) })
      lines.append(attempt { try thread.start() } + " " + attempt { try thread.start() })
      // Python waits in `start` until the thread runs.
      while thread.kernelID == nil {}
      lines.append("\(python(thread.kernelID == nil)) \(python(thread.isAlive))")
      for timeout in [Duration.zero, .milliseconds(1)] {
        try join(thread, timeout)
        lines.append(python(thread.isAlive))
      }
      gate.set()
      try thread.join()
      try thread.join()
      lines.append("\(python(thread.isAlive)) \(attempt { try thread.start() })")
      let handle = Lock<OSThread<String>?>(nil)
      let selfish = OSThread {
        do {
          _ = try handle.withLock { $0.take() }?.join()
          return "fine"
        } catch is ThreadError { return "refused" }
      }
      handle.withLock { $0 = selfish }
      try selfish.start()
      lines.append(try selfish.join())
      let made = try [true, false].map { isDaemon in
        try OSThread.start(isDaemon: isDaemon) { OSThread {}.isDaemon }.join()
      }
      lines.append("[\(made.map(python).joined(separator: ", "))]")
      return lines
    }
    #expect(ours == theirs)
  }

  @Test("five threads answer two hundred random calls alike", arguments: 1...4 as ClosedRange<UInt64>)
  func random(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let calls = (0..<200).map { _ in
      let call = ["start", "end", "join", "alive", "again"].randomElement(using: &generator)!
      return "\(call) \(Int.random(in: 0..<5, using: &generator))"
    }
    let theirs = try await CPython.run(
      """
      import sys, threading
      def make():
          gate = threading.Event()
          return gate, threading.Thread(target=gate.wait, daemon=True)
      threads = [make() for _ in range(5)]
      for line in sys.stdin.read().split("\\n"):
          call, index = line.split(); index = int(index); gate, thread = threads[index]
          try:
              if call == "start":
                  thread.start()
                  if gate.is_set(): thread.join()
                  print("started")
              elif call == "join": thread.join(0 if thread.is_alive() else None); print("joined")
              elif call == "alive": print(thread.is_alive())
              elif call == "end":
                  gate.set()
                  if thread.is_alive(): thread.join()
                  print("ended")
              elif call == "again" and not thread.is_alive(): threads[index] = make(); print("new")
              else: print("busy")
          except RuntimeError: print("refused")
      """, input: calls)
    let ours = try await onThread { try Self.answers(to: calls) }
    #expect(ours == theirs, "seed \(seed)")
  }

  private static func answers(to calls: [String]) throws -> [String] {
    func make() -> (gate: Event, thread: OSThread<Void>) {
      let gate = Event()
      return (gate, OSThread(isDaemon: true) { try gate.wait() })
    }
    var threads = (0..<5).map { _ in make() }
    defer { for (gate, _) in threads { gate.set() } }
    return try calls.map { line in
      let words = line.split(separator: " ")
      let index = Int(words[1])!
      let (gate, thread) = threads[index]
      do {
        switch words[0] {
        case "start":
          // A gate that is open lets it through at once; there, too, it is alive until it was joined.
          try thread.start()
          if gate.isSet { try thread.join() }
          return "started"
        case "join":
          do { try thread.join(timeout: .zero) } catch WaitError.timedOut {}
          return "joined"
        case "alive": return thread.isAlive ? "True" : "False"
        case "end":
          gate.set()
          if thread.isAlive { try thread.join() }
          return "ended"
        default:
          guard !thread.isAlive else { return "busy" }
          threads[index] = make()
          return "new"
        }
      } catch is ThreadError { return "refused" }
    }
  }

  @Test("thread-local values begin anew in each thread")
  func locals() async throws {
    let theirs = try await CPython.run(
      """
      import threading
      local = threading.local()
      lines = []
      def handle(n):
          lines.append(getattr(local, "id", "unknown")); local.id = f"REQ-{n}"; lines.append(local.id)
      for n in range(3):
          thread = threading.Thread(target=handle, args=(n,)); thread.start(); thread.join()
      handle(9); handle(10)
      print("\\n".join(lines))
      """)
    let ours = try await onThread {
      let (local, lines) = (ThreadLocal("unknown"), Lock<[String]>([]))
      @Sendable func handle(_ number: Int) {
        lines.withLock { $0.append(local.value) }
        local.value = "REQ-\(number)"
        lines.withLock { $0.append(local.value) }
      }
      for number in 0..<3 { try OSThread.start { handle(number) }.join() }
      handle(9)
      handle(10)
      return lines.withLock { $0 }
    }
    #expect(ours == theirs)
  }

  @Test("a timer that is cancelled in time never fires, one that is not fires once")
  func timers() async throws {
    let theirs = try await CPython.run(
      """
      import threading
      fired = []
      late = threading.Timer(3600, lambda: fired.append("late"))
      late.start(); print(late.is_alive()); late.cancel(); late.join(); print(late.is_alive(), fired)
      early = threading.Timer(0.001, lambda: fired.append("early"))
      early.cancel(); early.start(); early.join(); print(fired)
      soon = threading.Timer(0.001, lambda: fired.append("soon"))
      soon.start(); soon.join(); soon.cancel(); print(soon.is_alive(), fired)
      """)
    let ours = try await onThread {
      let fired = Lock<[String]>([])
      func python(_ value: Bool) -> String { value ? "True" : "False" }
      func list() -> String { "[\(fired.withLock { $0 }.map { "'\($0)'" }.joined(separator: ", "))]" }
      func timer(_ seconds: Double, _ name: String) -> RepeatingTimer {
        RepeatingTimer(every: .seconds(seconds), limit: 1) { fired.withLock { $0.append(name) } }
      }
      var lines: [String] = []
      let late = timer(3600, "late")
      try late.start()
      lines.append(python(late.isAlive))
      late.cancel()
      try late.join()
      lines.append("\(python(late.isAlive)) \(list())")
      let early = timer(0.001, "early")
      early.cancel()
      try early.start()
      try early.join()
      lines.append(list())
      let soon = timer(0.001, "soon")
      try soon.start()
      try soon.join()
      soon.cancel()
      lines.append("\(python(soon.isAlive)) \(list())")
      return lines
    }
    #expect(ours == theirs)
  }
}

import CSkein
import Glibc
import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinDiagnostics

/// What is shown in a process of its own: it hangs, and everything in it is observed.
@Suite("Diagnosis of a live process", .serialized, .timeLimit(.minutes(5)))
struct LiveTests {
  private func ask(_ process: FixtureProcess, _ form: InspectForm = .text) async throws -> String {
    let id = process.id
    return try await onThread { try InspectClient.ask(id, for: form, timeout: .seconds(60)) }
  }

  @Test("two threads that hang over two locks are found through the socket, with names and places")
  func threads() async throws {
    let process = try await FixtureProcess("threads")
    let text = try await ask(process)
    #expect(text.hasPrefix("Deadlock (certain):\n"), "\(text)")
    for part in [
      "“transfer-1”", "“transfer-2”", "Lock “account A” (made at DiagnosticsFixture/Scenes.swift:",
    ] {
      #expect(text.contains(part), "\(text)")
    }
    #expect(text.contains(", taken at DiagnosticsFixture/Scenes.swift:"))
    #expect(try await ask(process, .json).contains(#""certainty":"certain""#))
    #expect(try await ask(process, .dot).contains("color=red"))
    #expect(InspectClient.targets().contains { $0.process == process.id && !$0.name.isEmpty })
  }

  @Test("SIGUSR2 prints the same to standard error, again and again")
  func signal() async throws {
    let process = try await FixtureProcess("threads")
    for count in 1...2 {
      process.signal(SIGUSR2)
      try await eventually("snapshot \(count) is printed") {
        process.errorText.split(separator: "Deadlock (certain)").count > count
          && process.errorText.hasSuffix("to hold it\n")
      }
    }
    #expect(process.errorText.contains("skein: process \(process.id) at this instant:"))
  }

  @Test("a snapshot for a standard error that nobody reads any more does not end the program")
  func signalUnheard() async throws {
    let process = try await FixtureProcess("threads", isHeard: false)
    process.signal(SIGUSR2)
    // The thread that printed, or ended the program, is the one that answers.
    #expect(try await ask(process).contains("Deadlock"))
    process.signal(SIGUSR2)
    #expect(try await ask(process).contains("Deadlock"))
  }

  @Test("the locks of a dictionary are taken in an order that is no contradiction")
  func shards() async throws {
    let process = try await FixtureProcess("shards")
    try await eventually("all are counted") { process.errorText.split(separator: "counted").count == 40 }
    #expect(!process.errorText.contains("nversion"), "\(process.errorText)")
  }

  @Test("a forked child has timers and a diagnosis of its own, and leaves its parent's alone")
  func fork() async throws {
    let process = try await FixtureProcess("fork", environment: ["TSAN_OPTIONS=die_after_fork=0"])
    try await eventually("the child has ended") { process.errorText.contains("child ended") }
    #expect(process.errorText.contains("child ended with 7, by signal 0"), "\(process.errorText)")
    #expect(!process.errorText.contains("process \(process.id) at this instant"), "\(process.errorText)")
    #expect(try await ask(process).contains("Nothing waits."))
  }

  @Test("a reader and a writer that hang are found, though readers are many and have no word of their own")
  func readers() async throws {
    let text = try await ask(try await FixtureProcess("readers"))
    #expect(text.hasPrefix("Deadlock (certain):\n"), "\(text)")
    for part in ["to write: ReadWriteLock “routes”", "held by thread “lookup”", "held by thread “reload”"] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test("two tasks that hang over two async locks are found")
  func tasks() async throws {
    let text = try await ask(try await FixtureProcess("tasks"))
    #expect(text.hasPrefix("Deadlock (certain):\n"), "\(text)")
    for part in ["task “plato”", "task “kant”", "AsyncLock “left fork”", "AsyncLock “right fork”"] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test("threads that hang over permits are likely in a deadlock, as the uses of the permits tell")
  func permits() async throws {
    let text = try await ask(try await FixtureProcess("permits"))
    #expect(text.hasPrefix("Deadlock (likely):\n"), "\(text)")
    #expect(text.contains("which thread “copy-1”"))
  }

  @Test("contradicting orders of locks are reported once, though nothing hangs")
  func order() async throws {
    let process = try await FixtureProcess("order")
    try await eventually("the report has come") { process.errorText.contains("one order everywhere") }
    #expect(process.errorText.components(of: "Lock order inversion") == 1)
    #expect(process.errorText.contains("Lock “ledger”, taken at DiagnosticsFixture/Scenes.swift:"))
    try await process.end()
  }

  @Test("contradicting orders of what tasks hold are reported once, with the task")
  func asyncOrder() async throws {
    let process = try await FixtureProcess("async-order")
    try await eventually("the report has come") { process.errorText.contains("one order everywhere") }
    #expect(process.errorText.components(of: "Lock order inversion") == 1)
    #expect(process.errorText.contains("Once “rates”, taken at DiagnosticsFixture/Scenes.swift:"))
    #expect(process.errorText.contains("is held by task “clerk”"), "\(process.errorText)")
    try await process.end()
  }

  @Test("a blocking call in a task is reported once")
  func blocking() async throws {
    let process = try await FixtureProcess("blocking")
    try await eventually("the report has come") { process.errorText.contains("Await the suspending form") }
    try await process.end()
    #expect(process.errorText.components(of: "Blocking call in a task") == 1)
    #expect(process.errorText.contains("waiting for Event never"))
  }

  @Test("a pool whose threads all block is a stall, which ends")
  func stall() async throws {
    let process = try await FixtureProcess("stall")
    try await eventually("the end is reported") { process.errorText.contains("Tasks run again") }
    let text = process.errorText
    #expect(text.contains("no task could run on the cooperative pool"))
    #expect(text.contains("waiting for Event “end of the stall”"), "\(text)")
    #expect(text.components(of: "Stall: for") == 1)
  }

  @Test("the socket goes with its process, and one that was killed leaves none to the next")
  func cleanUp() async throws {
    // A directory of their own: any process that starts in the common one would remove what is left there.
    let temporary = TemporaryDirectory()
    let environment = ["XDG_RUNTIME_DIR=\(temporary.path)"]
    let path = temporary.path + "/skein"
    let first = try await FixtureProcess("idle", environment: environment)
    let name = "\(path)/\(first.id).sock"
    #expect(access(name, F_OK) == 0)
    try await first.end()
    #expect(access(name, F_OK) != 0)
    let killed = try await FixtureProcess("idle", environment: environment)
    let left = "\(path)/\(killed.id).sock"
    try await killed.kill()
    #expect(access(left, F_OK) == 0)
    let next = try await FixtureProcess("idle", environment: environment)
    #expect(access(left, F_OK) != 0)
    let directory = try InspectDirectory(opening: path, ownedBy: geteuid())
    guard case .success(let connection) = directory.connect(to: next.id) else { return #expect(Bool(false)) }
    close(connection)
    try await next.end()
    withExtendedLifetime(temporary) {}
  }

  @Test("clients that say nothing or read nothing keep the next one waiting for a moment only")
  func slowClients() async throws {
    let process = try await FixtureProcess("threads")
    let directory = try InspectDirectory(opening: InspectDirectory.path(), ownedBy: geteuid())
    guard case .success(let silent) = directory.connect(to: process.id) else { return #expect(Bool(false)) }
    process.signal(SIGUSR2)
    try await eventually("the signal is answered meanwhile") { process.errorText.contains("Deadlock") }
    #expect(try await ask(process).contains("Deadlock"))
    close(silent)
  }

  @Test("the environment switches the order check on")
  func environment() {
    let options = Diagnostics.Options(lockOrder: false, blockingInTasks: true)
    let adjusted = options.adjusted { ["SKEIN_LOCK_ORDER": true, "SKEIN_BLOCKING": false][$0] }
    #expect(adjusted.lockOrder)
    #expect(!adjusted.blockingInTasks)
    #expect(!options.adjusted { _ in nil }.lockOrder)
    #expect(!Diagnostics.Options.onDemand.lockOrder)
  }

  @Test("starting twice and stopping twice is once, and a program's own handler is left alone")
  func idempotence() async {
    await #expect(processExitsWith: .success) {
      Diagnostics.start(.onDemand)
      Diagnostics.start()
      let name = "\(InspectDirectory.path())/\(getpid()).sock"
      precondition(access(name, F_OK) == 0)
      Diagnostics.stop()
      precondition(access(name, F_OK) != 0)
      Diagnostics.stop()
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in }
      sigaction(SIGUSR2, &action, nil)
      let isTold = Event()
      Diagnostics.onReport { report in
        if report.kind == .failure && report.message.contains("handles it itself") { isTold.set() }
      }
      Diagnostics.start(.init(socket: false, stallThreshold: nil))
      try await isTold.wait()
      Diagnostics.stop()
    }
  }
}

extension String {
  /// How often `part` occurs.
  fileprivate func components(of part: String) -> Int {
    split(separator: part, omittingEmptySubsequences: false).count - 1
  }
}

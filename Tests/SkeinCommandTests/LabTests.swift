import Foundation
import SkeinJobForms
import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinCommand

@Suite struct LabTests {
  // MARK: The experiments

  @Test("names are different, short and lower case, and every experiment says what it shows")
  func outlines() {
    let names = Experiments.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(
      names == [
        "concurrency", "scaling", "lifecycle", "daemon", "race", "lock", "rlock", "semaphore", "event",
        "condition", "barrier", "queue", "worker-pool", "priority", "thread-local", "thread-pool",
        "future-chain", "process", "isolation", "start-methods", "ipc-queue", "pipe", "shared-memory",
        "manager", "process-pool", "initializer", "echo", "web-server", "deadlock", "pool-size", "dictionary",
        "dispatch",
      ])
    for experiment in Experiments.all {
      #expect(
        experiment.name.allSatisfy { $0.isLowercase || $0 == "-" } && experiment.section.hasPrefix("16."))
      #expect(!experiment.title.isEmpty && experiment.title.count <= 95, "\(experiment.name)")
      #expect(!experiment.lesson.isEmpty && !experiment.uses.isEmpty, "\(experiment.name)")
    }
  }

  @Test("an experiment is found by its name, in whatever case")
  func naming() {
    #expect(Experiments.named("Race")?.name == "race")
    #expect(Experiments.named("rac") == nil)
  }

  // MARK: A run

  /// An experiment whose outcome is given.
  private struct Given: Experiment {
    let name = "given"
    let section = "16.0"
    let title = "what is given"
    let lesson = "nothing"
    let uses = ["Lock"]
    var body: @Sendable (LabNotes) async throws -> Void

    init(_ body: @escaping @Sendable (LabNotes) async throws -> Void) { self.body = body }

    func run(_ notes: LabNotes) async throws { try await body(notes) }
  }

  @Test("checks that are met make an expected outcome")
  func success() async {
    let report = await LabRun.report(
      of: Given { notes in
        notes.step("Worker-0", "works")
        notes.check("sum", is: 1_000_000, observed: 1_000_000)
      })
    #expect(report.isAsExpected && report.outcome == "1 check met")
    #expect(report.steps.map(\.who) == ["Worker-0"] && report.checks.map(\.observed) == ["1,000,000"])
  }

  @Test("one check that is not met spoils the outcome")
  func failedCheck() async {
    let good = await LabRun.report(of: Given { $0.check("one", is: 1, observed: 1) })
    let report = await LabRun.report(
      of: Given { notes in
        notes.check("first", is: 1, observed: 1)
        notes.check("second", is: 2, observed: 3)
      })
    #expect(!report.isAsExpected && report.outcome == "1 of 2 checks not met")
    #expect(LabReport.status(of: [good, report]) == .jobFailed && LabReport.status(of: [good]) == .success)
  }

  @Test("an experiment that checks nothing shows nothing")
  func noChecks() async {
    #expect(await !LabRun.report(of: Given { _ in }).isAsExpected)
  }

  @Test("an error spoils the outcome, and is told")
  func failure() async {
    struct Broken: Error {}
    let report = await LabRun.report(
      of: Given { notes in
        notes.check("first", is: 1, observed: 1)
        throw Broken()
      })
    #expect(!report.isAsExpected && report.problem == "Broken()")
  }

  @Test("an experiment that stands still is given up, with who waits for what")
  func standstill() async throws {
    let (never, clock) = (Event(name: "never set"), ManualClock())
    async let standing = LabRun.report(
      of: Given { _ in try await never.wait() }, limit: .seconds(1), clock: clock)
    try await clock.waitUntilScheduled()
    try await eventually("diagnosis sees the wait") {
      WaitSources.observe().waits.contains { $0.object.name == "never set" }
    }
    clock.advance(by: .seconds(1))
    let report = await standing
    let problem = try #require(report.problem)
    #expect(!report.isAsExpected && problem.contains("stands still"))
    #expect(problem.contains("Event “never set”"), "\(problem)")
    never.close()
  }

  @Test("threads have names, all of them are awaited, and the first error is thrown")
  func threads() async throws {
    struct Broken: Error {}
    let names = Lock<Set<String>>([])
    await #expect(throws: Broken.self) {
      try await runThreads(3, named: "Worker") { index in
        if index == 1 { throw Broken() }
        names.withLock { _ = $0.insert(Party.currentThread.name ?? "") }
      }
    }
    #expect(names.withLock { $0 } == ["Worker-0", "Worker-2"])
  }

  // MARK: Text

  @Test("a report is text with steps, checks and what it shows; what was not met is told apart")
  func text() async {
    var report = await LabRun.report(
      of: Given { notes in
        notes.step("Worker", "says\n  a line that stays as it is")
        notes.check("sum", is: 2, observed: 3)
        notes.check("time", expected: "less than 5", observed: "4", true)
      })
    report.steps[0].milliseconds = 7
    #expect(
      LabText(terminal: Terminal(width: nil)).text(report) == """
        given · 16.0 · what is given

            7ms  Worker  says
                     a line that stays as it is

          ✗ sum: 3, but expected 2
          ✓ time: 4 (expected less than 5)

          shows  nothing
          uses   Lock

        """)
  }

  @Test("the summary names what went wrong")
  func summary() async {
    let good = await LabRun.report(of: Given { $0.check("one", is: 1, observed: 1) })
    var bad = await LabRun.report(of: Given { $0.check("one", is: 1, observed: 2) })
    bad.name = "bad"
    let text = LabText(terminal: Terminal(width: nil))
    #expect(text.summary([good]).hasSuffix("\nEvery outcome is the expected one.\n"))
    let summary = text.summary([good, bad])
    #expect(summary.hasSuffix("\nNot the expected outcome: bad\n"))
    #expect(summary.contains("1 of 1 check not met"), "\(summary)")
  }

  @Test("long lines are broken at spaces, and what does not fit stays whole")
  func wrapping() {
    #expect(Text.wrapped("one two three", to: 7, indent: 2) == "one two\n  three")
    #expect(Text.wrapped("a verylongword b", to: 4, indent: 0) == "a\nverylongword\nb")
    #expect(Text.wrapped("", to: 4, indent: 2) == "")
  }

  @Test("numbers are grouped, lists are joined, and errors have their lock's name")
  func values() {
    #expect([0, 999, 1000, -1_234_567].map { LabText.value($0) } == ["0", "999", "1,000", "-1,234,567"])
    #expect(LabText.value(["a", "b"]) == "a, b")
    #expect(LabText.value(LockError.timedOut("ledger")) == "timedOut, of ledger")
  }

  @Test("a report is a JSON object that says whether it is the expected one")
  func json() async throws {
    let report = await LabRun.report(of: Given { $0.check("one", is: 1, observed: 2) })
    let object = try JSONSerialization.jsonObject(with: Data(JSONText.encode(report).utf8))
    let fields = try #require(object as? [String: Any])
    #expect(fields["name"] as? String == "given" && fields["ok"] as? Bool == false)
    let check = try #require((fields["checks"] as? [[String: Any]])?.first)
    #expect(check["expected"] as? String == "1" && check["observed"] as? String == "2")
    #expect(check["ok"] as? Bool == false)
  }
}

@Suite("the lab, as a user sees it", .tags(.slow), .timeLimit(.minutes(5))) struct LabToolTests {
  let skein = SkeinProgram()

  @Test("every experiment comes out as expected, each as one JSON object")
  func all() async throws {
    let run = try await skein("lab", "--all", "--json")
    #expect(run.code == 0 && run.errors == "", "\(run)")
    let objects = try run.lines.map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    #expect(objects.map { $0["name"] as? String } == Experiments.all.map(\.name))
    for (object, line) in zip(objects, run.lines) where object["ok"] as? Bool != true {
      Issue.record("not the expected outcome: \(line)")
    }
    #expect(!FileManager.default.fileExists(atPath: skein.directory))
  }

  @Test("several are told about in the order asked for, with a table at the end, without colour in a pipe")
  func several() async throws {
    let run = try await skein("lab", "priority", "barrier")
    #expect(run.code == 0 && run.output.hasPrefix("priority · 16.2.3 · "), "\(run)")
    #expect(run.lines.last == "Every outcome is the expected one.")
    #expect(!run.output.contains("\u{1b}"))
  }

  @Test("the list has a name, a section and a line for each")
  func list() async throws {
    let run = try await skein("lab", "--list")
    let rows = run.lines.map { $0.split(separator: "\t").map(String.init) }
    #expect(run.code == 0 && rows == Experiments.all.map { [$0.name, $0.section, $0.title] })
    #expect(try await skein("lab", "--list", "--json").lines.count == rows.count)
  }

  @Test(
    "wrong arguments end with code 64 and say what is wrong",
    arguments: [
      (["rase"], "did you mean race?"), (["xyzzy"], "there are concurrency, scaling"),
      ([], "name experiments"),
      (["race", "--all"], "either --all or --list"), (["--all", "--list"], "either --all or --list"),
      (["--child", "nothing"], "--child"),
    ])
  func wrongArguments(_ arguments: [String], _ message: String) async throws {
    let run = try await skein.run(["lab"] + arguments)
    #expect(run.code == 64 && run.output == "" && run.errors.contains(message), "\(run)")
  }

  @Test("help has the names and examples, and does not tell of the processes that are spoilt")
  func help() async throws {
    let help = try await skein("lab", "--help").output
    #expect(help.contains("Examples:") && help.contains("dictionary") && !help.contains("--child"))
  }

  @Test("a reader that goes away ends the lab quietly")
  func brokenPipe() async throws {
    let run = try await skein.shell("\"$0\" lab priority barrier | head -n 1; echo ${PIPESTATUS[0]}")
    #expect(run.lines.count == 2 && run.lines.last == "0" && run.errors == "", "\(run)")
  }
}

import Foundation
import SkeinFutures
import SkeinJobForms
import Testing

@testable import SkeinCommand

@Suite("Advice")
struct AdviceTests {
  /// A command that ran once for a second.
  private static func run(_ change: (inout CommandRun) -> Void = { _ in }) -> CommandRun {
    var run = CommandRun(end: .exited(0), wall: .seconds(1), waitShare: 0.95)
    run.user = .milliseconds(40)
    run.system = .milliseconds(10)
    (run.voluntarySwitches, run.involuntarySwitches, run.threads) = (1234, 5, 3)
    run.peakMemory = PeakMemory(charged: 3 << 20, seen: nil, starter: 0)
    change(&run)
    return run
  }

  private static func figures(_ runs: CommandRun..., processors: Int = 2) throws -> CommandFigures {
    try CommandFigures(command: ["./import", "march.csv"], runs: runs, processors: processors)
  }

  @Test(
    "the part of its time that it waits chooses the branch",
    arguments: [
      (1.0, Advice.Branch.ioBound), (0.9, .ioBound), (0.89, .mostlyWaiting), (0.5, .mostlyWaiting),
      (0.49, .mostlyComputing), (0.11, .mostlyComputing), (0.1, .cpuBound), (0, .cpuBound),
    ])
  func branches(_ share: Double, _ branch: Advice.Branch) throws {
    let advice = try Advice(Self.figures(Self.run { $0.waitShare = share }))
    #expect(advice.branch == branch && advice.workload == Workload(waitShare: share))
    #expect(advice.choices.count >= 2 && advice.notes.isEmpty)
  }

  @Test("each branch has the pools that the chapter's tree has")
  func choices() throws {
    func uses(_ share: Double) throws -> [String] {
      try Advice(Self.figures(Self.run { $0.waitShare = share })).choices.map {
        String($0.use.prefix { $0.isLetter })
      }
    }
    #expect(try uses(1) == ["ThreadPool", "tasks"])
    #expect(try uses(0) == ["ParallelPool", "processes"])
    #expect(try uses(0.7) == ["tasks", "ThreadPool"])
    #expect(try uses(0.3) == ["ParallelPool", "processes", "ThreadPool"])
  }

  @Test("sizes are those of the rule of thumb and of the formula")
  func sizes() throws {
    let half = try Advice(Self.figures(Self.run { $0.waitShare = 0.5 }, processors: 4))
    #expect(half.ruleOfThumb == 8 && half.measured.threads == 8)
    let most = try Advice(Self.figures(Self.run { $0.waitShare = 0.95 }))
    #expect(most.ruleOfThumb == 10 && most.measured.threads == 40)
    let all = try Advice(Self.figures(Self.run { $0.waitShare = 1 }))
    #expect(all.measured.threads == 256 && all.measured.isBounded)
  }

  @Test("several runs are averaged, longer ones count more for what it waits")
  func averages() throws {
    let long = Self.run {
      ($0.wall, $0.waitShare, $0.user) = (.seconds(3), 0.15, .milliseconds(3040))
      $0.peakMemory = PeakMemory(charged: 9 << 20, seen: nil, starter: 0)
    }
    let figures = try Self.figures(Self.run(), long)
    #expect(figures.wall.mean == .seconds(2) && figures.user == .milliseconds(1540))
    #expect(abs(figures.waitShare - 0.35) < 1e-12 && abs(figures.busyProcessors - 0.775) < 1e-12)
    #expect(figures.peakMemory.bytes == 9 << 20 && figures.voluntarySwitches == 1234)
  }

  @Test("a command that fails, is too short, or had to queue is noted")
  func notes() throws {
    func notes(_ change: (inout CommandRun) -> Void) throws -> [String] {
      try Advice(Self.figures(Self.run(change))).notes
    }
    #expect(
      try notes { $0.end = .exited(3) } == [
        "The command ended with code 3: the figures are of what it did until then."
      ])
    #expect(try notes { $0.end = .signalled(SIGINT) }[0].contains("was ended by SIGINT"))
    #expect(try notes { $0.wall = .milliseconds(3) }[0].hasPrefix("It ran for a moment only"))
    #expect(
      try notes { $0.queued = .milliseconds(150) }[0].hasPrefix("For 75 % of the time in which it could"))
    // A few milliseconds say nothing.
    #expect(try notes { $0.queued = .milliseconds(20) }.isEmpty)
  }

  @Test("memory that may be the starting process' own is not told as the command's")
  func memory() {
    func peak(_ charged: Int, _ seen: Int?) -> PeakMemory {
      PeakMemory(charged: charged, seen: seen, starter: 50)
    }
    #expect(peak(60, 40).bytes == 60 && !peak(60, nil).isBound)
    #expect(peak(50, 40).bytes == 40 && !peak(50, 40).isBound)
    #expect(peak(50, nil).bytes == 50 && peak(50, nil).isBound)
  }

  @Test("what a shell would say when it can not start a command")
  func notStarted() {
    for (code, exitCode) in [(ENOENT, 127), (EACCES, 126), (ENOEXEC, 126), (E2BIG, 126)] as [(Int32, Int32)] {
      let failure = CommandNotStartedFailure(program: "x", code: code)
      #expect(failure.exitCode == exitCode && failure.message.hasPrefix("'x' can not be run: "))
    }
    #expect(
      [256, 9, 0x83].map { CommandRun.End(waitStatus: $0) } == [.exited(1), .signalled(9), .signalled(3)])
    #expect(CommandRun.End.signalled(9).exitCode == 137 && CommandRun.End.exited(7).exitCode == 7)
  }

  // MARK: Text

  @Test("the text has the figures, the branch, what to take, and sizes")
  func text() throws {
    let figures = try Self.figures(Self.run())
    #expect(
      try AdviceText(terminal: Terminal(width: nil)).text(figures, Advice(figures)) == """
        advice for ./import march.csv

          time       1.00s
          processor  40ms of its own, 10ms in the system: 0.05 of 2 processors busy (2.5 %)
          waits      95 % of its time
          switches   1,234 to wait, 5 because others had their turn
          memory     3.0 MiB at the most
          threads    3 at the most

        I/O-bound: it waits for 95 % of its time. While one waits, others can go on; more processors would
        not help.

          ├── the code blocks (synchronous code) → ThreadPool (SkeinFutures)
          └── many at once, with few resources → tasks: a task group, a Semaphore as its limit (SkeinSync)

          rule of thumb  10 threads: five for each processor, at most 32
          measured       40 threads: for each second that it computes, the job waits 19 s, so that it takes
                         40 to keep 2 processors at work

        """)
  }

  @Test("nothing is wider than a narrow terminal", arguments: [24, 40, 79])
  func narrow(width: Int) throws {
    for share in [0, 0.3, 0.7, 1] {
      let figures = try Self.figures(Self.run { ($0.waitShare, $0.end) = (share, .exited(1)) })
      let text = try AdviceText(terminal: Terminal(width: width)).text(figures, Advice(figures))
      // A single word may be longer.
      let lines = text.split(separator: "\n").filter { Text.width(String($0)) > max(width, 38) }
      #expect(lines.isEmpty, "\(lines)")
    }
  }

  @Test("a command's name steers no terminal")
  func escapes() throws {
    let figures = try CommandFigures(command: ["a\u{1b}[2J", "b\nc"], runs: [Self.run()], processors: 1)
    let text = try AdviceText(terminal: Terminal(width: 80)).text(figures, Advice(figures))
    #expect(!text.contains("\u{1b}") && text.hasPrefix("advice for a\u{fffd}[2J b c\n"))
  }

  @Test("shares are not rounded to all or nothing")
  func percentages() {
    #expect(
      [0, 0.0001, 0.123, 0.5, 0.99999, 1].map(AdviceText.percent) == [
        "0 %", "less than 0.1 %", "12.3 %", "50 %", "more than 99.9 %", "100 %",
      ])
  }

  @Test("as JSON it has figures, advice and each run; what is not known is left out")
  func json() throws {
    let figures = try Self.figures(Self.run { ($0.waitShare, $0.end) = (1, .signalled(9)) })
    let text = try JSONText.encode(AdviceView(figures, Advice(figures)))
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(object["branch"] as? String == "ioBound" && object["processors"] as? Int == 2)
    #expect((object["seconds"] as? [String: Double])?["mean"] == 1)
    let size = try #require(object["poolSize"] as? [String: Any])
    #expect(size["measured"] as? Int == 256 && size["unbounded"] == nil)
    let run = try #require((object["runs"] as? [[String: Any]])?.first)
    #expect(run["exitCode"] as? Int == 137 && run["peakMemoryBytes"] as? Int == 3 << 20)
  }
}

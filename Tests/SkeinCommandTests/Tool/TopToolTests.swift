import Foundation
import SkeinTesting
import Subprocess
import Testing

@Suite("skein top", .tags(.slow), .timeLimit(.minutes(5)))
struct TopToolTests {
  let skein = SkeinProgram()

  /// What gives the terminal back: colours, wrapping, cursor and the screen from before.
  private static let farewell = "\u{1b}[0m\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

  @Test("at a terminal it draws, follows keys and size, and leaves everything as it was")
  func screen() async throws {
    _ = try await skein("submit", "--queue", "mail", "--", "printf", "\u{1b}[2J")
    _ = try await skein("pause", "print")
    let terminal = try PseudoTerminal(width: 100, height: 24)
    let before = terminal.modes
    let code = try await skein.run(["top", "--interval", "50ms"], at: terminal) { _ in
      try await eventually("it is drawn") { terminal.picture.contains { $0.hasPrefix("print  paused") } }
      #expect(terminal.output.hasPrefix("\u{1b}[?1049h") && terminal.modes != before)
      #expect(terminal.picture.count == 24 && terminal.picture[1].hasPrefix("0 running · 1 ready"))
      terminal.type("s")
      try await eventually("the sorting changes") { terminal.picture.last?.contains("latest first") == true }
      terminal.resize(width: 20, height: 5)
      try await eventually("the size is followed") {
        terminal.picture.count == 5 && terminal.picture.allSatisfy { $0.count <= 20 }
      }
      _ = try await skein("submit", "--", "true")
      try await eventually("news are shown") { terminal.picture[1].hasPrefix("0 running · 2 ready") }
      terminal.type("q")
    }
    #expect(code == 0 && terminal.modes == before)
    // Its last words may be on their way yet when it has ended.
    try await eventually("the screen is left") { terminal.output.hasSuffix(Self.farewell) }
  }

  @Test(
    "every way to end it gives the terminal back",
    arguments: [
      ("Ctrl-C", "\u{3}", nil), ("SIGTERM", "", SIGTERM), ("SIGHUP", "", SIGHUP), ("Ctrl-\\", "\u{1c}", nil),
    ])
  func ends(_ name: String, _ keys: String, _ signal: Int32?) async throws {
    _ = try await skein("pause", "print")
    let terminal = try PseudoTerminal(width: 60, height: 12)
    let before = terminal.modes
    let code = try await skein.run(["top"], at: terminal) { process in
      try await eventually("it is drawn") { terminal.picture.contains { $0.hasPrefix("print") } }
      terminal.type(keys)
      if let signal { kill(process, signal) }
    }
    #expect(code == 0 && terminal.modes == before)
    // Its last words may be on their way yet when it has ended.
    try await eventually("the screen is left") { terminal.output.hasSuffix(Self.farewell) }
  }

  @Test("Ctrl-Z gives the terminal back, and going on takes it again")
  func stopping() async throws {
    _ = try await skein("pause", "print")
    let terminal = try PseudoTerminal(width: 60, height: 12)
    let before = terminal.modes
    let code = try await skein.run(["top", "--interval", "50ms"], at: terminal) { process in
      try await eventually("it is drawn") { terminal.picture.contains { $0.hasPrefix("print") } }
      terminal.type("\u{1a}")
      try await eventually("it has stopped") {
        try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8).contains(") T ")
      }
      #expect(terminal.modes == before)
      try await eventually("the screen is left") { terminal.output.hasSuffix(Self.farewell) }
      kill(process, SIGCONT)
      try await eventually("it is drawn again") {
        terminal.output.components(separatedBy: "\u{1b}[?1049h").count > 2 && terminal.picture.count == 12
      }
      #expect(terminal.modes != before)
      terminal.type("q")
    }
    #expect(code == 0 && terminal.modes == before)
  }

  @Test("a screen without colour has none")
  func plain() async throws {
    _ = try await skein("pause", "print")
    for noColor in ["", "1"] {
      let terminal = try PseudoTerminal(width: 60, height: 12)
      let code = try await skein.run(["top"], at: terminal, variables: ["NO_COLOR": noColor]) { _ in
        try await eventually("it is drawn") { terminal.picture.contains { $0.hasPrefix("print") } }
        terminal.type("q")
      }
      #expect(code == 0 && terminal.output.contains(/\u{1b}\[[1-9][0-9;]*m/) == noColor.isEmpty)
    }
  }

  @Test("in a pipe, or where it is asked for, it looks once")
  func once() async throws {
    _ = try await skein("submit", "--", "sleep", "600")
    try await skein.withWorkerProcess(
      ["--name", "w", "--concurrency", "3"], signals: [.terminate, .interrupt]
    ) {
      skein, process in
      try await skein.untilRunning()
      let look = try await skein("top")
      #expect(look.code == 0 && look.lines.count == 3, "\(look)")
      #expect(look.lines[0] == "queue\tdefault\topen\t0\t0\t0\t1\t0\t0\t0\t0")
      #expect(look.lines[1] == "worker\t1\tw\talive\t3\t\(process)")
      #expect(look.lines[2].hasPrefix("running\t1\tcommand\tdefault\tw\t"))
      #expect(look.lines[2].contains("\t\t\tsleep 600\t"))
    }
    let json = try await skein("top", "--json", "--once")
    #expect(json.code == 0 && json.lines.count == 1 && json.output.contains(#""ready":1"#), "\(json)")
  }

  @Test("in JSON it looks again and again, as often as it is told; the second time there are rates")
  func json() async throws {
    _ = try await skein("submit", "--", "true")
    let looks = try await skein("top", "--json", "--count", "3", "--interval", "50ms")
    #expect(looks.code == 0 && looks.lines.count == 3, "\(looks)")
    #expect(looks.lines.map { $0.contains(#""enqueued":0"#) } == [false, true, true])
    let endless = try await skein.shell(
      #""$0" top --json --interval 50ms | head -2; echo "${PIPESTATUS[0]}""#)
    #expect(endless.lines.count == 3 && endless.lines.last == "0" && endless.errors == "", "\(endless)")
  }

  @Test(
    "what makes no sense is refused",
    arguments: [
      ["--interval", "1ms"], ["--interval", "soon"], ["--count", "3"], ["--json", "--count", "0"],
      ["--json", "--once", "--count", "2"],
    ])
  func wrong(_ arguments: [String]) async throws {
    let run = try await skein.run(["top"] + arguments)
    #expect(run.code == 64 && run.output == "", "\(run)")
  }
}

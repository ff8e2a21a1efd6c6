import Foundation
import SkeinTesting
import Subprocess
import Testing

@Suite("skein advise", .tags(.slow), .timeLimit(.minutes(5)))
struct AdviseToolTests {
  let skein = SkeinProgram()

  private static func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
  }

  // MARK: The command's own

  @Test(
    "the command has its streams and its exit code; the advice is on standard error, behind what it wrote")
  func streams() async throws {
    let run = try await skein("advise", "--", "sh", "-c", "cat; echo error >&2; exit 7", input: "input\n")
    #expect(run.code == 7 && run.output == "input\n", "\(run)")
    #expect(run.errors.hasPrefix("error\n\nadvice for sh -c cat"), "\(run)")
    #expect(run.errors.contains("The command ended with code 7") && !run.errors.contains("\u{1b}"))
    #expect(!FileManager.default.fileExists(atPath: skein.directory))
  }

  @Test("a command that is ended by a signal gives 128 and its number")
  func signalled() async throws {
    let run = try await skein("advise", "--", "sh", "-c", "kill -9 $$")
    #expect(run.code == 137 && run.errors.contains("was ended by signal 9"), "\(run)")
  }

  @Test("what can not be started is told apart, with a shell's exit codes")
  func notStarted() async throws {
    for (command, code, message) in [
      ("no-such-program", 127, "there is no program of this name in PATH"),
      ("/no/such/program", 127, "there is no such file"), ("/etc/passwd", 126, "not executable"),
      ("/", 126, "a directory"),
    ] as [(String, Int32, String)] {
      let run = try await skein("advise", "--", command)
      #expect(run.code == code && run.output == "" && run.errors.contains(message), "\(run)")
      #expect(!run.errors.contains("advice for"))
    }
  }

  @Test("what waits is I/O-bound, with a size by both formulas")
  func waits() async throws {
    let run = try await skein("advise", "--", "sleep", "0.5")
    #expect(run.code == 0 && run.output == "" && run.errors.contains("\nI/O-bound: "), "\(run)")
    #expect(run.errors.contains("rule of thumb") && run.errors.contains("measured"))
  }

  // MARK: Signals

  @Test("a signal for the tool reaches the command, and the advice follows")
  func handedOn() async throws {
    let run = try await skein.shell(
      """
      ready=$(mktemp -u); mkfifo "$ready"
      "$0" advise -- bash -c "trap 'echo caught; exit 9' TERM; echo >'$ready'; while :; do sleep 0.01; done" & tool=$!
      read <"$ready"; rm "$ready"
      kill -TERM $tool
      wait $tool; echo $?
      """)
    #expect(run.lines == ["caught", "9"] && run.errors.contains("advice for bash"), "\(run)")
  }

  @Test("Ctrl-C at a terminal is the command's, once; the advice follows, in colour")
  func interrupted() async throws {
    let terminal = try PseudoTerminal(width: 60, height: 24)
    let script = "trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.01; done"
    let code = try await skein.run(["advise", "--repeat", "3", "--", "bash", "-c", script], at: terminal) {
      _ in
      try await eventually("it runs") { terminal.output.contains("ready") }
      terminal.type("\u{3}")
    }
    #expect(code == 5)
    try await eventually("the advice is read") { terminal.output.contains("measured") }
    #expect(terminal.output.components(separatedBy: "caught\n").count == 2, "\(terminal.output)")
    #expect(terminal.output.contains("\u{1b}[1m") && terminal.output.contains("ended with code 5"))
    let widths = terminal.output.replacing(/\u{1b}\[[0-9;]*m/, with: "").split(separator: "\n").map(\.count)
    #expect(widths.allSatisfy { $0 <= 60 }, "\(terminal.output)")
  }

  @Test("with NO_COLOR there is no colour at a terminal")
  func plain() async throws {
    let terminal = try PseudoTerminal(width: 60, height: 24)
    let code = try await skein.run(["advise", "--", "true"], at: terminal, variables: ["NO_COLOR": "1"]) {
      _ in
    }
    #expect(code == 0)
    try await eventually("the advice is read") { terminal.output.contains("measured") }
    #expect(!terminal.output.contains("\u{1b}"))
  }

  // MARK: Options

  @Test("--json has standard output to itself, one object")
  func json() async throws {
    let run = try await skein("advise", "--json", "--repeat", "2", "--", "echo", "words")
    #expect(run.code == 0 && run.errors == "words\nwords\n" && run.lines.count == 1, "\(run)")
    let object = try Self.object(run.output)
    #expect((object["runs"] as? [Any])?.count == 2 && object["command"] as? [String] == ["echo", "words"])
    #expect((object["poolSize"] as? [String: Any])?["ruleOfThumb"] is Int)
  }

  @Test("--repeat runs it so many times, and ends with the first that fails")
  func repetitions() async throws {
    let counter = FileManager.default.temporaryDirectory.appending(path: "skein-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: counter) }
    let script = "echo >>'\(counter)'; [ $(wc -l <'\(counter)') -lt 3 ]"
    let failed = try await skein("advise", "--json", "--repeat", "9", "--", "sh", "-c", script)
    #expect(failed.code == 1, "\(failed)")
    let codes = try (Self.object(failed.output)["runs"] as? [[String: Any]])?.map { $0["exitCode"] as? Int }
    #expect(codes == [0, 0, 1])
    let text = try await skein("advise", "--repeat", "3", "--", "true")
    #expect(text.errors.contains("on the average of 3 runs"), "\(text)")
  }

  @Test("--output takes the advice, and the streams stay the command's")
  func file() async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "skein-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let run = try await skein("advise", "--json", "--output", path, "--", "echo", "words")
    #expect(run.code == 0 && run.output == "words\n" && run.errors == "", "\(run)")
    #expect(try Self.object(String(contentsOfFile: path, encoding: .utf8))["branch"] is String)
    let refused = try await skein("advise", "--output", "/no/such/file", "--", "echo", "words")
    #expect(
      refused.code == 2 && refused.output == "" && refused.errors.contains("/no/such/file"), "\(refused)")
  }

  @Test("a reader that goes away does not change how the command ended")
  func brokenPipe() async throws {
    let run = try await skein.shell(
      "\"$0\" advise --json -- sh -c 'sleep 0.2; exit 3' | true; echo ${PIPESTATUS[0]}")
    #expect(run.lines == ["3"] && run.errors == "", "\(run)")
  }

  @Test(
    "wrong arguments end with code 64 and say what is wrong",
    arguments: [
      ([], "there is no command to be measured"), (["--"], "there is no command"),
      (["--", ""], "the command is empty"),
      (["--repeat", "0", "--", "true"], "--repeat goes from 1"), (["sleep", "2"], "write it after '--'"),
    ] as [([String], String)])
  func wrongArguments(_ arguments: [String], _ message: String) async throws {
    let run = try await skein.run(["advise"] + arguments)
    #expect(run.code == 64 && run.output == "" && run.errors.contains(message), "\(run)")
  }
}

internal import ArgumentParser
internal import SkeinFutures
internal import SkeinJobForms

/// Runs a command, and says which way to concurrency suits it.
struct AdviseVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "advise",
    abstract: "Run a command, measure whether it computes or waits, and advise on threads, tasks and pools.",
    usage: "\(SkeinTool.name) advise [<options>] -- <command> [<argument> ...]",
    discussion: """
      The command has the streams of this one: it reads and writes what it would
      without. When it has ended, the advice is written to standard error, or to
      the file that --output names. With --json and without --output, standard
      output has the advice as one JSON object and nothing else: what the command
      writes there goes to standard error.

      What is measured: time, processor time of the command and of its children
      that have ended, context switches, memory, threads. What a thread waits is
      what it neither computes nor stands in the queue for a processor.

      The exit code is the command's own, or 128 + signal; 127 when there is no
      such command, 126 when it can not be run. Ctrl-C is for the command; the
      advice follows all the same. With --repeat, the first run that fails or is
      interrupted is the last.

      Examples:
        \(SkeinTool.name) advise -- sleep 2
        \(SkeinTool.name) advise --repeat 5 -- gzip -k big.log
        \(SkeinTool.name) advise -- sh -c 'curl -s example.org | wc -c'
        \(SkeinTool.name) advise --json -- ./import march.csv | jq .poolSize.measured
        cat list.txt | \(SkeinTool.name) advise --output advice.txt -- sort | head
      """)

  @Argument(
    parsing: .postTerminator, help: ArgumentHelp("The program and its arguments.", valueName: "command"))
  var command: [String] = []

  @Option(
    name: .customLong("repeat"),
    help: ArgumentHelp("Run it so many times, one after the other.", valueName: "count"))
  var count = 1

  @Option(
    help: ArgumentHelp("Write the advice to this file instead of standard error.", valueName: "file"))
  var output: String?

  @Flag(help: "Write the figures and the advice as one JSON object.")
  var json = false

  private static let most = 10_000

  func validate() throws {
    guard let program = command.first else {
      throw ValidationError(
        "there is no command to be measured: write it after '--', as in '\(SkeinTool.name) advise -- make test'"
      )
    }
    guard !program.isEmpty else { throw ValidationError("the command is empty") }
    guard 1...Self.most ~= count else { throw ValidationError("--repeat goes from 1 to \(Self.most)") }
  }

  func run() async throws {
    let file = try output.map(AdviceFile.init)
    let processors = AvailableProcessors.current.count
    SignalRelay.start()
    let runs = try await measuredRuns()
    let figures = try CommandFigures(command: command, runs: runs, processors: processors)
    try write(figures, Advice(figures), to: file)
    let code = runs.last?.end.exitCode ?? 0
    if code != 0 { throw ExitCode(code) }
  }

  /// Runs the command on a thread of its own, for it is waited for there.
  private func measuredRuns() async throws -> [CommandRun] {
    let (command, count, outputToErrors) = (command, count, json && output == nil)
    do {
      return try await onThread(named: "skein-advise") {
        var runs: [CommandRun] = []
        while runs.count < count, !SignalRelay.isAskedToEnd, runs.last.map({ $0.end == .exited(0) }) ?? true {
          runs.append(try CommandRun.run(command, outputToErrors: outputToErrors))
        }
        // Interrupted before it was started at all.
        guard !runs.isEmpty else { throw CancellationError() }
        return runs
      }
    } catch let failure as CommandNotStartedFailure {
      Console.shared.complain(failure.message)
      throw ExitCode(failure.exitCode)
    }
  }

  private func write(_ figures: CommandFigures, _ advice: Advice, to file: AdviceFile?) throws {
    let console = Console.shared
    let terminal = file == nil ? console.errors : Terminal(width: nil)
    let text =
      json
      ? try JSONText.encode(AdviceView(figures, advice)) + "\n"
      : AdviceText(terminal: terminal).text(figures, advice)
    if let file { return try file.write(text) }
    guard json else { return console.note("\n" + text) }
    // That nobody reads it any more does not change how the command ended.
    do { try console.write(text) } catch is BrokenPipe {}
  }
}

internal import ArgumentParser
internal import SkeinJobForms

/// Runs experiments.
struct LabVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: "Run the experiments on concurrency: what happens, and whether it was expected.",
    discussion: """
      Each one shows what it does step by step, checks its own outcome, and says what
      that shows and which API is used. The exit code is 0 only when every outcome is
      the expected one. What spoils a process runs in a child process of its own.

      Experiments:
        \(Experiments.all.map(\.name).joined(separator: " "))

      Examples:
        \(SkeinTool.name) lab race
        \(SkeinTool.name) lab deadlock rlock
        \(SkeinTool.name) lab --all
        \(SkeinTool.name) lab --all --json | jq -r 'select(.ok | not) | .name'
      """)

  @Argument(
    help: ArgumentHelp("The experiments to run.", valueName: "name"),
    completion: .list(Experiments.all.map(\.name)))
  var names: [String] = []

  @Flag(help: "Run all of them, with a table at the end.")
  var all = false

  @Flag(help: "List their names, with the chapter's section and what they do.")
  var list = false

  @Flag(help: "Write one JSON object for each experiment.")
  var json = false

  @Option(help: .hidden)
  var child: LabRole?

  func validate() throws {
    guard child == nil else { return }
    for name in names where Experiments.named(name) == nil { throw Self.unknown(name) }
    guard [!names.isEmpty, all, list].count(where: { $0 }) == 1 else {
      throw ValidationError("name experiments, or give either --all or --list")
    }
  }

  func run() async throws {
    if let child { return try await child.perform() }
    if list { return try writeList() }
    let reports = try await run(all ? Experiments.all : names.compactMap(Experiments.named))
    if !json, reports.count > 1 { try Console.shared.write(text.summary(reports)) }
    let status = LabReport.status(of: reports)
    if status != .success { throw ExitCode(status.rawValue) }
  }

  private var text: LabText { LabText(terminal: Console.shared.output) }

  private func run(_ experiments: [any Experiment]) async throws -> [LabReport] {
    var reports: [LabReport] = []
    for experiment in experiments {
      let report = await LabRun.report(of: experiment)
      try Console.shared.write(json ? JSONText.encode(report) + "\n" : text.text(report) + "\n")
      reports.append(report)
    }
    return reports
  }

  private func writeList() throws {
    guard json else { return try Console.shared.write(Experiments.table.text(for: Console.shared.output)) }
    struct Line: Encodable { var name, section, title: String }
    for experiment in Experiments.all {
      let line = Line(name: experiment.name, section: experiment.section, title: experiment.title)
      try Console.shared.line(JSONText.encode(line))
    }
  }

  private static func unknown(_ name: String) -> ValidationError {
    let names = Experiments.all.map(\.name)
    let near = NearNames.of(name, among: names)
    let advice =
      near.isEmpty
      ? "there are \(names.joined(separator: ", "))" : "did you mean \(near.joined(separator: " or "))?"
    return ValidationError("there is no experiment '\(name)'; \(advice)")
  }
}

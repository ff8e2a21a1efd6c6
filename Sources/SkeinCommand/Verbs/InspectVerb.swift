internal import ArgumentParser
internal import SkeinDiagnostics
internal import SkeinJobForms
internal import SkeinSync

/// Shows what the threads and tasks of a process wait for.
struct InspectVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what the threads and tasks of a running process wait for, and its deadlocks.",
    discussion: """
      Works on every process of yours that has called Diagnostics.start() of
      SkeinDiagnostics; 'up' and 'worker' do. Root may inspect everybody's. Without
      a process, lists those that can be inspected.

      Examples:
        \(SkeinTool.name) inspect
        \(SkeinTool.name) inspect 4711
        \(SkeinTool.name) inspect 4711 --watch 2s
        \(SkeinTool.name) inspect 4711 --dot | dot -Tsvg > waits.svg
        \(SkeinTool.name) inspect 4711 --json | jq '.deadlocks[]'
      """)

  @Argument(help: ArgumentHelp("The number of the process.", valueName: "pid"))
  var process: Int32?

  @Flag(help: "Write the graph for Graphviz.")
  var dot = false

  @Flag(help: "Write the graph as one JSON object a line.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Ask again and again, with so much time between, such as 2s, until the process ends.",
      valueName: "duration"))
  var watch: String?

  func validate() throws {
    if dot && json { throw ValidationError("--dot and --json exclude each other") }
    if process == nil && (dot || watch != nil) { throw ValidationError("name a process to be inspected") }
  }

  func run() async throws {
    let pause = try watch.map(Self.pause)
    guard let process else { return try list() }
    try write(Self.ask(process, for: form))
    guard let pause else { return }
    let clock = MonotonicClock()
    while true {
      try await clock.sleep(until: clock.now.advanced(by: pause))
      // That what is watched ends is no failure.
      guard let answer = try? Self.ask(process, for: form) else { return }
      try write((form == .text ? "\n---\n\n" : "") + answer)
    }
  }

  private static func ask(_ process: Int32, for form: InspectForm) throws -> String {
    do throws(InspectError) {
      return try InspectClient.ask(process, for: form)
    } catch {
      throw CommandFailure(status(error.code), error.message)
    }
  }

  /// Root may look at a process of somebody whom it does not trust: nothing in the answer steers a terminal.
  private func write(_ answer: String) throws {
    try Console.shared.write(Text.printable(answer, keepsLines: true))
  }

  private static func pause(_ text: String) throws -> Duration {
    let pause = try DurationText.parse(text)
    guard pause >= .milliseconds(10) else { throw CommandFailure.usage("--watch takes 10ms or more") }
    return pause
  }

  private var form: InspectForm { dot ? .dot : json ? .json : .text }

  private static func status(_ code: InspectError.Code) -> ExitStatus {
    switch code {
    case .noSuchProcess: .notFound
    case .noAnswer: .timedOut
    case .unsafeDirectory, .systemError, .notAllowed, .notInspectable: .systemError
    }
  }

  private func list() throws {
    let targets = InspectClient.targets()
    if json {
      for target in targets {
        try Console.shared.line(JSONText.encode(TargetView(process: target.process, name: target.name)))
      }
      return
    }
    var table = Table(columns: [.init(title: "PROCESS", isNumber: true), .init(title: "NAME")])
    for target in targets { table.rows.append([.init("\(target.process)"), .init(target.name)]) }
    let terminal = Console.shared.output
    if targets.isEmpty && terminal.isTerminal {
      return try Console.shared.line("no process can be inspected: none has called Diagnostics.start()")
    }
    try Console.shared.write(table.text(for: terminal))
  }

  private struct TargetView: Encodable {
    var process: Int32
    var name: String
  }
}

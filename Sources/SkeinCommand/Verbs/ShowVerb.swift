internal import ArgumentParser
internal import FoundationEssentials
internal import SkeinBuiltinJobs
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinResilience

/// Shows all about one job.
struct ShowVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show all about a job: its rules, input, attempts, result, and what it is tied to.",
    discussion: """
      Examples:
        \(SkeinTool.name) show 12
        \(SkeinTool.name) show --json 12 | jq .result
      """)

  @OptionGroup var queue: QueueOptions

  @Argument(help: "The job: a number or an id.", transform: JobReference.parse)
  var job: JobReference

  func run() async throws {
    try await queue.withQueue { queue in
      let details = try await JobDetails(of: queue.find(job), in: queue)
      if self.queue.json { return try Console.shared.line(JSONText.encode(details.view)) }
      try Console.shared.write(details.text(for: Console.shared.output))
    }
  }
}

extension JobDetails {
  func text(for terminal: Terminal) -> String {
    let lines = facts(terminal).map { name, value in
      terminal.isTerminal
        ? terminal.paint(Text.padded(name, to: 12), .bold) + value : name + "\t" + Text.printable(value)
    }
    let table = attemptTable.text(for: terminal)
    let flow = tree.map { "\n" + $0.text(for: terminal) + "\n" } ?? ""
    return lines.joined(separator: "\n") + "\n" + (table.isEmpty ? "" : "\n" + table) + flow
  }

  private func facts(_ terminal: Terminal) -> [(String, String)] {
    let rules = record.kind
    let facts: [(String, String?)] = [
      ("job", "\(record.sequence)"), ("id", record.id.description), ("name", rules.name),
      ("state", terminal.paint(record.stateText, record.state.paint)),
      ("queue", record.queue), ("priority", "\(record.priority)"), ("unique key", uniqueText),
      ("limited by", record.concurrencyKey.map { "key \(Text.printable($0))" }),
      ("group", group?.description),
      ("attempts", attemptsText), ("time limit", limitText), ("enqueued", TimeText.exact(record.enqueuedAt)),
      ("starts", record.state == .scheduled ? TimeText.exact(record.life.runAt) : nil),
      ("expires", record.expiresAt.map(TimeText.exact)), ("started", record.startedAt.map(TimeText.exact)),
      ("ended", record.finishedAt.map(TimeText.exact)), ("progress", progressText),
      ("command", rules.name == CommandJob.name ? Text.printable(command) : nil),
      ("input", printable(input)), ("result", result.map(printable)),
    ]
    return facts.compactMap { name, value in value.map { (name, $0) } }
  }

  private var uniqueText: String? {
    record.uniqueKey.map { key in
      Text.printable(key) + (record.uniqueUntil.map { ", until \(TimeText.exact($0))" } ?? "")
    }
  }

  private var attemptsText: String {
    let most = record.kind.retry.maximumAttempts.map { "at most \($0)" } ?? "no limit"
    let crashes = record.life.crashes == 0 ? "" : ", \(record.life.crashes) ended with the worker's death"
    return "\(record.life.attempts) (\(most)\(crashes))"
  }

  private var command: String { InputText.summary(name: record.kind.name, input: input) }

  private var limitText: String? {
    let limits = [
      record.kind.softTimeLimit.map { "\(TimeText.span($0 / .seconds(1))) soft" },
      record.kind.hardTimeLimit.map { "\(TimeText.span($0 / .seconds(1))) hard" },
    ]
    let text = limits.compactMap(\.self).joined(separator: ", ")
    return text.isEmpty ? nil : text
  }

  private var progressText: String? {
    record.progress.map { "\(Int($0.fraction * 100))%\($0.message.map { " " + Text.printable($0) } ?? "")" }
  }

  private func printable(_ data: Data) -> String {
    let text = Text.printable(String(decoding: data.prefix(4000), as: UTF8.self))
    return data.count > 4000 ? text + "… (\(data.count) bytes; all of it with --json)" : text
  }

  private var attemptTable: Table {
    var table = Table(columns: [
      .init(title: "ATTEMPT", isNumber: true), .init(title: "OUTCOME"),
      .init(title: "WORKER", minimum: 8, rank: 2),
      .init(title: "STARTED", minimum: 12, rank: 3), .init(title: "RAN", isNumber: true, rank: 1),
      .init(title: "ERROR", minimum: 10),
    ])
    for attempt in attempts {
      let error = attempt.error.map { "\($0.type): \($0.message)" } ?? ""
      table.rows.append([
        "\(attempt.number)", .init(attempt.outcome.name, paint: attempt.outcome.paint), .init(attempt.worker),
        .init(TimeText.exact(attempt.startedAt)),
        .init(TimeText.span(from: attempt.startedAt, to: attempt.endedAt)),
        .init(error),
      ])
    }
    return table
  }
}

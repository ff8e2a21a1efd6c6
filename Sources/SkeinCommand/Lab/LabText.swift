internal import SkeinJobForms
internal import SkeinSync

/// Reports as people read them; the same in a pipe, without colour.
struct LabText {
  var terminal: Terminal

  /// A report: what happened, what was checked, what that shows.
  func text(_ report: LabReport) -> String {
    let heading = terminal.paint("\(report.name)", .bold) + " · \(report.section) · \(report.title)"
    let steps = report.steps.map { line($0, whoWidth: whoWidth(report)) }
    let checks = report.checks.map(line)
    let problem =
      report.problem.map {
        ["  \(mark(false)) it did not come to its end: " + Text.printable($0, keepsLines: true)]
      } ?? []
    let ends = [("shows", report.lesson), ("uses", report.uses.joined(separator: ", "))].map {
      "  \(terminal.paint(Text.padded($0, to: 7), .faint))\(Text.wrapped($1, to: width - 9, indent: 9))"
    }
    let groups = [[heading], steps, checks + problem, ends]
    return groups.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
  }

  /// A line for each experiment, and a verdict.
  func summary(_ reports: [LabReport]) -> String {
    var table = Table(columns: [
      .init(title: "EXPERIMENT"), .init(title: "SECTION", rank: 2),
      .init(title: "TIME", isNumber: true, rank: 1),
      .init(title: "RESULT", minimum: 12), .init(title: ""),
    ])
    table.rows = reports.map { report in
      [
        .init(report.name), .init(report.section), .init(TimeText.span(report.seconds)),
        .init(report.outcome),
        .init(report.isAsExpected ? "✓" : "✗", paint: report.isAsExpected ? .green : .red),
      ]
    }
    return table.text(for: reader) + "\n" + verdict(reports) + "\n"
  }

  private func verdict(_ reports: [LabReport]) -> String {
    let wrong = reports.filter { !$0.isAsExpected }.map(\.name)
    guard !wrong.isEmpty else {
      return terminal.paint("Every outcome is the expected one.", .green)
    }
    return terminal.paint("Not the expected outcome: \(wrong.joined(separator: ", "))", .red)
  }

  // MARK: Parts

  /// People read this in logs too: there it has the form that it has on a terminal.
  private var reader: Terminal { terminal.isTerminal ? terminal : Terminal(width: 110) }

  private var width: Int { min(reader.width, 110) }

  private func whoWidth(_ report: LabReport) -> Int {
    report.steps.reduce(0) { max($0, Text.width($1.who ?? "")) }
  }

  /// The first line is wrapped; what follows is a quotation, and stays as it is.
  private func line(_ step: LabReport.Step, whoWidth: Int) -> String {
    let time = terminal.paint(Text.padded("\(step.milliseconds)ms", to: 7, onLeft: true), .faint)
    let who = Text.padded(step.who ?? "", to: whoWidth)
    let start = whoWidth > 0 ? terminal.paint(who, .cyan) + "  " : ""
    let indent = 9 + (whoWidth > 0 ? whoWidth + 2 : 0)
    let lines = Text.printable(step.what, keepsLines: true).split(separator: "\n").map(String.init)
    let quotation = lines.dropFirst().map { "\n" + String(repeating: " ", count: 11) + $0 }.joined()
    return
      "\(time)  \(start)\(Text.wrapped(lines.first ?? "", to: width - indent, indent: indent))\(quotation)"
  }

  private func line(_ check: LabReport.Check) -> String {
    let text = Text.printable("\(check.what): \(result(check))")
    return "  \(mark(check.isMet)) \(Text.wrapped(text, to: width - 4, indent: 4))"
  }

  private func result(_ check: LabReport.Check) -> String {
    guard check.isMet else { return "\(check.observed), but expected \(check.expected)" }
    return check.observed == check.expected
      ? check.observed : "\(check.observed) (expected \(check.expected))"
  }

  private func mark(_ isGood: Bool) -> String {
    isGood ? terminal.paint("✓", .green) : terminal.paint("✗", .red)
  }

  /// A value as people read it: numbers in groups of three digits, lists without brackets.
  static func value(_ value: some Any) -> String {
    switch value {
    case let number as Int: grouped(number)
    case let values as [String]: values.joined(separator: ", ")
    case let error as LockError: text(error)
    default: "\(value)"
    }
  }

  private static func text(_ error: LockError) -> String {
    switch error {
    case .timedOut(let name): "timedOut, of \(name ?? "a lock without a name")"
    case .wouldDeadlock(let name): "wouldDeadlock, of \(name ?? "a lock without a name")"
    }
  }

  /// How a call ended that may throw.
  static func ending(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return value(error)
    }
  }

  private static func grouped(_ number: Int) -> String {
    let digits = String(number.magnitude)
    let groups = digits.enumerated().map { index, digit in
      (index > 0 && (digits.count - index).isMultiple(of: 3) ? "," : "") + String(digit)
    }
    return (number < 0 ? "-" : "") + groups.joined()
  }
}

extension Text {
  /// Breaks a line at spaces where it is too long; further lines are indented.
  static func wrapped(_ text: String, to columns: Int, indent: Int) -> String {
    var lines = [""]
    for word in text.split(separator: " ").map(String.init) {
      let current = lines[lines.count - 1]
      if !current.isEmpty, width(current) + 1 + width(word) > columns {
        lines.append(word)
      } else {
        lines[lines.count - 1] = current.isEmpty ? word : "\(current) \(word)"
      }
    }
    return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
  }
}

internal import SkeinFutures
internal import SkeinJobForms

/// Advice as people read it; the same in a pipe, without colour.
struct AdviceText {
  var terminal: Terminal

  func text(_ figures: CommandFigures, _ advice: Advice) -> String {
    let command = Text.cut(Text.printable(figures.command.joined(separator: " ")), to: max(20, width - 12))
    let parts = [
      terminal.paint("advice for", .faint) + " " + terminal.paint(command, .bold) + "\n",
      rows(measured(figures)), verdict(advice), choices(advice.choices), rows(sizes(figures, advice)),
      advice.notes.map { "  " + terminal.paint("note", .yellow) + " " + wrapped($0, at: 7) + "\n" }.joined(),
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// People read this in logs too: there it is as wide as on a usual terminal.
  private var width: Int { min(terminal.isTerminal ? terminal.width : 100, 100) }

  private func wrapped(_ text: String, at column: Int) -> String {
    Text.wrapped(text, to: max(20, width - column), indent: column)
  }

  // MARK: Parts

  private typealias Row = (name: String, text: String)

  private func rows(_ rows: [Row]) -> String {
    let names = rows.reduce(0) { max($0, Text.width($1.name)) }
    return rows.map { row in
      "  \(terminal.paint(Text.padded(row.name, to: names), .faint))  \(wrapped(row.text, at: names + 4))\n"
    }.joined()
  }

  private func measured(_ figures: CommandFigures) -> [Row] {
    let processors = "\(figures.processors) processor\(figures.processors == 1 ? "" : "s")"
    return [
      ("time", time(figures.wall)),
      (
        "processor",
        "\(Self.span(figures.user)) of its own, \(Self.span(figures.system)) in the system:"
          + " \(Self.decimal(figures.busyProcessors)) of \(processors) busy (\(Self.percent(figures.processorShare)))"
      ),
      ("waits", "\(Self.percent(figures.waitShare)) of its time"),
      (
        "switches",
        "\(LabText.value(figures.voluntarySwitches)) to wait,"
          + " \(LabText.value(figures.involuntarySwitches)) because others had their turn"
      ),
      ("memory", Self.memory(figures.peakMemory)),
      ("threads", "\(figures.threads) at the most"),
    ]
  }

  private func time(_ wall: Timing) -> String {
    guard wall.iterations > 1 else { return Self.span(wall.mean) }
    let reach = wall.meanInterval().map { " ± \(Self.span($0.upperBound - wall.mean))" } ?? ""
    return "\(Self.span(wall.mean))\(reach) on the average of \(wall.iterations) runs, median"
      + " \(Self.span(wall.median)), \(Self.span(wall.minimum)) to \(Self.span(wall.maximum))"
  }

  private func verdict(_ advice: Advice) -> String {
    let name = Self.name(advice.branch)
    let text = wrapped("\(name): \(advice.why).", at: 0) + "\n"
    // On a very narrow terminal the name itself may be broken.
    return text.hasPrefix(name) ? terminal.paint(name, .green) + text.dropFirst(name.count) : text
  }

  private func choices(_ choices: [Advice.Choice]) -> String {
    choices.enumerated().map { index, choice in
      let mark = index == choices.count - 1 ? "└── " : "├── "
      return "  \(mark)\(wrapped("\(choice.when) → \(choice.use) (\(choice.module))", at: 6))\n"
    }.joined()
  }

  private func sizes(_ figures: CommandFigures, _ advice: Advice) -> [Row] {
    [
      ("rule of thumb", "\(Self.threads(advice.ruleOfThumb)): \(Self.rule(advice.workload))"),
      ("measured", "\(advice.measured)"),
    ]
  }
}

extension AdviceText {
  // MARK: Words and numbers

  static func name(_ branch: Advice.Branch) -> String {
    switch branch {
    case .ioBound: "I/O-bound"
    case .cpuBound: "CPU-bound"
    case .mostlyWaiting: "mixed, mostly I/O"
    case .mostlyComputing: "mixed, mostly computing"
    }
  }

  private static func rule(_ workload: Workload) -> String {
    switch workload {
    case .cpuBound: "as many as processors"
    case .ioBound: "five for each processor, at most 32"
    case .mixed: "two for each processor, at most 16"
    }
  }

  private static func threads(_ count: Int) -> String { "\(count) thread\(count == 1 ? "" : "s")" }

  private static func span(_ span: Duration) -> String { TimeText.span(span / .seconds(1)) }

  /// A part of a whole in per cent; what is not quite all or nothing does not look so.
  static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    switch tenths {
    case 0: return share > 0 ? "less than 0.1 %" : "0 %"
    case 1000: return share < 1 ? "more than 99.9 %" : "100 %"
    default: return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }
  }

  /// A number with two digits behind its point.
  static func decimal(_ number: Double) -> String {
    let hundredths = Int((number * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }

  private static func memory(_ peak: PeakMemory) -> String {
    peak.isBound ? "less than \(bytes(peak.bytes))" : "\(bytes(peak.bytes)) at the most"
  }

  private static func bytes(_ count: Int) -> String {
    let mebibytes = Double(count) / 1_048_576
    guard mebibytes < 1024 else { return decimal(mebibytes / 1024) + " GiB" }
    let tenths = Int((mebibytes * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) MiB"
  }
}

internal import FoundationEssentials
internal import SkeinJobs

/// The screen of `top` as lines: each at most as wide as the terminal, and never more than it is high.
struct TopScreen {
  /// `nil` before the first look.
  var snapshot: TopSnapshot?
  /// As wide as the lines may be.
  var terminal: Terminal
  var height: Int
  /// Whether there are keys to tell about.
  var hasKeys = true

  /// Draws, and keeps the choices within what there is.
  func lines(_ controls: inout TopControls) -> [String] {
    let list = snapshot.map { content($0, &controls) } ?? [counting]
    let room = max(1, height - 1)
    let filled = list.prefix(room) + Array(repeating: "", count: max(0, room - list.count))
    return filled + (height > 1 ? [footer(controls).text(for: terminal)] : [])
  }

  private var counting: String {
    StyledLine("\(SkeinTool.name) top: counting the jobs").text(for: terminal)
  }

  private func content(_ snapshot: TopSnapshot, _ controls: inout TopControls) -> [String] {
    let counts: [TopSection: Int] = [
      .queues: snapshot.queues.count, .running: snapshot.running.count, .failures: snapshot.failures.count,
    ]
    let layout = TopLayout(height: height, counts: counts, focus: controls.focus)
    let header = TopHeader(snapshot: snapshot, width: terminal.width).lines.prefix(layout.header)
    var lines = header.map { $0.text(for: terminal) }
    for section in TopSection.allCases {
      guard let room = layout.rows[section] else { continue }
      let rows = controls.rows(of: section, count: counts[section]!, room: room)
      if layout.hasHeadings { lines.append(heading(section, rows, of: counts[section]!, controls)) }
      lines += list(section, rows, snapshot, controls)
    }
    return lines
  }

  // MARK: Lists

  private func heading(
    _ section: TopSection, _ rows: Range<Int>, of count: Int, _ controls: TopControls
  ) -> String {
    let isFocused = section == controls.focus
    var title = isFocused ? "▸ " : "  "
    switch section {
    case .queues: title += "Queues"
    case .running: title += "Running jobs, " + controls.sort.title
    case .failures: title += "Latest failures"
    }
    if rows.count < count { title += ": \(rows.lowerBound + 1) to \(rows.upperBound) of \(count)" }
    return StyledLine(title, isFocused ? .cyan : .faint).text(for: terminal)
  }

  private func list(
    _ section: TopSection, _ rows: Range<Int>, _ snapshot: TopSnapshot, _ controls: TopControls
  ) -> [String] {
    let tables = TopTables(snapshot: snapshot)
    let table =
      switch section {
      case .queues: tables.queues(snapshot.queues[rows])
      case .running: tables.running(controls.sort.sorted(snapshot.running)[rows])
      case .failures: tables.failures(snapshot.failures[rows])
      }
    guard table.rows.isEmpty else {
      return table.text(for: terminal).split(separator: "\n").map(String.init)
    }
    return [StyledLine(section == .queues ? "no jobs" : "no job runs", .faint).text(for: terminal)]
  }

  // MARK: Footer

  private func footer(_ controls: TopControls) -> StyledLine {
    guard hasKeys else { return StyledLine("Ctrl-C quits", .faint) }
    let pause: (String, Paint?) = controls.isPaused ? ("paused, p goes on", .yellow) : ("p pause", .faint)
    let keys: [(String, Paint?)] = [
      ("q quit", .faint), pause, ("s sort: \(controls.sort.title)", .faint), ("j k scroll", .faint),
      ("tab next list", .faint),
    ]
    return StyledLine(keys, separator: " · ")
  }
}

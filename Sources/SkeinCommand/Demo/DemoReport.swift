internal import FoundationEssentials
internal import SkeinJobForms
internal import SkeinJobs

/// What happened in the demo, and whether it was what should have happened.
struct DemoReport: Sendable {
  /// A group of jobs.
  struct Row: Sendable {
    var group: DemoGroup
    var outcomes: [DemoOutcome]

    /// Whether every job came out as expected.
    var isAsExpected: Bool {
      !outcomes.isEmpty && outcomes.count == group.ids.count
        && outcomes.allSatisfy { group.expected.isMet(by: $0) }
    }
  }

  var rows: [Row]
  var seconds: Double
  var end: DemoRun.End

  /// Whether everything ended, and as expected.
  var isAsExpected: Bool {
    guard case .finished = end else { return false }
    return rows.allSatisfy(\.isAsExpected)
  }

  // MARK: For people

  /// The table and the summary.
  func text(for terminal: Terminal) -> String {
    // People read the demo in logs too: there it is a table as well, without colour.
    let reader = terminal.isTerminal ? terminal : Terminal(width: 120)
    return "\n" + table.text(for: reader) + "\n" + summary(reader).joined(separator: "\n") + "\n"
  }

  private var table: Table {
    var table = Table(columns: [
      .init(title: "JOB", isNumber: true, rank: 5), .init(title: "WHAT", minimum: 12),
      .init(title: "STATE", minimum: 9), .init(title: "ATTEMPTS", minimum: 8, rank: 3),
      .init(title: "WAITED", isNumber: true, rank: 4), .init(title: "RAN", isNumber: true, rank: 2),
      .init(title: "EXPECTED", minimum: 10, rank: 1), .init(title: ""),
    ])
    table.rows = rows.map(\.cells)
    return table
  }

  private func summary(_ terminal: Terminal) -> [String] {
    let jobs = rows.reduce(0) { $0 + $1.outcomes.count }
    let attempts = rows.reduce(0) { sum, row in row.outcomes.reduce(sum) { $0 + $1.attempts.count } }
    let figures = "\(jobs) jobs in \(attempts) attempts, \(TimeText.span(seconds)) in all"
    let verdict =
      isAsExpected
      ? terminal.paint("Every outcome is the expected one.", .green) : terminal.paint(faults, .red)
    return proofs + [figures, verdict]
  }

  /// What can be told only from several jobs together.
  private var proofs: [String] {
    rows.compactMap { row in
      switch row.group.expected {
      case .overtakes where !row.outcomes.isEmpty:
        let counts = row.outcomes.map { "\($0.overtaken)" }.joined(separator: ", ")
        return
          "The urgent jobs started before \(counts) of \(DemoPlan.backlogCount) jobs submitted earlier."
      case .survivesCrash where row.isAsExpected:
        let worker = row.outcomes.compactMap { $0.attempts.last?.worker }.first ?? "another"
        return
          "The killed worker's \(row.outcomes.count) jobs were run again by worker '\(worker)'."
      default: return nil
      }
    }
  }

  private var faults: String {
    let wrong = rows.filter { !$0.isAsExpected }.map { row in
      "  \(row.group.title): expected \(row.group.expected.text), but it is \(row.stateText)"
    }
    let how =
      switch end {
      case .finished: "Not everything came out as expected:"
      case .outOfTime: "The demo took too long and was ended. What is missing:"
      case .interrupted: "The demo was interrupted. What is missing:"
      case .broken(let why): "The demo could not go on: \(why). What is missing:"
      }
    return ([how] + wrong).joined(separator: "\n")
  }

  // MARK: For programs

  struct View: Encodable {
    struct Job: Encodable {
      var what: String
      var job: JobView
      var attempts: [AttemptView]
      var expected: String
      var isAsExpected: Bool
    }
    var seconds: Double
    var isAsExpected: Bool
    var jobs: [Job]
  }

  var view: View {
    let jobs = rows.flatMap { row in
      row.outcomes.map { outcome in
        View.Job(
          what: row.group.title, job: JobView(outcome.record),
          attempts: outcome.attempts.map(AttemptView.init),
          expected: row.group.expected.text, isAsExpected: row.group.expected.isMet(by: outcome))
      }
    }
    return View(seconds: seconds, isAsExpected: isAsExpected, jobs: jobs)
  }
}

extension DemoReport.Row {
  /// The fields of the table. Times of several jobs are the longest.
  fileprivate var cells: [Table.Cell] {
    let waits = outcomes.compactMap { outcome in
      outcome.firstStart.map { $0.timeIntervalSince(outcome.record.enqueuedAt) }
    }
    let runs = outcomes.flatMap(\.attempts).compactMap { attempt in
      attempt.endedAt.map { $0.timeIntervalSince(attempt.startedAt) }
    }
    let paint: Paint = isAsExpected ? .green : .red
    return [
      .init(numbers), .init(group.title), .init(stateText, paint: outcomes.first?.record.state.paint),
      .init(attemptsText), .init(longest(waits)), .init(longest(runs)), .init(group.expected.text),
      .init(isAsExpected ? "✓" : "✗", paint: paint),
    ]
  }

  private var numbers: String {
    let numbers = outcomes.map(\.record.sequence)
    guard let first = numbers.min(), let last = numbers.max() else { return "" }
    return first == last ? "\(first)" : "\(first)-\(last)"
  }

  fileprivate var stateText: String {
    let states = Dictionary(grouping: outcomes, by: { $0.record.stateText }).sorted { $0.key < $1.key }
    guard outcomes.count > 1 else { return states.first?.key ?? "never submitted" }
    return states.map { "\($0.value.count) \($0.key)" }.joined(separator: ", ")
  }

  private var attemptsText: String {
    let kinds = outcomes.map { outcome in outcome.attempts.map(\.outcome.name).runs }
    let distinct = Set(kinds)
    return distinct.count == 1 ? distinct.first! : "\(outcomes.reduce(0) { $0 + $1.attempts.count })"
  }

  private func longest(_ spans: [Double]) -> String { spans.max().map(TimeText.span) ?? "" }
}

extension [String] {
  /// Equal neighbours together: `2 failed, 1 succeeded`.
  fileprivate var runs: String {
    var runs: [(String, Int)] = []
    for name in self {
      if runs.last?.0 == name { runs[runs.count - 1].1 += 1 } else { runs.append((name, 1)) }
    }
    return runs.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
  }
}

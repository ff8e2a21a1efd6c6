internal import SkeinFutures

/// Which way to concurrency suits a command, after the decision tree of the chapter's section 16.1.
///
/// ```text
///  it waits for…
///  90 % of its time or more   I/O-bound    code that blocks            → ThreadPool
///                                          many at once, few resources → tasks
///  10 % or less               CPU-bound                                → ParallelPool, or processes
///  50 % or more               mixed, mostly I/O                        → tasks, which hand computing to a pool
///  less                       mixed, mostly computing                  → ParallelPool, beside it a ThreadPool for the I/O
/// ```
struct Advice: Sendable {
  /// A leaf of the tree.
  enum Branch: String, Sendable, CaseIterable {
    case ioBound, cpuBound, mostlyWaiting, mostlyComputing

    init(waitShare: Double) {
      switch Workload(waitShare: waitShare) {
      case .ioBound: self = .ioBound
      case .cpuBound: self = .cpuBound
      case .mixed: self = waitShare >= 0.5 ? .mostlyWaiting : .mostlyComputing
      }
    }
  }

  /// What to take, and in which case.
  struct Choice: Sendable, Encodable, Equatable {
    var when: String
    var use: String
    var module: String
  }

  var branch: Branch
  var workload: Workload
  var why: String
  var choices: [Choice]
  var ruleOfThumb: Int
  var measured: PoolRecommendation
  /// What to know about the figures before they are believed.
  var notes: [String]

  init(_ figures: CommandFigures) throws {
    let share = figures.waitShare
    branch = Branch(waitShare: share)
    workload = Workload(waitShare: share)
    why = Self.why(branch, figures)
    choices = Self.choices(branch)
    ruleOfThumb = try PoolSizing.ruleOfThumb(for: workload, processors: figures.processors)
    let wall = max(figures.wall.mean, .nanoseconds(1))
    let compute = Duration.nanoseconds(wall / .nanoseconds(1) * (1 - share))
    measured = try PoolSizing.recommendation(
      for: JobTimes(wall: wall, compute: compute), processors: figures.processors)
    notes = Self.notes(figures)
  }

  // MARK: Words

  private static func why(_ branch: Branch, _ figures: CommandFigures) -> String {
    let waits = "it waits for \(AdviceText.percent(figures.waitShare)) of its time"
    return switch branch {
    case .ioBound: "\(waits). While one waits, others can go on; more processors would not help"
    case .cpuBound where figures.processorShare >= 0.9:
      "\(waits), and keeps every processor busy already. More threads would only take turns"
    case .cpuBound:
      "\(waits), and keeps \(AdviceText.decimal(figures.busyProcessors)) of \(figures.processors) processors busy."
        + (figures.processors > 1 ? " The work has to be divided among them" : "")
    case .mostlyWaiting: "\(waits), and computes for the rest"
    case .mostlyComputing: "\(waits), and computes for most of it"
    }
  }

  private static let threadPool = Choice(
    when: "the code blocks (synchronous code)", use: "ThreadPool", module: "SkeinFutures")
  private static let tasks = Choice(
    when: "many at once, with few resources", use: "tasks: a task group, a Semaphore as its limit",
    module: "SkeinSync")
  private static let parallelPool = Choice(
    when: "the work can be divided", use: "ParallelPool", module: "SkeinFutures")
  private static let processes = Choice(
    when: "a crash must not take others along", use: "processes: a job queue and its workers",
    module: "SkeinJobs")

  private static func choices(_ branch: Branch) -> [Choice] {
    switch branch {
    case .ioBound: [threadPool, tasks]
    case .cpuBound: [parallelPool, processes]
    case .mostlyWaiting:
      [
        Choice(when: "the waiting", use: tasks.use, module: tasks.module),
        Choice(
          when: "the computing, and what blocks", use: "ThreadPool, awaited by the tasks",
          module: "SkeinFutures"),
      ]
    case .mostlyComputing:
      [
        Choice(when: "the computing", use: "ParallelPool", module: "SkeinFutures"), processes,
        Choice(when: "the waiting", use: "ThreadPool beside it", module: "SkeinFutures"),
      ]
    }
  }

  private static func notes(_ figures: CommandFigures) -> [String] {
    var notes: [String] = []
    if let failed = figures.runs.first(where: { $0.end != .exited(0) }) {
      notes.append("The command \(failed.end): the figures are of what it did until then.")
    }
    if figures.wall.median < .milliseconds(50) {
      notes.append(
        "It ran for a moment only, of which starting it is a part: give it more work, or --repeat.")
    }
    if figures.queuedShare > 0.2, figures.queued > figures.wall.mean / 20 {
      notes.append(
        "For \(AdviceText.percent(figures.queuedShare)) of the time in which it could have computed, others had the"
          + " processors, or its own other threads; that is not counted as waiting.")
    }
    return notes
  }
}

extension CommandRun.End: CustomStringConvertible {
  /// For people.
  var description: String {
    switch self {
    case .exited(let code): "ended with code \(code)"
    case .signalled(let signal): "was ended by \(SignalWatch.name(signal))"
    }
  }
}

internal import ArgumentParser
internal import Foundation
internal import SkeinJobForms
internal import SkeinJobs

/// Lists schedules.
struct ScheduleList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the schedules with their next and last ticks.",
    discussion: """
      In a pipe the fields are: name, when, next tick, last tick, job of the last
      tick, name of the job, 'paused' or nothing.

      Examples:
        \(SkeinTool.name) schedule list
      """)

  @OptionGroup var queue: QueueOptions

  func run() async throws {
    try await queue.withQueue { queue in
      let schedules = try await queue.schedules()
      if self.queue.json {
        for schedule in schedules { try Console.shared.line(JSONText.encode(ScheduleView(schedule))) }
        return
      }
      try Console.shared.write(Self.table(schedules).text(for: Console.shared.output))
      if schedules.isEmpty, Console.shared.output.isTerminal {
        try Console.shared.line("no schedules: 'schedule add' makes one")
      }
    }
  }

  private static func table(_ schedules: [ScheduleRecord]) -> Table {
    var table = Table(columns: [
      .init(title: "NAME", minimum: 8), .init(title: "WHEN", minimum: 12), .init(title: "NEXT"),
      .init(title: "LAST", rank: 1), .init(title: "JOB", isNumber: true, rank: 2),
      .init(title: "RUNS", rank: 3),
      .init(title: "", rank: 4),
    ])
    for schedule in schedules {
      let last = schedule.runs.first
      table.rows.append([
        .init(schedule.name), .init(ScheduleText.when(schedule.new.schedule)),
        ScheduleText.cell(schedule.nextTick),
        ScheduleText.cell(last?.tick), .init(last.map { "\($0.sequence)" } ?? ""),
        .init(schedule.new.job.kind.name), .init(schedule.isPaused ? "paused" : "", paint: .yellow),
      ])
    }
    return table
  }
}

/// Shows one schedule.
struct ScheduleShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a schedule, its coming ticks, and the jobs of the last ones.",
    discussion: """
      Examples:
        \(SkeinTool.name) schedule show report
      """)

  @OptionGroup var queue: QueueOptions
  @Argument(help: ArgumentHelp("The schedule.", valueName: "name")) var name: String

  func run() async throws {
    try await queue.withQueue { queue in
      guard let schedule = try await queue.schedules().first(where: { $0.name == name }) else {
        throw CommandFailure.noSchedule(name)
      }
      if self.queue.json { return try Console.shared.line(JSONText.encode(ScheduleView(schedule))) }
      for line in Self.lines(schedule) { try Console.shared.line(line) }
    }
  }

  private static func lines(_ record: ScheduleRecord) -> [String] {
    let new = record.new
    var lines = [
      "\(Text.printable(record.name)): \(ScheduleText.when(new.schedule))"
        + (record.isPaused ? " (paused)" : "")
    ]
    lines.append("  job       \(InputText.summary(name: new.job.kind.name, input: new.job.payload.kwargs))")
    lines.append("  queue     \(Text.printable(new.job.queue)), priority \(new.job.priority)")
    lines.append(
      "  catch-up  \(ScheduleText.catchUp(new.catchUp))" + (new.avoidsOverlap ? ", no overlap" : ""))
    if !record.isPaused {
      lines.append("  next")
      lines += new.schedule.next(5, after: Date()).map { "    " + ScheduleText.tick($0, of: new.schedule) }
    }
    guard !record.runs.isEmpty else { return lines }
    lines.append("  last")
    return lines
      + record.runs.prefix(5).map {
        "    \(ScheduleText.tick($0.tick, of: new.schedule))  job \($0.sequence)"
      }
  }
}

/// Queues a schedule's job now.
struct ScheduleRun: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Queue the job of a schedule now, beside its ticks.",
    discussion: """
      Examples:
        \(SkeinTool.name) schedule run report
      """)

  @OptionGroup var queue: QueueOptions
  @Argument(help: ArgumentHelp("The schedule.", valueName: "name")) var name: String

  func run() async throws {
    try await queue.withQueue { queue in
      guard let job = try await queue.store.runSchedule(name) else { throw CommandFailure.noSchedule(name) }
      if self.queue.json { return try Console.shared.line(JSONText.encode(SubmittedView(job))) }
      try Console.shared.line(
        job.isExisting
          ? "job \(job.sequence) of an earlier tick is unfinished: nothing was added"
          : Console.shared.output.isTerminal ? "submitted job \(job.sequence)" : "\(job.id)")
    }
  }
}

/// Has a schedule's ticks passed over.
struct SchedulePause: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Pass over the ticks of a schedule, until 'schedule resume'.",
    discussion: """
      Examples:
        \(SkeinTool.name) schedule pause report
      """)

  @OptionGroup var queue: QueueOptions
  @Argument(help: ArgumentHelp("The schedule.", valueName: "name")) var name: String

  func run() async throws {
    try await ScheduleChange.make(name, "paused", queue) { try await $0.setPaused(true, schedule: name) }
  }
}

/// Has a schedule's ticks happen again.
struct ScheduleResume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Follow a schedule again that was paused; what came up meanwhile is passed over.",
    discussion: """
      Examples:
        \(SkeinTool.name) schedule resume report
      """)

  @OptionGroup var queue: QueueOptions
  @Argument(help: ArgumentHelp("The schedule.", valueName: "name")) var name: String

  func run() async throws {
    try await ScheduleChange.make(name, "followed again", queue) { store in
      try await store.setPaused(false, schedule: name)
    }
  }
}

/// Removes a schedule.
struct ScheduleRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove a schedule. Jobs that it has queued stay.",
    discussion: """
      Examples:
        \(SkeinTool.name) schedule remove report
      """)

  @OptionGroup var queue: QueueOptions
  @Argument(help: ArgumentHelp("The schedule.", valueName: "name")) var name: String

  func run() async throws {
    try await ScheduleChange.make(name, "removed", queue) { try await $0.removeSchedule(name) }
  }
}

/// What has become of a schedule.
private struct ScheduleChange: Encodable {
  var name: String
  var change: String

  /// Changes a schedule, and says so.
  ///
  /// - Parameter body: changes it; `false` when there is none.
  static func make(
    _ name: String, _ change: String, _ options: QueueOptions, _ body: (any JobStore) async throws -> Bool
  ) async throws {
    try await options.withQueue { queue in
      guard try await body(queue.store) else { throw CommandFailure.noSchedule(name) }
      try Console.shared.line(
        options.json
          ? JSONText.encode(ScheduleChange(name: name, change: change))
          : "schedule \(Text.printable(name)) is \(change)")
    }
  }
}

extension CommandFailure {
  fileprivate static func noSchedule(_ name: String) -> CommandFailure {
    CommandFailure(.notFound, "there is no schedule '\(name)'; 'schedule list' shows those there are")
  }
}

internal import ArgumentParser
internal import Foundation
internal import SkeinJobForms
internal import SkeinJobs

/// Has jobs come up again and again.
struct ScheduleVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule",
    abstract: "Queue a job again and again: by a cron expression, or at a fixed rate.",
    discussion: """
      Schedules are kept in the queue's file and followed by its workers, any number
      of them: each tick queues its job once, and none as long as no worker runs.

      Examples:
        \(SkeinTool.name) schedule add report "30 4 * * MON-FRI" --timezone Europe/Berlin -- ./report.sh
        \(SkeinTool.name) schedule add poll 90s --task fetch --input '{"url": "…"}'
        \(SkeinTool.name) schedule list
        \(SkeinTool.name) schedule preview "0 2 * * *" --timezone America/New_York
      """,
    subcommands: [
      ScheduleAdd.self, ScheduleList.self, ScheduleShow.self, ScheduleRun.self, SchedulePause.self,
      ScheduleResume.self, ScheduleRemove.self, SchedulePreview.self,
    ])
}

/// When something comes up.
struct ScheduleTimes: ParsableArguments {
  @Argument(
    help: ArgumentHelp("A cron expression of five or six fields, or a span such as 90s.", valueName: "when"))
  var when: String

  @Option(help: ArgumentHelp("Whose clocks a cron expression follows.", valueName: "zone"))
  var timezone = "UTC"

  @Option(
    help: ArgumentHelp(
      "Put each start off by up to so much, differently for each tick.", valueName: "duration"),
    transform: JobFlags.Flag.duration)
  var jitter = Duration.zero

  /// The same as a value.
  func schedule() throws -> JobSchedule {
    try ScheduleText.schedule(when: when, timeZone: timezone, jitter: jitter)
  }
}

/// Adds or replaces a schedule.
struct ScheduleAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Add a schedule, or replace the one of the same name.",
    usage: """
      \(SkeinTool.name) schedule add [<options>] <name> <when> -- <command> [<argument> ...]
      \(SkeinTool.name) schedule add [<options>] <name> <when> --task <task> [--input <json>]
      """,
    discussion: """
      A cron expression has the fields minute, hour, day of month, month and day of
      week, with the second before them if there are six; or it is @hourly, @daily,
      @weekly, @monthly or @yearly. When clocks are changed, a time that is skipped
      comes right after the gap, and one that is repeated comes once; if the hour
      begins with *, elapsed time is followed instead.

      Ticks at which no worker ran are made up for by one job (once), not at all
      (skip), or by a job each (all, of which the last hundred).

      Examples:
        \(SkeinTool.name) schedule add backup "0 3 * * *" --no-overlap -- ./backup.sh
        \(SkeinTool.name) schedule add poll 90s --catch-up skip --expires 1m -- ./poll.sh
      """)

  @OptionGroup var queue: QueueOptions

  @Argument(help: ArgumentHelp("What it is called.", valueName: "name"))
  var name: String

  @OptionGroup var times: ScheduleTimes

  @Option(help: ArgumentHelp("What becomes of missed ticks: once, skip or all.", valueName: "policy"))
  var catchUp = CatchUpText.once

  @Flag(help: "Pass over a tick while the job of an earlier one is unfinished.")
  var noOverlap = false

  @OptionGroup(title: "The job") var source: JobSource
  @OptionGroup(title: "How it is queued and run") var flags: JobFlags

  func validate() throws {
    guard flags.delay == nil else {
      throw ValidationError("--delay is for single jobs; a schedule says when, and --jitter spreads")
    }
    guard !noOverlap || flags.unique == nil else {
      throw ValidationError("--no-overlap and --unique exclude each other")
    }
  }

  func run() async throws {
    let schedule = try times.schedule()
    guard var request = try source.request() else {
      throw CommandFailure.usage("there is nothing to be queued: give a command after --, or --task")
    }
    request.changes = flags.changes
    let early = try queue.exists(queue.directory()) ? nil : new(schedule, request, announced: [:])
    try await queue.withQueue(creates: true) { [request] queue in
      var new = early
      if new == nil { new = try self.new(schedule, request, announced: await queue.store.knownJobs()) }
      let (record, isReplaced) = try await queue.store.put(new!)
      try tell(record, isReplaced)
    }
  }

  private func new(
    _ schedule: JobSchedule, _ request: JobRequest, announced: [String: Int]
  ) throws -> NewSchedule {
    let catalog = JobCatalog(registry: KnownJobs.registry, announced: announced)
    return try NewSchedule(
      name: name, schedule: schedule, job: catalog.job(request), expiry: flags.expires,
      catchUp: catchUp.policy,
      avoidsOverlap: noOverlap)
  }

  private func tell(_ record: ScheduleRecord, _ isReplaced: Bool) throws {
    if queue.json { return try Console.shared.line(JSONText.encode(ScheduleView(record))) }
    let next = record.nextTick.map { "next at \(TimeText.exact($0))" } ?? "which never comes"
    try Console.shared.line(
      "schedule \(Text.printable(name)) is \(isReplaced ? "replaced" : "added"): "
        + "\(ScheduleText.when(record.new.schedule)), \(record.isPaused ? "still paused" : next)")
  }
}

/// How missed ticks are made up for, as it is typed.
enum CatchUpText: String, ExpressibleByArgument, CaseIterable {
  case once, skip, all

  var policy: CatchUpPolicy {
    switch self {
    case .once: .once
    case .skip: .skip
    case .all: .all(limit: 100)
    }
  }
}

/// Shows the coming ticks of a schedule that need not exist.
struct SchedulePreview: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Show when a schedule would come up. Nothing is stored.",
    discussion: """
      Examples:
        \(SkeinTool.name) schedule preview "0 9 * * MON#1" --timezone Europe/Berlin --count 12
      """)

  @OptionGroup var times: ScheduleTimes

  @Option(help: ArgumentHelp("How many ticks.", valueName: "count"))
  var count = 10

  @Flag(help: "Write JSON: one object a line.")
  var json = false

  func validate() throws {
    guard (1...10_000).contains(count) else { throw ValidationError("--count goes from 1 to 10000") }
  }

  func run() async throws {
    let schedule = try times.schedule()
    for tick in schedule.next(count, after: Date()) {
      try Console.shared.line(
        json ? JSONText.encode(View(tick: tick)) : ScheduleText.tick(tick, of: schedule))
    }
  }

  private struct View: Encodable {
    var tick: Date
  }
}

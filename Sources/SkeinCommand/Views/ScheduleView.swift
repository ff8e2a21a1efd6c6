internal import Foundation
internal import SkeinJobs

/// A schedule in JSON.
struct ScheduleView: Encodable {
  var name: String
  var schedule: JobSchedule
  var catchUp: String
  var avoidsOverlap: Bool
  var job: String
  var queue: String
  var priority: Int
  var isPaused: Bool
  var madeAt: Date
  var nextTick: Date?
  /// The latest first.
  var runs: [ScheduledRun]

  init(_ record: ScheduleRecord) {
    name = record.name
    schedule = record.new.schedule
    catchUp = ScheduleText.catchUp(record.new.catchUp)
    avoidsOverlap = record.new.avoidsOverlap
    job = record.new.job.kind.name
    queue = record.new.job.queue
    priority = record.new.job.priority
    isPaused = record.isPaused
    madeAt = record.madeAt
    nextTick = record.nextTick
    runs = record.runs
  }
}

/// Schedules for people.
enum ScheduleText {
  /// When it comes up, as it would be typed.
  static func when(_ schedule: JobSchedule) -> String {
    let spread = schedule.jitter == .zero ? "" : ", within \(TimeText.span(schedule.jitter / .seconds(1)))"
    return switch schedule.rhythm {
    case .cron(let expression, let zone): "\(expression) \(zone)" + spread
    case .every(let interval, _): "every \(TimeText.span(interval / .seconds(1)))" + spread
    }
  }

  /// A tick by the clocks that the schedule follows, and in UTC where these are others.
  static func tick(_ tick: Date, of schedule: JobSchedule) -> String {
    guard case .cron(_, let zone) = schedule.rhythm, zone != .utc else { return TimeText.exact(tick) }
    var style = Date.ISO8601FormatStyle(timeZone: TimeZone(identifier: zone.identifier) ?? .gmt)
    style = style.year().month().day().time(includingFractionalSeconds: false).timeZone(separator: .colon)
    return "\(tick.formatted(style))  \(TimeText.exact(tick))"
  }

  static func cell(_ tick: Date?) -> Table.Cell {
    guard let tick else { return .init("") }
    return .init(TimeText.distance(to: tick), exact: TimeText.exact(tick))
  }

  static func catchUp(_ policy: CatchUpPolicy) -> String {
    switch policy {
    case .skip: "skip"
    case .once: "once"
    case .all(let limit): "all, at most \(limit)"
    }
  }
}

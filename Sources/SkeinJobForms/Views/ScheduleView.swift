package import Foundation
package import SkeinJobs

/// A schedule in JSON.
package struct ScheduleView: Encodable, Sendable {
  package var name: String
  package var schedule: JobSchedule
  package var catchUp: String
  package var avoidsOverlap: Bool
  package var job: String
  package var queue: String
  package var priority: Int
  package var isPaused: Bool
  package var madeAt: Date
  package var nextTick: Date?
  /// The latest first.
  package var runs: [ScheduledRun]

  package init(_ record: ScheduleRecord) {
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
package enum ScheduleText {
  /// Reads when something comes up: a cron expression of five or six fields, or a span such as `90s`.
  ///
  /// - Parameters:
  ///   - when: what was typed.
  ///   - timeZone: whose clocks a cron expression follows.
  ///   - jitter: up to so much each tick is put off, by chance.
  /// - Throws: ``JobQueueError`` with code `invalidInput`.
  package static func schedule(when: String, timeZone: String, jitter: Duration) throws -> JobSchedule {
    do {
      guard when.first?.isNumber == true, !when.contains(where: \.isWhitespace) else {
        return try .cron(when, timeZone: timeZone, jitter: jitter)
      }
      guard timeZone == "UTC" else {
        throw JobQueueError.invalidInput(
          "a time zone belongs to a cron expression: a fixed rate follows no clocks")
      }
      return try .every(try DurationText.parse(when), jitter: jitter)
    } catch let error as InvalidSchedule {
      throw JobQueueError.invalidInput(error.description)
    }
  }

  /// When it comes up, as it would be typed.
  package static func when(_ schedule: JobSchedule) -> String {
    let spread = schedule.jitter == .zero ? "" : ", within \(TimeText.span(schedule.jitter / .seconds(1)))"
    return switch schedule.rhythm {
    case .cron(let expression, let zone): "\(expression) \(zone)" + spread
    case .every(let interval, _): "every \(TimeText.span(interval / .seconds(1)))" + spread
    }
  }

  /// A tick by the clocks that the schedule follows, and in UTC where these are others.
  package static func tick(_ tick: Date, of schedule: JobSchedule) -> String {
    guard case .cron(_, let zone) = schedule.rhythm, zone != .utc else { return TimeText.exact(tick) }
    var style = Date.ISO8601FormatStyle(timeZone: TimeZone(identifier: zone.identifier) ?? .gmt)
    style = style.year().month().day().time(includingFractionalSeconds: false).timeZone(separator: .colon)
    return "\(tick.formatted(style))  \(TimeText.exact(tick))"
  }

  package static func catchUp(_ policy: CatchUpPolicy) -> String {
    switch policy {
    case .skip: "skip"
    case .once: "once"
    case .all(let limit): "all, at most \(limit)"
    }
  }
}

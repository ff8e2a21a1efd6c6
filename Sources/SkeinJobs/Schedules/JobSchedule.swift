public import struct FoundationEssentials.Date

/// When a job comes up again and again: by a cron expression, or at a fixed rate.
///
/// ```swift
/// let nightly = try JobSchedule.cron("30 4 * * *", timeZone: "Europe/Berlin", jitter: .seconds(300))
/// let poll = try JobSchedule.every(.seconds(90))
/// for tick in nightly.next(5, after: Date()) { print(tick) }
/// ```
///
/// The moments that a schedule names are its *ticks*. They follow from the schedule alone: whoever asks, and
/// in whichever process, gets the same ones. So a tick can identify the run that is due at it.
///
/// The type decides and does nothing: a scheduler asks ``due(lastTick:now:policy:grace:)`` what to enqueue,
/// and ``next(after:)`` how long it may sleep.
///
/// - Invariant: an interval is at least a second, and the jitter is at most a day, and at most the interval.
public struct JobSchedule: Hashable, Sendable {
  /// What the ticks follow.
  public enum Rhythm: Hashable, Sendable {
    /// The clocks of a time zone.
    case cron(CronExpression, timeZone: JobTimeZone)
    /// Elapsed time: there is a tick at the anchor, and one each whole number of intervals before and after
    /// it.
    case every(Duration, anchor: Date)
  }

  /// What the ticks follow.
  public let rhythm: Rhythm
  /// Below how much the start of a run is put off from its tick, see ``start(of:named:)``.
  public let jitter: Duration

  /// Creates a schedule by the clocks of a time zone.
  ///
  /// - Parameters:
  ///   - expression: when it fires.
  ///   - timeZone: whose clocks are meant.
  ///   - jitter: over how much time starts are spread: from nothing to a day, kept to the millisecond.
  /// - Throws: ``InvalidSchedule`` when the jitter is out of its range.
  public static func cron(
    _ expression: CronExpression, timeZone: JobTimeZone = .utc, jitter: Duration = .zero
  ) throws(InvalidSchedule) -> JobSchedule {
    JobSchedule(
      rhythm: .cron(expression, timeZone: timeZone), jitter: try check(jitter: jitter, atMost: longestJitter))
  }

  /// Creates a schedule by the clocks of a time zone from texts.
  ///
  /// - Parameters:
  ///   - expression: see ``CronExpression``.
  ///   - timeZone: see ``JobTimeZone/init(_:)``.
  ///   - jitter: over how much time starts are spread: from nothing to a day, kept to the millisecond.
  /// - Throws: ``InvalidSchedule``, which names what is wrong and what to write.
  public static func cron(
    _ expression: String, timeZone: String = "UTC", jitter: Duration = .zero
  ) throws(InvalidSchedule) -> JobSchedule {
    try cron(try CronExpression(expression), timeZone: try JobTimeZone(timeZone), jitter: jitter)
  }

  /// Creates a schedule with a fixed rate, which no delay of a run ever shifts.
  ///
  /// - Parameters:
  ///   - interval: from a second to a hundred years, kept to the millisecond.
  ///   - anchor: a moment that is a tick, in the years from 1 to 9999, kept to the millisecond. It aligns the
  ///     ticks and does not begin them. By default they are whole multiples of the interval after 1970.
  ///   - jitter: over how much time starts are spread: from nothing to a day, but at most the interval; kept
  ///     to the millisecond.
  /// - Throws: ``InvalidSchedule`` when a value is out of its range.
  public static func every(
    _ interval: Duration, anchor: Date = Date(timeIntervalSince1970: 0), jitter: Duration = .zero
  ) throws(InvalidSchedule) -> JobSchedule {
    guard let span = interval.wholeMilliseconds, span >= 1000 else {
      throw InvalidSchedule(
        "interval", "\(interval)", problem: "it must be from a second to a hundred years",
        advice: interval < .seconds(1) ? "write 1 second or more" : "write less")
    }
    guard let moment = anchor.wholeMilliseconds, CivilDay.milliseconds.contains(moment) else {
      throw InvalidSchedule(
        "anchor", "\(anchor.timeIntervalSince1970) s since 1970",
        problem: "it is not in the years from 1 to 9999",
        advice: "leave it out, or write a moment that is to be a tick")
    }
    let rounded = Duration.milliseconds(span)
    return JobSchedule(
      rhythm: .every(rounded, anchor: Date(wholeMilliseconds: moment)),
      jitter: try check(jitter: jitter, atMost: min(rounded, longestJitter)))
  }

  private static let longestJitter = Duration.seconds(86_400)

  private static func check(jitter: Duration, atMost longest: Duration) throws(InvalidSchedule) -> Duration {
    guard jitter >= .zero, jitter <= longest, let rounded = jitter.wholeMilliseconds else {
      throw InvalidSchedule(
        "jitter", "\(jitter)",
        problem: "it must be from nothing to \(longest): a day, or the interval if that is less",
        advice: "write a span within")
    }
    return .milliseconds(rounded)
  }

  private init(rhythm: Rhythm, jitter: Duration) {
    self.rhythm = rhythm
    self.jitter = jitter
  }
}

extension JobSchedule: CustomStringConvertible {
  /// A phrase for people, such as `30 4 * * * in Europe/Berlin, within 300.0 seconds`.
  public var description: String {
    let spread = jitter == .zero ? "" : ", within \(jitter)"
    return switch rhythm {
    case .cron(let expression, let timeZone): "\(expression) in \(timeZone)" + spread
    case .every(let interval, let anchor): "every \(interval), one at \(anchor.ISO8601Format())" + spread
    }
  }
}

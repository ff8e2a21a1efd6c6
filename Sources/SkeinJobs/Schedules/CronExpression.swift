/// A cron expression: at which seconds, minutes, hours, days, months and weekdays something fires.
///
/// ```swift
/// let nightly = try CronExpression("30 4 * * MON-FRI")
/// let next = nightly.next(after: Date(), in: try JobTimeZone("Europe/Berlin"))
/// ```
///
/// Five fields are minute, hour, day of month, month and day of week; with six, the second stands first. What
/// stands in a field:
///
/// | form | meaning |
/// |---|---|
/// | `*` | every value |
/// | `5` | this value |
/// | `MON`, `JAN` | a day of the week or month by its English name of three letters, in any case |
/// | `9-17`, `MON-FRI` | a range, both ends included; `SAT-SUN` is the weekend |
/// | `*/15`, `10-50/10` | every fifteenth value from the lowest on; every tenth of a range |
/// | `1,15,20-25` | a list of the above |
/// | `0` and `7` as day of week | Sunday |
/// | `L` as day of month | the last day of the month |
/// | `MON#2`, `FRI#L` as day of week | the second Monday of the month, the last Friday |
///
/// In place of all fields, `@hourly`, `@daily` or `@midnight`, `@weekly` (Sunday), `@monthly`, `@yearly` or
/// `@annually` name the first moment of each.
///
/// **Two day fields.** When both are restricted, a day that matches *either* fires: `0 0 13 * FRI` fires on
/// each 13th and on each Friday. As in Vixie cron, a field that begins with `*` counts as unrestricted, and
/// then a day has to match *both*: `0 0 */2 * MON` fires on Mondays with an odd date.
///
/// **When clocks are changed.** An expression whose hour field begins with `*` follows elapsed time: it fires
/// whenever clocks show a matching time, so in both passes of an hour that is repeated, and never for one
/// that is skipped. Every other expression names fixed times of the day, and each of them fires once: in the
/// first pass when it comes twice; when it is skipped, at the first moment after the gap, once for all that
/// were skipped and together with what is due at that moment anyway.
///
/// | Europe/Berlin | `*/30 * * * *` | `*/30 2 * * *` |
/// |---|---|---|
/// | 30 March 2025, 2:00 becomes 3:00 | …, 1:30, 3:00, 3:30, … | 3:00 |
/// | 26 October 2025, 3:00 becomes 2:00 | …, 2:00, 2:30, 2:00, 2:30, 3:00, … | 2:00, 2:30 (first pass) |
///
/// Refused are expressions that can never fire, such as `0 0 30 2 *`, and what cron programs read
/// differently: `5/15`, ranges that run backwards, steps that are longer than the field.
///
/// Two expressions are equal when they are written alike, apart from case and spaces.
///
/// - Invariant: the expression fires at least once in any 400 years.
/// - Source: P. Vixie, cron 4.1, and cronie's crontab(5), for the syntax and the rule of the two day fields;
///   its rule for changed clocks is followed in that the hour field decides, where Vixie's minute field does
///   as well.
public struct CronExpression: Hashable, Sendable {
  /// The expression in capitals, with one space between fields; a macro in small letters.
  private let source: String
  let seconds: CronNumbers
  let minutes: CronNumbers
  let hours: CronNumbers
  let days: CronDays
  /// Whether the hour field begins with `*`.
  let followsElapsedTime: Bool

  /// Reads an expression.
  ///
  /// - Parameter text: five or six fields, or a macro; any number of spaces and tabs between fields and
  ///   around them.
  /// - Throws: ``InvalidSchedule``, which names the field, its text, the values that it may have and what to
  ///   write, and for an expression that can never fire, why not.
  /// - Complexity: O(n) in the length of the text, below ten microseconds for usual ones.
  public init(_ text: String) throws(InvalidSchedule) {
    let fields = try CronFields(text)
    source = fields.source
    seconds = CronNumbers(try fields.elements(.second))
    minutes = CronNumbers(try fields.elements(.minute))
    hours = CronNumbers(try fields.elements(.hour))
    followsElapsedTime = fields.beginsWithStar(.hour)
    days = CronDays(
      daysOfMonth: try fields.elements(.dayOfMonth), months: try fields.elements(.month),
      weekdays: try fields.elements(.dayOfWeek),
      eitherIsEnough: !fields.beginsWithStar(.dayOfMonth) && !fields.beginsWithStar(.dayOfWeek))
    guard days.first(onOrAfter: 0) != nil else { throw fields.impossible() }
  }
}

extension CronExpression: CustomStringConvertible {
  /// The expression as it was written, in capitals and with one space between fields; a macro in small
  /// letters.
  public var description: String { source }
}

extension CronExpression: Codable {
  /// Decodes the text form.
  public init(from decoder: any Decoder) throws {
    self = try InvalidSchedule.asCorruption(in: decoder) { try Self(String(from: decoder)) }
  }

  /// Encodes the text form, ``description``.
  public func encode(to encoder: any Encoder) throws { try source.encode(to: encoder) }
}

import Foundation
import SkeinJobs
import Testing

@Suite("CronExpression")
struct CronExpressionTests {
  /// From Wednesday, 1 January 2025, 0:00 on, which itself does not count.
  static let ticks: [(String, [String])] = [
    ("* * * * *", ["2025-01-01 00:01", "2025-01-01 00:02"]),
    ("*/20 * * * *", ["2025-01-01 00:20", "2025-01-01 00:40", "2025-01-01 01:00"]),
    ("*/25 * * * *", ["2025-01-01 00:25", "2025-01-01 00:50", "2025-01-01 01:00"]),
    ("10-50/20 23 * * *", ["2025-01-01 23:10", "2025-01-01 23:30", "2025-01-01 23:50", "2025-01-02 23:10"]),
    ("*/60 * * * *", ["2025-01-01 01:00", "2025-01-01 02:00"]),
    ("5,10-12 0 * * *", ["2025-01-01 00:05", "2025-01-01 00:10", "2025-01-01 00:11", "2025-01-01 00:12"]),
    ("30 4 * * MON-FRI", ["2025-01-01 04:30", "2025-01-02 04:30", "2025-01-03 04:30", "2025-01-06 04:30"]),
    ("0 0 * * sat-sun", ["2025-01-04 00:00", "2025-01-05 00:00", "2025-01-11 00:00"]),
    ("0 0 * * 0", ["2025-01-05 00:00", "2025-01-12 00:00"]),
    ("0 0 * * 7", ["2025-01-05 00:00", "2025-01-12 00:00"]),
    ("0 0 * * 5-7", ["2025-01-03 00:00", "2025-01-04 00:00", "2025-01-05 00:00", "2025-01-10 00:00"]),
    ("0 0 1 jan,Jul *", ["2025-07-01 00:00", "2026-01-01 00:00"]),
    ("0 0 L * *", ["2025-01-31 00:00", "2025-02-28 00:00", "2025-03-31 00:00", "2025-04-30 00:00"]),
    ("0 0 15,L 2 *", ["2025-02-15 00:00", "2025-02-28 00:00", "2026-02-15 00:00"]),
    ("0 0 * * MON#1", ["2025-01-06 00:00", "2025-02-03 00:00"]),
    ("0 0 * * WED#5", ["2025-01-29 00:00", "2025-04-30 00:00"]),
    ("0 0 * * FRI#L", ["2025-01-31 00:00", "2025-02-28 00:00", "2025-03-28 00:00"]),
    ("0 0 * * 7#2", ["2025-01-12 00:00", "2025-02-09 00:00"]),
    ("0 0 * * MON#1,3#L,FRI", ["2025-01-03 00:00", "2025-01-06 00:00", "2025-01-10 00:00"]),
    ("0 0 29 2 *", ["2028-02-29 00:00", "2032-02-29 00:00"]),
    ("30 0 0 * * *", ["2025-01-01 00:00:30", "2025-01-02 00:00:30"]),
    ("*/40 59 23 * * *", ["2025-01-01 23:59", "2025-01-01 23:59:40", "2025-01-02 23:59"]),
    ("@hourly", ["2025-01-01 01:00", "2025-01-01 02:00"]), ("@daily", ["2025-01-02 00:00"]),
    ("@midnight", ["2025-01-02 00:00"]), ("@weekly", ["2025-01-05 00:00"]),
    ("@monthly", ["2025-02-01 00:00"]),
    ("@yearly", ["2026-01-01 00:00"]), ("@ANNUALLY", ["2026-01-01 00:00"]),
    // Either day field is enough when both are restricted.
    ("0 0 13 * FRI", ["2025-01-03 00:00", "2025-01-10 00:00", "2025-01-13 00:00", "2025-01-17 00:00"]),
    ("0 0 1-31 * FRI", ["2025-01-02 00:00", "2025-01-03 00:00"]),
    ("0 0 L * MON#1", ["2025-01-06 00:00", "2025-01-31 00:00", "2025-02-03 00:00"]),
    // Both must match when one begins with a star.
    ("0 0 */2 * MON", ["2025-01-13 00:00", "2025-01-27 00:00", "2025-02-03 00:00"]),
    ("0 0 13 * */5", ["2025-04-13 00:00", "2025-06-13 00:00", "2025-07-13 00:00"]),
  ]

  @Test("each form fires when its field says", arguments: ticks.indices)
  func forms(index: Int) throws {
    let (text, expected) = Self.ticks[index]
    let schedule = try JobSchedule.cron(text)
    #expect(schedule.stamps(expected.count, after: try utc("2025-01-01 00:00")) == expected, "\(text)")
  }

  /// Text, the part that is named, and what the message says: the range, and what to write.
  static let errors: [(String, String, [String])] = [
    ("", "cron expression", ["0 fields", "5 or 6", "'30 4 * * MON-FRI'"]),
    ("* * * *", "cron expression", ["4 fields"]), ("* * * * * * *", "cron expression", ["7 fields"]),
    ("60 * * * *", "minute", ["'60'", "0-59"]), ("61 0 * * * *", "second", ["'61'", "0-59"]),
    ("0 24 * * *", "hour", ["'24'", "0-23"]), ("0 0 0 * *", "day of month", ["'0'", "1-31"]),
    ("0 0 * 13 *", "month", ["'13'", "1-12 or JAN-DEC"]),
    ("0 0 * * 8", "day of week", ["'8'", "0-7 or SUN-SAT"]),
    ("5/15 * * * *", "minute", ["0-59", "write 5-59/15, or 5 alone"]),
    ("0 0 * 3/2 *", "month", ["write 3-12/2, or 3 alone"]),
    ("0 22-2 * * *", "hour", ["'22-2'", "write 22-23,0-2"]),
    ("0 0 * * FRI-MON", "day of week", ["write 5-6,0-1"]),
    ("0 0 * * 7-1", "day of week", ["write 0-1"]),
    ("*/90 * * * *", "minute", ["'90'", "1 to 60", "fixed interval"]),
    ("*/0 * * * *", "minute", ["'0'", "1 to 60"]), ("*/ * * * *", "minute", ["''", "1 to 60"]),
    ("*/5/5 * * * *", "minute", ["'5/5'"]), ("1,,2 * * * *", "minute", ["comma"]),
    ("1, * * * *", "minute", ["comma"]),
    ("-5 * * * *", "minute", ["''"]), ("+5 * * * *", "minute", ["'+5'"]),
    ("1-5-9 * * * *", "minute", ["'5-9'"]),
    ("99999999999999999999 * * * *", "minute", ["0-59"]), ("٣ * * * *", "minute", ["0-59"]),
    ("x * * * *", "minute", ["'X'"]), ("MON * * * *", "minute", ["'MON'"]),
    ("** * * * *", "minute", ["'**'"]),
    ("0 0 * * MONDAY", "day of week", ["write MON"]), ("0 0 ? * MON", "day of month", ["write *"]),
    ("0 0 L-3 * *", "day of month", ["write L alone"]), ("0 0 * * L", "day of week", ["write FRI#L"]),
    ("0 0 * L *", "month", ["'L'"]), ("L * * * *", "minute", ["'L'"]),
    ("0 0 * * MON#6", "day of week", ["'6'", "1 to 5 or L"]), ("0 0 * * MON#", "day of week", ["''"]),
    ("0 0 * * #1", "day of week", ["''"]), ("0 0 1#1 * *", "day of month", ["'1#1'"]),
    ("@reboot", "cron expression", ["@hourly", "fixed interval"]),
    ("@daily 5", "cron expression", ["@daily 5"]),
    ("0 0 30 2 *", "cron expression", ["never", "month of '2'", "day of '30'", "28 to 31 days"]),
    ("0 0 31 4,6,9,11 *", "cron expression", ["never", "'4,6,9,11'"]),
    ("0 0 */31 * MON#2", "cron expression", ["never", "'MON#2'"]),
    ("0 0 */30 2 SUN#5", "cron expression", ["never"]),
  ]

  @Test("what is wrong is named, with what is allowed and what to write", arguments: errors.indices)
  func refused(index: Int) throws {
    let (text, part, phrases) = Self.errors[index]
    let error = try #require(invalidSchedule { try CronExpression(text) })
    #expect(error.part == part)
    for phrase in phrases { #expect(error.description.contains(phrase), "\(error)") }
  }

  @Test("a field of any length is cut in the message")
  func longText() throws {
    let text = String(repeating: "1,", count: 10_000) + "x * * * *"
    let error = try #require(invalidSchedule { try CronExpression(text) })
    #expect(error.text.count == 80)
    #expect(error.description.count < 300)
  }

  @Test("rare days are found: at most forty years lie between two")
  func rare() throws {
    let leapSunday = try JobSchedule.cron("0 0 29 2 */7")
    let stamps = leapSunday.stamps(3, after: try utc("2060-03-01 00:00"))
    #expect(stamps == ["2088-02-29 00:00", "2128-02-29 00:00", "2156-02-29 00:00"])
    let leapDay = try JobSchedule.cron("0 0 29 2 *").stamps(2, after: try utc("2096-01-01 00:00"))
    #expect(leapDay == ["2096-02-29 00:00", "2104-02-29 00:00"])
    #expect(
      try JobSchedule.cron("0 0 * 2 MON#5").stamps(1, after: try utc("2025-01-01 00:00")) == [
        "2044-02-29 00:00"
      ])
  }

  @Test("fractions of a second count as past, and years beyond 9999 have no ticks")
  func limits() throws {
    let minutely = try CronExpression("* * * * *")
    let start = try utc("2025-01-01 00:00")
    #expect(minutely.next(after: start.addingTimeInterval(-0.001)) == start)
    #expect(minutely.next(after: start.addingTimeInterval(59.999)) == start.addingTimeInterval(60))
    #expect(minutely.next(after: Date(timeIntervalSince1970: -90.5)) == Date(timeIntervalSince1970: -60))
    #expect(minutely.next(after: try utc("9999-12-31 23:59")) == nil)
    for seconds in [Double.nan, .infinity, 1e300] {
      #expect(minutely.next(after: Date(timeIntervalSince1970: seconds)) == nil)
    }
    for seconds in [-Double.infinity, -1e300, Date.distantPast.timeIntervalSince1970] {
      let first = minutely.next(after: Date(timeIntervalSince1970: seconds))
      #expect(first == Date(timeIntervalSince1970: -719_162 * 86_400))
    }
  }

  @Test("its description is normalised, and reads back as an equal expression")
  func description() throws {
    let rows = [
      (" 30  4\t* * mon-Fri\n", "30 4 * * MON-FRI"), ("0 0 l * *", "0 0 L * *"), ("@Daily", "@daily"),
      ("0 30 4 * * *", "0 30 4 * * *"),
    ]
    for (text, normal) in rows {
      let expression = try CronExpression(text)
      #expect(expression.description == normal)
      #expect(try CronExpression(normal) == expression)
    }
    #expect(try CronExpression("@daily") != CronExpression("0 0 * * *"))
  }

  @Test("the JSON form is the text; a wrong text is a decoding error that says why")
  func json() throws {
    let expression = try CronExpression("*/5 * * * *")
    let data = try JSONEncoder().encode([expression])
    #expect(try JSONDecoder().decode([String].self, from: data) == ["*/5 * * * *"])
    #expect(try JSONDecoder().decode([CronExpression].self, from: data) == [expression])
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([CronExpression].self, from: Data(#"["5/15 * * * *"]"#.utf8))
    }
    #expect("\(try #require(error))".contains("write 5-59/15"))
  }
}

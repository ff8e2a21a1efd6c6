import SkeinJobs
import Testing

@Suite("CronExpression, when clocks are changed")
struct DaylightSavingTests {
  struct Row: Sendable {
    var zone: String
    /// In UTC.
    var start: String
    var expression: String
    var ticks: [String]
  }

  static let skipped = [
    Row(
      zone: "Europe/Berlin", start: "2025-03-29 12:00", expression: "30 2 * * *",
      ticks: ["2025-03-30 03:00 +0200", "2025-03-31 02:30 +0200"]),
    Row(
      zone: "Europe/Berlin", start: "2025-03-29 12:00", expression: "*/15 2 * * *",
      ticks: ["2025-03-30 03:00 +0200", "2025-03-31 02:00 +0200", "2025-03-31 02:15 +0200"]),
    Row(
      zone: "Europe/Berlin", start: "2025-03-29 12:00", expression: "0 2,3 * * *",
      ticks: ["2025-03-30 03:00 +0200", "2025-03-31 02:00 +0200", "2025-03-31 03:00 +0200"]),
    Row(
      zone: "Europe/Berlin", start: "2025-03-30 00:29", expression: "*/30 * * * *",
      ticks: ["2025-03-30 01:30 +0100", "2025-03-30 03:00 +0200", "2025-03-30 03:30 +0200"]),
    Row(
      zone: "Europe/Berlin", start: "2025-03-29 23:00", expression: "0 */2 * * *",
      ticks: ["2025-03-30 04:00 +0200", "2025-03-30 06:00 +0200"]),
    Row(
      zone: "Europe/Berlin", start: "2025-03-29 12:00", expression: "20 30 2 * * *",
      ticks: ["2025-03-30 03:00 +0200", "2025-03-31 02:30:20 +0200"]),
    Row(
      zone: "America/New_York", start: "2025-03-08 12:00", expression: "30 2 * * *",
      ticks: ["2025-03-09 03:00 -0400", "2025-03-10 02:30 -0400"]),
    Row(
      zone: "Australia/Lord_Howe", start: "2025-10-04 12:00", expression: "15 2 * * *",
      ticks: ["2025-10-05 02:30 +1100", "2025-10-06 02:15 +1100"]),
    Row(
      zone: "Australia/Lord_Howe", start: "2025-10-04 14:30", expression: "0 * * * *",
      ticks: ["2025-10-05 03:00 +1100", "2025-10-05 04:00 +1100"]),
    Row(
      zone: "America/Sao_Paulo", start: "2018-11-03 12:00", expression: "0 0 * * *",
      ticks: ["2018-11-04 01:00 -0200", "2018-11-05 00:00 -0200"]),
    Row(
      zone: "America/Sao_Paulo", start: "2018-11-03 12:00", expression: "30 0 4 11 *",
      ticks: ["2018-11-04 01:00 -0200", "2019-11-04 00:30 -0300"]),
    Row(
      zone: "Africa/Cairo", start: "2025-04-24 12:00", expression: "@daily",
      ticks: ["2025-04-25 01:00 +0300", "2025-04-26 00:00 +0300"]),
  ]

  @Test("fixed times that are skipped fire once, right after the gap; others go on", arguments: skipped)
  func gap(row: Row) throws { try check(row) }

  static let repeated = [
    Row(
      zone: "Europe/Berlin", start: "2025-10-25 12:00", expression: "30 2 * * *",
      ticks: ["2025-10-26 02:30 +0200", "2025-10-27 02:30 +0100"]),
    Row(
      zone: "Europe/Berlin", start: "2025-10-26 00:45", expression: "30 2 * * *",
      ticks: ["2025-10-27 02:30 +0100"]),
    Row(
      zone: "Europe/Berlin", start: "2025-10-26 00:15", expression: "*/30 0-23 * * *",
      ticks: ["2025-10-26 02:30 +0200", "2025-10-26 03:00 +0100", "2025-10-26 03:30 +0100"]),
    Row(
      zone: "Europe/Berlin", start: "2025-10-26 00:15", expression: "*/30 * * * *",
      ticks: [
        "2025-10-26 02:30 +0200", "2025-10-26 02:00 +0100", "2025-10-26 02:30 +0100",
        "2025-10-26 03:00 +0100",
      ]),
    Row(
      zone: "America/New_York", start: "2025-11-01 12:00", expression: "0 1 * * *",
      ticks: ["2025-11-02 01:00 -0400", "2025-11-03 01:00 -0500"]),
    Row(
      zone: "America/New_York", start: "2025-11-02 04:30", expression: "@hourly",
      ticks: ["2025-11-02 01:00 -0400", "2025-11-02 01:00 -0500", "2025-11-02 02:00 -0500"]),
    Row(
      zone: "Australia/Lord_Howe", start: "2025-04-05 12:00", expression: "45 1 * * *",
      ticks: ["2025-04-06 01:45 +1100", "2025-04-07 01:45 +1030"]),
    Row(
      zone: "Australia/Lord_Howe", start: "2025-04-05 14:30", expression: "*/15 * * * *",
      ticks: [
        "2025-04-06 01:45 +1100", "2025-04-06 01:30 +1030", "2025-04-06 01:45 +1030",
        "2025-04-06 02:00 +1030",
      ]),
    Row(
      zone: "America/Sao_Paulo", start: "2018-02-17 12:00", expression: "30 23 17 2 *",
      ticks: ["2018-02-17 23:30 -0200", "2019-02-17 23:30 -0300"]),
    Row(
      zone: "America/Sao_Paulo", start: "2018-02-18 01:15", expression: "30 * 17 2 *",
      ticks: ["2018-02-17 23:30 -0200", "2018-02-17 23:30 -0300", "2019-02-17 00:30 -0300"]),
    Row(
      zone: "America/Havana", start: "2025-11-01 12:00", expression: "0 0 * * *",
      ticks: ["2025-11-02 00:00 -0400", "2025-11-03 00:00 -0500"]),
  ]

  @Test("fixed times that come twice fire in the first pass; others in both", arguments: repeated)
  func overlap(row: Row) throws { try check(row) }

  static let wholeDays = [
    Row(
      zone: "Pacific/Apia", start: "2011-12-29 12:00", expression: "0 12 * * *",
      ticks: ["2011-12-29 12:00 -1000", "2011-12-31 00:00 +1400", "2011-12-31 12:00 +1400"]),
    Row(
      zone: "Pacific/Apia", start: "2011-12-29 12:00", expression: "0 0 * * *",
      ticks: ["2011-12-31 00:00 +1400", "2012-01-01 00:00 +1400"]),
    Row(
      zone: "Pacific/Apia", start: "2011-12-30 09:30", expression: "@hourly",
      ticks: ["2011-12-31 00:00 +1400", "2011-12-31 01:00 +1400"]),
    Row(
      zone: "Pacific/Apia", start: "2011-12-29 12:00", expression: "0 * 30 12 *",
      ticks: ["2012-12-30 00:00 +1400"]),
    Row(
      zone: "Pacific/Kwajalein", start: "1993-08-20 12:00", expression: "0 9 21 8 *",
      ticks: ["1993-08-22 00:00 +1200", "1994-08-21 09:00 +1200"]),
  ]

  @Test("a whole day that is skipped is a gap like others", arguments: wholeDays)
  func day(row: Row) throws { try check(row) }

  static let farAway = [
    Row(
      zone: "Europe/Berlin", start: "2024-07-02 00:00", expression: "30 12 1 7 *",
      ticks: ["2025-07-01 12:30 +0200", "2026-07-01 12:30 +0200"]),
    Row(
      zone: "Europe/Berlin", start: "2025-01-02 00:00", expression: "30 12 1 1 *",
      ticks: ["2026-01-01 12:30 +0100", "2027-01-01 12:30 +0100"]),
    Row(
      zone: "Europe/Berlin", start: "2019-04-01 00:00", expression: "30 2 30 3 *",
      ticks: ["2020-03-30 02:30 +0200", "2021-03-30 02:30 +0200", "2022-03-30 02:30 +0200"]),
    Row(
      zone: "Europe/Berlin", start: "2025-01-01 00:00", expression: "30 2 * 3 SUN#L",
      ticks: ["2025-03-30 03:00 +0200", "2026-03-29 03:00 +0200", "2027-03-28 03:00 +0200"]),
    Row(
      zone: "Australia/Lord_Howe", start: "2024-02-29 12:00", expression: "0 9 29 2 *",
      ticks: ["2028-02-29 09:00 +1100", "2032-02-29 09:00 +1100"]),
    Row(
      zone: "Asia/Kathmandu", start: "2025-01-01 00:00", expression: "0 6 * * *",
      ticks: ["2025-01-01 06:00 +0545", "2025-01-02 06:00 +0545"]),
  ]

  @Test("ticks beyond many changes are at their local time", arguments: farAway)
  func beyondChanges(row: Row) throws { try check(row) }

  private func check(_ row: Row) throws {
    let schedule = try JobSchedule.cron(row.expression, timeZone: row.zone)
    let stamps = schedule.stamps(row.ticks.count, after: try utc(row.start), in: row.zone)
    #expect(stamps == row.ticks, "\(schedule)")
  }
}

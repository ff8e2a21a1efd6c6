import Foundation
import SkeinJobs
import SkeinTesting
import Testing

/// Compares with an oracle that walks minute by minute.
@Suite("CronExpression, against a walk through all minutes")
struct CronOracleTests {
  struct Change: Sendable, CustomTestStringConvertible {
    var zone: String
    var day: String
    var testDescription: String { "\(zone) \(day)" }
  }

  /// Days about which clocks are changed: by an hour, half an hour, two hours and a day; at midnight and
  /// later.
  static let changes = [
    Change(zone: "Europe/Berlin", day: "2025-03-30"), Change(zone: "Europe/Berlin", day: "2025-10-26"),
    Change(zone: "America/New_York", day: "2025-03-09"), Change(zone: "America/New_York", day: "2025-11-02"),
    Change(zone: "Australia/Lord_Howe", day: "2025-04-05"),
    Change(zone: "Australia/Lord_Howe", day: "2025-10-04"),
    Change(zone: "America/Sao_Paulo", day: "2018-11-04"),
    Change(zone: "America/Sao_Paulo", day: "2018-02-18"),
    Change(zone: "America/Havana", day: "2025-11-02"), Change(zone: "Africa/Cairo", day: "2025-04-25"),
    Change(zone: "Africa/Casablanca", day: "2025-02-23"), Change(zone: "Antarctica/Troll", day: "2025-03-30"),
    Change(zone: "Antarctica/Troll", day: "2025-10-26"), Change(zone: "Pacific/Apia", day: "2011-12-30"),
    Change(zone: "Pacific/Kwajalein", day: "1993-08-21"), Change(zone: "Asia/Pyongyang", day: "2015-08-14"),
    Change(zone: "America/Caracas", day: "2016-05-01"), Change(zone: "Asia/Kathmandu", day: "1985-12-31"),
    Change(zone: "Asia/Kathmandu", day: "2025-03-30"), Change(zone: "UTC", day: "2024-02-29"),
  ]

  @Test("every tick about a change of clocks is found, and no other", arguments: changes)
  func ticks(about change: Change) throws {
    let seed = UInt64(Self.changes.firstIndex { $0.testDescription == change.testDescription } ?? 0)
    var generator = SeededGenerator(seed: seed)
    let noon = Int(try utc(change.day + " 12:00").timeIntervalSince1970)
    let walk = try Walk(zone: change.zone, from: noon - 30 * 3600, through: noon + 30 * 3600)
    for _ in 0..<8 {
      let naive = NaiveCron(
        hours: [0...3, 0...23][Int.random(in: 0...1, using: &generator)], using: &generator)
      let schedule = try JobSchedule.cron(naive.text, timeZone: change.zone)
      let ticks = schedule.ticks(after: walk.start, through: walk.end, limit: .max)
      #expect(ticks == walk.ticks(of: naive), "\(naive.text), seed \(seed)")
      #expect(Self.backwards(schedule, walk) == ticks.suffix(3), "\(naive.text), seed \(seed)")
    }
  }

  /// The last three ticks of a walk, found from its end.
  private static func backwards(_ schedule: JobSchedule, _ walk: Walk) -> [Date] {
    var ticks: [Date] = []
    var end = walk.end.addingTimeInterval(1)
    while ticks.count < 3, let tick = schedule.previous(before: end), tick > walk.start {
      ticks.append(tick)
      end = tick
    }
    return ticks.reversed()
  }

  @Test("sparse expressions find their next day", arguments: 0..<8)
  func sparse(seed: UInt64) throws {
    var generator = SeededGenerator(seed: 1000 + seed)
    for _ in 0..<6 {
      let naive = NaiveCron(using: &generator)
      let start = Int.random(in: 0..<60_000, using: &generator) * 86_400
      let minute = naive.hours.min()! * 3600 + naive.minutes.min()! * 60
      let day = stride(from: start + minute, to: start + 12_000 * 86_400, by: 86_400).first(
        where: naive.matches)
      let fields = naive.text.split(separator: " ").dropFirst(2).joined(separator: " ")
      let schedule = try JobSchedule.cron("\(minute / 60 % 60) \(minute / 3600) \(fields)")
      let next = schedule.next(after: Date(timeIntervalSince1970: Double(start - 1)))
      #expect(
        next == day.map { Date(timeIntervalSince1970: Double($0)) },
        "\(schedule), from \(start), seed \(seed)")
    }
  }
}

/// All minutes of some days, with the local time of each.
private struct Walk {
  private let minutes: [(instant: Int, local: Int)]

  /// Walks from a minute to a later one; the first one is not among those in which something may fire.
  init(zone: String, from start: Int, through end: Int) throws {
    let timeZone = try #require(TimeZone(identifier: zone))
    minutes = stride(from: start, through: end, by: 60).map { instant in
      (instant, instant + timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant))))
    }
  }

  var start: Date { Date(timeIntervalSince1970: Double(minutes[0].instant)) }
  var end: Date { Date(timeIntervalSince1970: Double(minutes[minutes.count - 1].instant)) }

  /// When the expression fires, by the rule as it is documented.
  func ticks(of cron: NaiveCron) -> [Date] {
    var shown = minutes[0].local
    var ticks: [Date] = []
    for (instant, local) in minutes.dropFirst() {
      let isTick =
        cron.followsElapsedTime
        ? cron.matches(local) : stride(from: shown + 60, through: local, by: 60).contains(where: cron.matches)
      if isTick { ticks.append(Date(timeIntervalSince1970: Double(instant))) }
      shown = max(shown, local)
    }
    return ticks
  }
}

import Foundation
import SkeinJobs
import SkeinTesting
import Testing

@Suite("JobSchedule")
struct JobScheduleTests {
  static let epoch = Date(timeIntervalSince1970: 0)

  @Test("a fixed rate is aligned to its anchor, before and after it")
  func aligned() throws {
    let anchor = try utc("2025-01-01 00:00:10")
    let schedule = try JobSchedule.every(.seconds(90), anchor: anchor)
    let stamps = schedule.stamps(3, after: try utc("2025-01-01 00:00"))
    #expect(stamps == ["2025-01-01 00:00:10", "2025-01-01 00:01:40", "2025-01-01 00:03:10"])
    #expect(schedule.next(after: anchor) == anchor.addingTimeInterval(90))
    #expect(schedule.next(after: anchor.addingTimeInterval(-0.001)) == anchor)
    #expect(schedule.previous(before: anchor) == anchor.addingTimeInterval(-90))
    #expect(schedule.previous(before: anchor.addingTimeInterval(0.001)) == anchor)
    #expect(try JobSchedule.every(.seconds(3600)).stamps(1, after: anchor) == ["2025-01-01 01:00"])
  }

  @Test("a fixed rate does not drift, whatever its fraction of a second and however long it runs")
  func drift() throws {
    let schedule = try JobSchedule.every(.milliseconds(1001), anchor: Self.epoch)
    let before = 1_700_000_000
    var tick = Date(timeIntervalSince1970: Double(before) * 1.001)
    for count in before + 1...before + 20_000 {
      tick = try #require(schedule.next(after: tick))
      #expect(Int((tick.timeIntervalSince1970 * 1000).rounded()) == 1001 * count)
    }
  }

  @Test("a tick that comes from a store, as microseconds, is the same tick")
  func stored() throws {
    let schedule = try JobSchedule.every(.milliseconds(1100), anchor: Self.epoch)
    for year in ["1970", "2025", "2400", "9998"] {
      for tick in schedule.next(500, after: try utc("\(year)-06-01 00:00")) {
        let microseconds = Int64((tick.timeIntervalSince1970 * 1_000_000).rounded())
        let stored = Date(timeIntervalSince1970: Double(microseconds) / 1_000_000)
        #expect(schedule.next(after: stored) == schedule.next(after: tick))
        #expect(schedule.previous(before: stored) == schedule.previous(before: tick))
        #expect(schedule.ticks(after: tick.addingTimeInterval(-1.1), through: stored, limit: 5) == [tick])
      }
    }
  }

  @Test(
    "values out of their range are refused with what to write",
    arguments: [
      (Duration.milliseconds(999), Duration.zero, "interval"), (.zero, .zero, "interval"),
      (.seconds(-5), .zero, "interval"), (.seconds(1 << 40), .zero, "interval"),
      (.seconds(Int64.max), .zero, "interval"), (.seconds(Int64.min), .zero, "interval"),
      (.seconds(60), .seconds(61), "jitter"), (.seconds(60), .milliseconds(-1), "jitter"),
      (.seconds(1_000_000), .seconds(86_401), "jitter"),
    ])
  func ranges(interval: Duration, jitter: Duration, part: String) throws {
    let error = try #require(invalidSchedule { try JobSchedule.every(interval, jitter: jitter) })
    #expect(error.part == part)
    #expect(!error.advice.isEmpty)
  }

  @Test("an anchor that is no date is refused")
  func anchor() throws {
    for seconds in [Double.nan, .infinity, 1e15] {
      let anchor = Date(timeIntervalSince1970: seconds)
      #expect(invalidSchedule { try JobSchedule.every(.seconds(5), anchor: anchor) }?.part == "anchor")
    }
  }

  @Test("a wrong part of a cron schedule is named")
  func cronParts() {
    #expect(invalidSchedule { try JobSchedule.cron("0 0 * *") }?.part == "cron expression")
    #expect(invalidSchedule { try JobSchedule.cron("@daily", timeZone: "Nowhere") }?.part == "time zone")
    #expect(invalidSchedule { try JobSchedule.cron("@daily", jitter: .seconds(90_000)) }?.part == "jitter")
  }

  @Test("ticks are bounded by both ends and the limit")
  func ticks() throws {
    let schedule = try JobSchedule.cron("0 * * * *")
    let (start, end) = (try utc("2025-01-01 00:00"), try utc("2025-01-01 03:00"))
    func stamps(_ limit: Int) -> [String] {
      schedule.ticks(after: start, through: end, limit: limit).map { JobSchedule.stamp($0) }
    }
    #expect(stamps(10) == ["2025-01-01 01:00", "2025-01-01 02:00", "2025-01-01 03:00"])
    #expect(stamps(2) == ["2025-01-01 01:00", "2025-01-01 02:00"])
    #expect(stamps(0).isEmpty)
    #expect(stamps(-1).isEmpty)
    #expect(schedule.ticks(after: end, through: start, limit: 10).isEmpty)
    #expect(schedule.ticks(after: end, through: end, limit: 10).isEmpty)
    #expect(schedule.next(-1, after: start).isEmpty)
    #expect(
      schedule.ticks(after: start, through: Date(timeIntervalSince1970: .infinity), limit: 3).count == 3)
    #expect(schedule.ticks(after: start, through: Date(timeIntervalSince1970: .nan), limit: 3).isEmpty)
  }

  @Test(
    "the previous tick is the one whose next tick comes at the moment or after it",
    arguments: [
      "* * * * * *", "*/7 * * * * *", "0,1 0 0 * * *", "*/15 * * * *", "30 2 * * *", "0 0 1 1 *",
      "0 0 29 2 *",
    ])
  func previous(text: String) throws {
    let schedule = try JobSchedule.cron(text, timeZone: "Europe/Berlin")
    var generator = SeededGenerator(seed: UInt64(text.count))
    for _ in 0..<20 {
      let moment = Date(timeIntervalSince1970: Double.random(in: 0..<4e9, using: &generator))
      let tick = try #require(schedule.previous(before: moment))
      #expect(tick < moment)
      let next = try #require(schedule.next(after: tick))
      #expect(next >= moment)
      #expect(schedule.previous(before: next) == tick)
    }
  }

  @Test("far back there is no previous tick, and far ahead no next one")
  func ends() throws {
    let leapDay = try JobSchedule.cron("0 0 29 2 *")
    let firstLeapDay = Date(timeIntervalSince1970: -62_035_891_200)
    #expect(leapDay.next(after: .distantPast) == firstLeapDay)
    #expect(leapDay.previous(before: firstLeapDay) == nil)
    #expect(leapDay.previous(before: firstLeapDay.addingTimeInterval(1)) == firstLeapDay)
    #expect(leapDay.previous(before: try utc("9999-12-31 00:00")) == (try utc("9996-02-29 00:00")))
    #expect(leapDay.next(after: try utc("9996-02-29 00:00")) == nil)
    let honolulu = try JobSchedule.cron("0 * * * *", timeZone: "Pacific/Honolulu")
    #expect(honolulu.next(after: try utc("9999-12-31 23:00")) == nil)
    #expect(
      honolulu.previous(before: Date(timeIntervalSince1970: .infinity)) == (try utc("9999-12-31 23:00")))
    let rate = try JobSchedule.every(.seconds(86_400))
    #expect(rate.next(after: try utc("9999-12-31 00:00")) == nil)
    #expect(rate.previous(before: .distantPast) == nil)
    #expect(rate.previous(before: Date(timeIntervalSince1970: .nan)) == nil)
  }

  @Test("its description is a phrase")
  func description() throws {
    let cron = try JobSchedule.cron("30 4 * * *", timeZone: "Europe/Berlin", jitter: .seconds(300))
    #expect(cron.description == "30 4 * * * in Europe/Berlin, within 300.0 seconds")
    #expect(
      try JobSchedule.every(.seconds(90)).description == "every 90.0 seconds, one at 1970-01-01T00:00:00Z")
  }
}

import Foundation
import SkeinJobs
import SkeinTesting
import Testing

@Suite("JobSchedule.due")
struct JobScheduleDueTests {
  struct Row: Sendable {
    var last: String?
    var now: String
    var skip: [String]
    var once: [String]
    var all: [String]
  }

  /// Hourly ticks; times of one day; `all` with a limit of 3.
  static let rows = [
    Row(last: "10:00", now: "10:59:59", skip: [], once: [], all: []),
    Row(last: "10:00", now: "11:00", skip: ["11:00"], once: ["11:00"], all: ["11:00"]),
    Row(last: "10:00", now: "11:01", skip: ["11:00"], once: ["11:00"], all: ["11:00"]),
    Row(last: "10:00", now: "11:01:01", skip: [], once: ["11:00"], all: ["11:00"]),
    Row(last: "10:00", now: "13:00:30", skip: ["13:00"], once: ["13:00"], all: ["11:00", "12:00", "13:00"]),
    Row(last: "10:00", now: "13:30", skip: [], once: ["13:00"], all: ["11:00", "12:00", "13:00"]),
    Row(last: "10:00", now: "20:30", skip: [], once: ["20:00"], all: ["18:00", "19:00", "20:00"]),
    Row(last: "10:20", now: "10:59", skip: [], once: [], all: []),
    Row(last: "11:00", now: "10:30", skip: [], once: [], all: []),
    Row(last: "11:00", now: "11:00", skip: [], once: [], all: []),
    Row(last: nil, now: "10:00:30", skip: ["10:00"], once: ["10:00"], all: ["10:00"]),
    Row(last: nil, now: "10:30", skip: [], once: [], all: []),
  ]

  @Test("each row of the table, by a cron expression and at a fixed rate", arguments: rows)
  func table(row: Row) throws {
    for schedule in [try JobSchedule.cron("@hourly"), try .every(.seconds(3600))] {
      func due(_ policy: CatchUpPolicy) throws -> [String] {
        let ticks = schedule.due(
          lastTick: try row.last.map(Self.time), now: try Self.time(row.now), policy: policy)
        return ticks.map { String(JobSchedule.stamp($0).dropFirst(11)) }
      }
      #expect(try due(.skip) == row.skip, "\(row)")
      #expect(try due(.once) == row.once, "\(row)")
      #expect(try due(.all(limit: 3)) == row.all, "\(row)")
    }
  }

  private static func time(_ text: String) throws -> Date { try utc("2025-01-01 " + text) }

  @Test("the grace says how late is on time")
  func grace() throws {
    let schedule = try JobSchedule.cron("@hourly")
    let (last, now) = (try Self.time("10:00"), try Self.time("11:00:05"))
    func due(_ grace: Duration) -> Int {
      schedule.due(lastTick: last, now: now, policy: .skip, grace: grace).count
    }
    #expect(due(.seconds(5)) == 1)
    #expect(due(.milliseconds(4999)) == 0)
    #expect(due(.seconds(Int64.max)) == 1)
    #expect(due(.seconds(Int64.min)) == 0)
  }

  @Test("years of missed seconds cost little, and no more are due than the limit")
  func bounded() throws {
    let (last, now) = (try utc("2005-01-01 00:00"), try utc("2025-01-01 00:00"))
    for schedule in [try JobSchedule.cron("* * * * * *", timeZone: "Europe/Berlin"), try .every(.seconds(1))]
    {
      #expect(schedule.due(lastTick: last, now: now, policy: .once) == [now])
      let all = schedule.due(lastTick: last, now: now, policy: .all(limit: 50))
      #expect(all == (0..<50).reversed().map { now.addingTimeInterval(Double(-$0)) })
      #expect(schedule.due(lastTick: last, now: now, policy: .all(limit: -5)) == [now])
    }
    let most = try JobSchedule.every(.seconds(1)).due(lastTick: last, now: now, policy: .all(limit: .max))
    #expect(most.count == CatchUpPolicy.most)
  }

  @Test("a schedule whose last tick lies in the distant past has one run or the last ones to make up for")
  func distantPast() throws {
    let now = try utc("2025-01-01 00:00")
    for schedule in [try JobSchedule.cron("@daily"), try .every(.seconds(86_400))] {
      #expect(schedule.due(lastTick: .distantPast, now: now, policy: .once) == [now])
      #expect(schedule.due(lastTick: .distantPast, now: now, policy: .all(limit: 7)).count == 7)
      #expect(schedule.due(lastTick: .distantFuture, now: now, policy: .once).isEmpty)
    }
  }

  @Test("a scheduler that asks at any pace enqueues each tick once and loses none", arguments: 0..<4)
  func eachOnce(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let schedule = try JobSchedule.cron("*/7 * * * *", timeZone: "Europe/Berlin")
    let start = try utc("2025-10-25 22:00")
    var (now, last, ticks) = (start, start, [Date]())
    while now < start.addingTimeInterval(20_000) {
      now += Double.random(in: 0.1...900, using: &generator)
      let due = schedule.due(lastTick: last, now: now, policy: .all(limit: 100))
      ticks += due
      last = due.last ?? last
    }
    #expect(ticks == schedule.ticks(after: start, through: now, limit: .max), "seed \(seed)")
  }

  @Test("dates that are none give nothing")
  func nonsense() throws {
    let schedule = try JobSchedule.cron("@hourly")
    let nonsense = Date(timeIntervalSince1970: .nan)
    #expect(schedule.due(lastTick: nil, now: nonsense, policy: .once).isEmpty)
    #expect(schedule.due(lastTick: nonsense, now: try utc("2025-01-01 00:00"), policy: .once).isEmpty)
  }

  @Test("a policy comes back from JSON")
  func json() throws {
    let policies: [CatchUpPolicy] = [.skip, .once, .all(limit: 7)]
    let data = try JSONEncoder().encode(policies)
    #expect(try JSONDecoder().decode([CatchUpPolicy].self, from: data) == policies)
  }
}

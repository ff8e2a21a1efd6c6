import Foundation
import SkeinJobs
import Testing

@Suite("JobSchedule.start")
struct JobScheduleJitterTests {
  @Test("without jitter a run starts at its tick")
  func none() throws {
    let tick = try utc("2025-01-01 00:00")
    #expect(try JobSchedule.cron("@daily").start(of: tick, named: "report") == tick)
  }

  /// Computed by an independent program (Python) from the definition.
  @Test("the delay is the documented function of name and tick, in this and every later version")
  func stable() throws {
    let schedule = try JobSchedule.cron("@hourly", jitter: .seconds(3600))
    let delays: [(String, Double, Int)] = [
      ("report", 0, 1_438_180),
      ("report", 3_600, 2_038_872),
      ("report", 1_735_689_600, 1_899_838),
      ("Bericht für März", 1_735_689_600, 925_870),
      ("", 1_735_689_600, 380_112),
      ("report", -3_600, 29_643),
    ]
    for (name, tick, milliseconds) in delays {
      let start = schedule.start(of: Date(timeIntervalSince1970: tick), named: name)
      #expect(Int(((start.timeIntervalSince1970 - tick) * 1000).rounded()) == milliseconds, "\(name) \(tick)")
    }
  }

  @Test("delays lie within the jitter and are spread evenly over it, from tick to tick and from name to name")
  func spread() throws {
    let schedule = try JobSchedule.every(.seconds(60), jitter: .seconds(60))
    let start = try utc("2025-01-01 00:00")
    let byTick = schedule.next(1000, after: start).map {
      schedule.start(of: $0, named: "a").timeIntervalSince($0)
    }
    let byName = (0..<1000).map { schedule.start(of: start, named: "job \($0)").timeIntervalSince(start) }
    for delays in [byTick, byName] {
      #expect(delays.allSatisfy { (0..<60).contains($0) })
      let tenths = Dictionary(grouping: delays) { Int($0 / 6) }.mapValues(\.count)
      #expect((0..<10).allSatisfy { (60...140).contains(tenths[$0, default: 0]) }, "\(tenths)")
    }
  }
}

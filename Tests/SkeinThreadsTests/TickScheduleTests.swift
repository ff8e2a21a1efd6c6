import SkeinTesting
import Testing

@testable import SkeinThreads

@Suite("TickSchedule")
struct TickScheduleTests {
  private typealias Instant = ManualClock.Instant

  private func schedule(
    _ pace: RepeatingTimer.Pace, every interval: Duration = .seconds(10), limit: Int? = nil
  ) -> TickSchedule<Instant> {
    TickSchedule(interval: interval, pace: pace, limit: limit, first: Instant(offset: .seconds(10)))
  }

  @Test(
    "fixed rate: the next tick is the next multiple that is to come, and those that passed are counted",
    arguments: [
      (10.0, 20.0, 0), (15.0, 20.0, 0), (20.0, 20.0, 0), (20.5, 30.0, 1), (30.0, 30.0, 1), (30.1, 40.0, 2),
      (109.0, 110.0, 9), (110.0, 110.0, 9),
    ])
  func fixedRate(end: Double, next: Double, missed: Int) {
    var schedule = schedule(.fixedRate)
    schedule.advance(now: Instant(offset: .seconds(end)))
    #expect(schedule.next == Instant(offset: .seconds(next)))
    #expect(schedule.missed == missed)
  }

  @Test("fixed delay: the next tick comes an interval after the end", arguments: [10.0, 15.0, 1000.0])
  func fixedDelay(end: Double) {
    var schedule = schedule(.fixedDelay)
    schedule.advance(now: Instant(offset: .seconds(end)))
    #expect(schedule.next == Instant(offset: .seconds(end + 10)))
    #expect(schedule.missed == 0)
  }

  @Test("missed ticks add up")
  func addsUp() {
    var schedule = schedule(.fixedRate)
    for end in [25.0, 31.0, 75.0] { schedule.advance(now: Instant(offset: .seconds(end))) }
    #expect(schedule.missed == 1 + 0 + 3)
    #expect(schedule.next == Instant(offset: .seconds(80)))
  }

  @Test("it is over after as many ticks as it has")
  func limit() {
    var schedule = schedule(.fixedRate, limit: 2)
    #expect(!schedule.isOver)
    schedule.advance(now: schedule.next)
    #expect(!schedule.isOver)
    schedule.advance(now: schedule.next)
    #expect(schedule.isOver)
    #expect(self.schedule(.fixedRate, limit: 0).isOver)
  }

  @Test("the shortest interval and the longest delay do not overflow")
  func extremes() {
    var schedule = schedule(.fixedRate, every: Duration(secondsComponent: 0, attosecondsComponent: 1))
    schedule.advance(now: Instant(offset: .seconds(1_000_000)))
    #expect(schedule.missed == Int.max)
    #expect(schedule.next == Instant(offset: .seconds(1_000_000)))
  }
}

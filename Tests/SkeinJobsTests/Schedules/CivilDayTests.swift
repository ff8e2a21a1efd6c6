import Testing

@testable import SkeinJobs

@Suite("CivilDay")
struct CivilDayTests {
  @Test("known days have their numbers and weekdays")
  func known() {
    let rows: [(CivilDay, Int, Int)] = [
      (CivilDay(year: 1970, month: 1, day: 1), 0, 4), (CivilDay(year: 1969, month: 12, day: 31), -1, 3),
      (CivilDay(year: 2000, month: 2, day: 29), 11_016, 2),
      (CivilDay(year: 2025, month: 11, day: 25), 20_417, 2),
      (CivilDay(year: 1, month: 1, day: 1), -719_162, 1),
      (CivilDay(year: 9999, month: 12, day: 31), 2_932_896, 5),
    ]
    for (day, number, weekday) in rows {
      #expect(day.number == number)
      #expect(day.weekday == weekday)
      #expect(CivilDay(number: number) == day)
    }
  }

  @Test("every number gives its day back, from one day to the next, across two cycles of 400 years")
  func roundTrip() {
    for number in stride(from: -150_000, through: 150_000, by: 13) {
      let day = CivilDay(number: number)
      #expect(day.number == number)
      #expect((1...day.daysOfMonth).contains(day.day))
    }
  }

  @Test("months have the days that a leap year gives them")
  func lengths() {
    func february(_ year: Int) -> Int { CivilDay(year: year, month: 2, day: 1).daysOfMonth }
    #expect([1900, 2000, 2023, 2024, 2100, 2400].map(february) == [28, 29, 28, 29, 28, 29])
    let lengths = (1...12).map { CivilDay(year: 2025, month: $0, day: 1).daysOfMonth }
    #expect(lengths == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
  }
}

import Glibc
import SkeinJobs
import SkeinTesting

/// A cron expression as a text and, made along with it and not from it, as sets of numbers: the oracle of the
/// tests.
struct NaiveCron {
  var text: String
  var minutes: Set<Int>
  var hours: Set<Int>
  var months: Set<Int>
  /// Says of a date whether it matches, by its day and weekday and the number of days of its month.
  var matchesDay: (_ day: Int, _ weekday: Int, _ daysOfMonth: Int) -> Bool
  var followsElapsedTime: Bool

  /// Draws an expression that can fire.
  ///
  /// - Parameter hours: the hours that a fixed hour is drawn from, so that it falls near a change of clocks.
  init(hours: ClosedRange<Int> = 0...23, using generator: inout SeededGenerator) {
    let minute = NaiveField(0...59, using: &generator)
    let hour = NaiveField(0...23, from: hours, using: &generator)
    let isAnyMonth = Int.random(in: 0..<4, using: &generator) > 0
    let month = isAnyMonth ? NaiveField(all: 1...12) : NaiveField(1...12, using: &generator)
    let day = Self.dayOfMonth(using: &generator)
    // Every tenth day is never one of a fourth Monday.
    let weekday = Self.dayOfWeek(hasPlace: !day.text.hasPrefix("*/"), using: &generator)
    text = [minute.text, hour.text, day.text, month.text, weekday.text].joined(separator: " ")
    minutes = minute.numbers
    self.hours = hour.numbers
    months = month.numbers
    followsElapsedTime = hour.text.hasPrefix("*")
    let eitherIsEnough = !day.text.hasPrefix("*") && !weekday.text.hasPrefix("*")
    matchesDay = { number, name, length in
      let (left, right) = (day.matches(number, name, length), weekday.matches(number, name, length))
      return eitherIsEnough ? left || right : left && right
    }
  }

  typealias DayField = (text: String, matches: (_ day: Int, _ weekday: Int, _ daysOfMonth: Int) -> Bool)

  private static func dayOfMonth(using generator: inout SeededGenerator) -> DayField {
    switch Int.random(in: 0..<6, using: &generator) {
    case 0...2: return ("*", { _, _, _ in true })
    case 3: return ("L", { day, _, length in day == length })
    default:
      let field = NaiveField(1...31, from: 1...28, using: &generator)
      return (field.text, { day, _, _ in field.numbers.contains(day) })
    }
  }

  private static func dayOfWeek(hasPlace: Bool, using generator: inout SeededGenerator) -> DayField {
    let weekday = Int.random(in: 0...6, using: &generator)
    switch Int.random(in: hasPlace ? 0..<6 : 0..<3, using: &generator) {
    case 0...1: return ("*", { _, _, _ in true })
    case 2:
      let field = NaiveField(0...6, using: &generator)
      return (field.text, { _, name, _ in field.numbers.contains(name) })
    case 3: return ("\(weekday)#L", { day, name, length in name == weekday && day + 7 > length })
    default:
      let place = Int.random(in: 1...4, using: &generator)
      return ("\(weekday)#\(place)", { day, name, _ in name == weekday && (day - 1) / 7 + 1 == place })
    }
  }

  /// Whether a local time matches, in seconds since 1970 on the local clock; the C library takes it apart.
  func matches(_ local: Int) -> Bool {
    var (seconds, parts) = (local, tm())
    gmtime_r(&seconds, &parts)
    guard parts.tm_sec == 0, minutes.contains(Int(parts.tm_min)), hours.contains(Int(parts.tm_hour)) else {
      return false
    }
    let (month, year) = (Int(parts.tm_mon) + 1, Int(parts.tm_year) + 1900)
    let isLeapYear = year.isMultiple(of: 400) || year.isMultiple(of: 4) && !year.isMultiple(of: 100)
    let length = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    return months.contains(month) && matchesDay(Int(parts.tm_mday), Int(parts.tm_wday), length)
  }
}

/// A field of numbers, in one of the forms that a cron field may have.
struct NaiveField {
  var text: String
  var numbers: Set<Int>

  init(all: ClosedRange<Int>) {
    text = "*"
    numbers = Set(all)
  }

  init(_ all: ClosedRange<Int>, from values: ClosedRange<Int>? = nil, using generator: inout SeededGenerator)
  {
    let values = values ?? all
    let ends = [Int.random(in: values, using: &generator), Int.random(in: values, using: &generator)].sorted()
    let step = Int.random(in: 1...max(1, all.count / 3), using: &generator)
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: self.init(all: all)
    case 1: self.init("*/\(step)", stride(from: all.lowerBound, through: all.upperBound, by: step))
    case 2: self.init("\(ends[0])", [ends[0]])
    case 3: self.init("\(ends[0]),\(ends[1])", ends)
    case 4: self.init("\(ends[0])-\(ends[1])", ends[0]...ends[1])
    default: self.init("\(ends[0])-\(ends[1])/\(step)", stride(from: ends[0], through: ends[1], by: step))
    }
  }

  private init(_ text: String, _ numbers: some Sequence<Int>) {
    self.text = text
    self.numbers = Set(numbers)
  }
}

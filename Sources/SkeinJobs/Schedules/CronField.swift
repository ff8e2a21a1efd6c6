/// A field of a cron expression: what it is called, its numbers, and the names of numbers.
struct CronField: Hashable, Sendable {
  /// What people call it.
  let name: String
  /// The numbers that may stand in it.
  let range: ClosedRange<Int>
  /// The numbers that `*` means: all, but none twice.
  let all: ClosedRange<Int>
  /// Names of the numbers, from the lowest on.
  let names: [String]

  private init(
    _ name: String, _ range: ClosedRange<Int>, all: ClosedRange<Int>? = nil, names: [String] = []
  ) {
    self.name = name
    self.range = range
    self.all = all ?? range
    self.names = names
  }

  static let second = CronField("second", 0...59)
  static let minute = CronField("minute", 0...59)
  static let hour = CronField("hour", 0...23)
  static let dayOfMonth = CronField("day of month", 1...31)
  static let month = CronField(
    "month", 1...12,
    names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
  static let dayOfWeek = CronField(
    "day of week", 0...7, all: 0...6, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])

  /// Its numbers and their names, for people.
  var numbers: String {
    let numbers = "\(range.lowerBound)-\(range.upperBound)"
    return switch self {
    case .month: numbers + " or JAN-DEC"
    case .dayOfWeek: numbers + " or SUN-SAT, where 0 and 7 are Sunday"
    default: numbers
    }
  }

  /// What may stand between commas, for people.
  var allowed: String { self == .dayOfMonth ? numbers + " or L, the last day" : numbers }
}

/// What stands between the commas of a cron field.
enum CronElement: Hashable, Sendable {
  /// Every `step`-th number of a range, from its first on.
  case span(ClosedRange<Int>, step: Int)
  /// The last day of the month.
  case lastDay
  /// The first to fifth of a weekday in the month: `MON#2`.
  case nth(weekday: Int, Int)
  /// The last of a weekday in the month: `FRI#L`.
  case last(weekday: Int)
}

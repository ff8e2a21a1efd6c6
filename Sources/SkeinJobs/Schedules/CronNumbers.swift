/// A set of numbers from 0 to 63: the values of a cron field.
struct CronNumbers: Hashable, Sendable {
  var bits: UInt64 = 0

  mutating func insert(_ number: Int) { bits |= 1 << number }

  mutating func insert(_ numbers: some Sequence<Int>) {
    for number in numbers { insert(number) }
  }

  func contains(_ number: Int) -> Bool { bits >> number & 1 == 1 }

  /// The smallest number that is `lowest` or more.
  func first(from lowest: Int) -> Int? {
    let rest = (bits >> lowest) << lowest
    return rest == 0 ? nil : rest.trailingZeroBitCount
  }
}

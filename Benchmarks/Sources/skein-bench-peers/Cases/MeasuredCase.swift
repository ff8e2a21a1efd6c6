import BenchReport
import Foundation

/// Something that is done a number of times and measured.
struct MeasuredCase: Sendable {
  /// Its name, the same in every language.
  let name: String
  /// What it is done with.
  let by: String
  let measure: @Sendable (_ name: String, _ by: String, _ seconds: Double) async throws -> Answer

  /// A case that does so many operations (a multiple of 16) and ends; how many is found out.
  init(_ name: String, by: String, _ body: @escaping @Sendable (_ operations: Int) async throws -> Void) {
    self.init(name, by: by) { name, by, seconds in
      let (elapsed, operations) = try await calibrated(seconds, body)
      return Answer(
        case: name, by: by, ns: elapsed * 1e9 / Double(operations), operations: operations, bytes: nil)
    }
  }

  /// A case of a fixed size, on a plain thread: it is done once to warm up, then three times.
  ///
  /// - Parameters:
  ///   - operations: how many there are in one go.
  ///   - prepare: makes what one go works on, outside the time.
  ///   - body: one go.
  init<Input>(
    _ name: String, by: String, fixed operations: Int, prepare: @escaping @Sendable () -> Input,
    _ body: @escaping @Sendable (inout Input) -> Void
  ) {
    self.init(name, by: by) { name, by, _ in
      let elapsed = await onPlainThread {
        (0...3).map { _ in
          var input = prepare()
          let started = monotonicNanoseconds()
          body(&input)
          return monotonicNanoseconds() - started
        }.dropFirst().reduce(0, +)
      }
      let total = 3 * operations
      return Answer(case: name, by: by, ns: Double(elapsed) / Double(total), operations: total, bytes: nil)
    }
  }

  /// A case of a fixed size that needs no preparation.
  init(_ name: String, by: String, fixed operations: Int, _ body: @escaping @Sendable () -> Void) {
    self.init(name, by: by, fixed: operations, prepare: {}, { _ in body() })
  }

  /// A case that works on something, which is made once, outside the time; as many operations as are asked for.
  init<Fixture: Sendable>(
    _ name: String, by: String, on prepare: @escaping @Sendable () throws -> Fixture,
    _ body: @escaping @Sendable (_ fixture: Fixture, _ operations: Int) async throws -> Void
  ) {
    self.init(name, by: by) { name, by, seconds in
      let fixture = try prepare()
      let (elapsed, operations) = try await calibrated(seconds) { try await body(fixture, $0) }
      return Answer(
        case: name, by: by, ns: elapsed * 1e9 / Double(operations), operations: operations, bytes: nil)
    }
  }

  /// A case whose operation takes long: it is done once to warm up, and then for all of the time, three times at the least.
  init<Fixture: Sendable>(
    _ name: String, by: String, each prepare: @escaping @Sendable () throws -> Fixture,
    _ body: @escaping @Sendable (_ fixture: Fixture) async throws -> Void
  ) {
    self.init(name, by: by) { name, by, seconds in
      let fixture = try prepare()
      try await body(fixture)
      let (started, end) = (monotonicNanoseconds(), monotonicNanoseconds() + Int64(seconds * 1e9))
      var operations = 0
      while operations < 3 || monotonicNanoseconds() < end {
        try await body(fixture)
        operations += 1
      }
      let elapsed = Double(monotonicNanoseconds() - started)
      return Answer(
        case: name, by: by, ns: elapsed / Double(operations), operations: operations, bytes: nil)
    }
  }

  /// A case that measures itself.
  init(
    _ name: String, by: String,
    measure: @escaping @Sendable (_ name: String, _ by: String, _ seconds: Double) async throws -> Answer
  ) {
    self.name = name
    self.by = by
    self.measure = measure
  }
}

/// A line that a measuring program prints.
struct Answer: Codable {
  var `case`: String
  /// What it was done with.
  var by: String
  /// Nanoseconds for each operation.
  var ns: Double
  var operations: Int
  /// Memory for each operation, where that is asked for.
  var bytes: Double?
}

/// Finds how many operations take a part of the target time and repeats them for all of it: in parts, because a lock
/// that falls into another mode can suddenly take hundreds of times as long.
private func calibrated(
  _ seconds: Double, _ body: (Int) async throws -> Void
) async throws -> (elapsed: Double, operations: Int) {
  func time(_ operations: Int) async throws -> Double {
    let started = monotonicNanoseconds()
    try await body(operations)
    return Double(monotonicNanoseconds() - started) / 1e9
  }
  // Of two runs, so that what happens only the first time does not count.
  func shorterTime(_ operations: Int) async throws -> Double {
    let first = try await time(operations)
    return min(first, try await time(operations))
  }
  var operations = 160
  var elapsed = try await shorterTime(operations)
  while elapsed < seconds / 16 {
    let growth = max(2, min(10, seconds / 8 / elapsed))
    operations = Int(Double(operations) * growth) / 16 * 16
    elapsed = try await shorterTime(operations)
  }
  var total = 0
  elapsed = 0
  while elapsed < seconds {
    elapsed += try await time(operations)
    total += operations
  }
  return (elapsed, total)
}

/// About a microsecond of work: a chain of multiplications that no compiler can shorten.
@inline(__always)
func workAboutAMicrosecond(_ value: inout UInt64) {
  for _ in 0..<650 { value = (value ^ value >> 27) &* 0x2545_F491_4F6C_DD1D }
}

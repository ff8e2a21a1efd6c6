// Primes on all processors, and a crash that is an error.

import SkeinProcesses
import SkeinWork

struct Primes: RemoteFunction {
  static let name = "primes"
  var range: Range<Int>

  func run() throws -> Int {
    range.count { number in number > 1 && !(2..<number).contains { $0 * $0 <= number && number % $0 == 0 } }
  }
}

struct Careless: RemoteFunction {
  static let name = "careless"
  func run() throws -> Int { [Int]()[3] }
}

try await Skein.main([Primes.self, Careless.self]) {
  let pool = try ProcessPool(processes: 4)
  let counts = try await pool.map((0..<8).map { Primes(range: $0 * 500..<($0 + 1) * 500) })
  print("\(counts.reduce(0, +)) primes")
  await pool.shutdown()

  do {
    print(try await runInProcess(Careless(), timeLimit: .seconds(5)))
  } catch let crash as ProcessCrashed {
    print("“\(crash.function)” \(crash.exit)")
  }
}

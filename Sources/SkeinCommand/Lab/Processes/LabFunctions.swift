internal import Glibc
internal import SkeinProcesses
internal import SkeinSync
internal import SkeinWork

/// What other processes do in the experiments.
enum LabFunctions {
  static let all: [any RemoteFunction.Type] = [
    ShowProcess.self, ModifyGlobal.self, LabTrap.self, SendWords.self, FindPrimes.self, ShareFactor.self,
    SumOfProducts.self, AddOneToAll.self, ProduceItems.self, ConsumeItems.self,
    WorkWithManager.self, DieWithLock.self, SquareTask.self,
  ]
}

/// The chapter's `show_process_info`: sends it where it can be read.
struct ShowProcess: RemoteFunction {
  static let name = "lab.show-process"

  struct Info: Codable, Equatable {
    var name: String
    var processID: Int32
    var parentProcessID: Int32
    var method: String
  }

  var connection: Connection

  @available(*, noasync)
  func run() throws -> Nothing {
    let current = CurrentProcess.current
    try connection.send(
      Info(
        name: current.name, processID: current.processID, parentProcessID: current.parentProcessID,
        method: current.startMethod.map { "\($0)" } ?? "none"))
    return Nothing()
  }
}

/// A variable that each process has of its own.
let labGlobal = Lock(0)

/// The chapter's `modify_global`.
struct ModifyGlobal: RemoteFunction {
  static let name = "lab.modify-global"

  func run() -> Int {
    labGlobal.withLock { global in
      global = 100
      return global
    }
  }
}

/// Traps for an index beyond the end of an array. In release only this form says why.
struct LabTrap: RemoteFunction {
  static let name = "lab.trap"
  var index: Int

  func run() -> Int {
    let numbers = [1, 2, 3]
    guard numbers.indices.contains(index) else { fatalError("index \(index) is out of range") }
    return numbers[index]
  }
}

/// The chapter's `sender`.
struct SendWords: RemoteFunction {
  static let name = "lab.send-words"
  var connection: Connection
  var words: [String]

  @available(*, noasync)
  func run() throws -> Nothing {
    for word in words { try connection.send(word) }
    return Nothing()
  }
}

/// The chapter's `find_primes_in_range`.
struct FindPrimes: RemoteFunction {
  static let name = "lab.find-primes"
  var range: Range<Int>

  func run() -> Int { range.count(where: Self.isPrime) }

  private static func isPrime(_ number: Int) -> Bool {
    if number < 4 { return number > 1 }
    if number % 2 == 0 || number % 3 == 0 { return false }
    var divisor = 5
    while divisor * divisor <= number {
      if number % divisor == 0 || number % (divisor + 2) == 0 { return false }
      divisor += 6
    }
    return true
  }
}

private let sharedFactor = Lock(0)

/// The chapter's `init_worker`.
struct ShareFactor: RemoteFunction {
  static let name = "lab.share-factor"
  var factor: Int

  func run() -> Nothing {
    sharedFactor.withLock { $0 = factor }
    return Nothing()
  }
}

/// The chapter's `process_chunk`.
struct SumOfProducts: RemoteFunction {
  static let name = "lab.sum-of-products"
  var chunk: Packed<Int>

  func run() -> Int {
    let factor = sharedFactor.withLock { $0 }
    return chunk.reduce(0) { $0 + $1 * factor }
  }
}

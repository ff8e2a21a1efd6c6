import Foundation
import Glibc
import SkeinProcesses
import SkeinSync
import SkeinWork

/// What the children of the benchmark do.
enum BenchFunctions {
  static let all: [any RemoteFunction.Type] = [
    DoNothing.self, CountBytes.self, WhoRuns.self, EchoMessages.self, TakeItems.self, PutItems.self,
    Contend.self, CopyShared.self, CountPrimes.self, AddSquares.self, SleepShortly.self,
  ]
}

struct DoNothing: RemoteFunction {
  static let name = "do-nothing"
  func run() -> Nothing { Nothing() }
}

struct CountBytes: RemoteFunction {
  static let name = "count-bytes"
  var bytes: Data
  func run() -> Int { bytes.count }
}

struct WhoRuns: RemoteFunction {
  static let name = "who-runs"
  func run() -> Int32 { getpid() }
}

/// Sends each message back, until the connection ends.
struct EchoMessages: RemoteFunction {
  static let name = "echo-messages"
  var connection: Connection

  @available(*, noasync)
  func run() throws -> Nothing {
    while let bytes = try? connection.receiveBytes() { try connection.sendBytes(bytes) }
    return Nothing()
  }
}

/// Takes items, and tells by the connection when an empty one has come.
struct TakeItems: RemoteFunction {
  static let name = "take-items"
  var queue: SharedQueue<Data>
  var connection: Connection

  @available(*, noasync)
  func run() throws -> Nothing {
    while let item = try? queue.get() { if item.isEmpty { try connection.send(0) } }
    return Nothing()
  }
}

/// Puts so many items each time that the connection says how many.
struct PutItems: RemoteFunction {
  static let name = "put-items"
  var queue: SharedQueue<Data>
  var connection: Connection
  var bytes: Int

  @available(*, noasync)
  func run() throws -> Nothing {
    let item = Data(repeating: 7, count: bytes)
    while let count = try? connection.receive(Int.self) { for _ in 0..<count { try queue.put(item) } }
    return Nothing()
  }
}

/// Counts so many times each time that the connection says how many: under a lock, or without one.
struct Contend: RemoteFunction {
  static let name = "contend"
  var value: SharedValue<Int>
  var counter: SharedCounter?
  var connection: Connection

  @available(*, noasync)
  func run() throws -> Nothing {
    while let count = try? connection.receive(Int.self) {
      if let counter {
        for _ in 0..<count { counter.add(1) }
      } else {
        for _ in 0..<count { value.withLock { $0 += 1 } }
      }
      try connection.send(0)
    }
    return Nothing()
  }
}

/// Takes a copy of what is in shared memory each time that the connection asks for one.
struct CopyShared: RemoteFunction {
  static let name = "copy-shared"
  var memory: SharedArray<UInt8>
  var connection: Connection

  @available(*, noasync)
  func run() throws -> Nothing {
    while (try? connection.receive(Int.self)) != nil {
      let copy = memory.withLock { Array($0) }
      try connection.send(copy.count)
    }
    return Nothing()
  }
}

/// The chapter's search for primes.
struct CountPrimes: RemoteFunction {
  static let name = "count-primes"
  static let ranges = (0..<8).map { $0 * 100_000..<($0 + 1) * 100_000 }
  var range: Range<Int>

  func run() -> Int { range.count(where: Self.isPrime) }

  private static func isPrime(_ number: Int) -> Bool {
    if number < 2 { return false }
    var divisor = 2
    while divisor * divisor <= number {
      if number % divisor == 0 { return false }
      divisor += 1
    }
    return true
  }
}

/// The chapter's computation.
struct AddSquares: RemoteFunction {
  static let name = "add-squares"
  var seed: Int

  func run() -> Nothing {
    Chapter.addSquares(seed)
    return Nothing()
  }
}

/// The chapter's wait.
struct SleepShortly: RemoteFunction {
  static let name = "sleep-shortly"

  func run() -> Nothing {
    sleepForMilliseconds(50)
    return Nothing()
  }
}

import BenchReport
import Foundation
import SkeinProcesses

/// What a fork costs. It is refused once threads are at work: so it is measured in a process that does nothing else.
enum ForkCost {
  static let word = "fork-cost"

  static var isAskedFor: Bool { CommandLine.arguments.dropFirst().first == word }

  @available(*, noasync)
  private static func fork() throws { try ChildProcess.start(DoNothing(), method: .fork).join() }

  /// Forks for so many seconds as the arguments say, and prints what one cost.
  static func tell() throws {
    let seconds = Double(CommandLine.arguments.last ?? "") ?? 0.1
    try fork()
    let started = monotonicNanoseconds()
    var count = 0
    while count < 3 || Double(monotonicNanoseconds() - started) < seconds * 1e9 {
      try fork()
      count += 1
    }
    let elapsed = Double(monotonicNanoseconds() - started)
    let answer = Answer(
      case: "start.fork", by: "ChildProcess", ns: elapsed / Double(count), operations: count, bytes: nil)
    print(String(decoding: try JSONEncoder().encode(answer), as: UTF8.self))
  }
}

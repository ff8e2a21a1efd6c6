import ArgumentParser
import BenchReport
import Foundation

/// The measuring program of what is written in Swift: `version`, or how many seconds a case and which cases, as in
/// the programs of the other languages.
struct MeasureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "measure", shouldDisplay: false)

  @Argument var implementation: Implementation
  @Argument var request: String
  @Argument var names: [String] = []

  /// What the cases are done with.
  enum Implementation: String, ExpressibleByArgument {
    case skein, mutex

    var cases: [MeasuredCase] {
      switch self {
      case .skein:
        skeinLockCases + semaphoreCases + semaphorePingPongCases + waiterCases + queueCases + channelCases
          + channelPingPongCases + selectCases + dictionaryCases
      case .mutex: mutexCases
      }
    }
  }

  func run() async throws {
    if request == "version" {
      // The launcher says what it builds with.
      return print(ProcessInfo.processInfo.environment["SKEIN_BENCH_SWIFT"] ?? "Swift")
    }
    guard let seconds = Double(request) else { throw ValidationError("'\(request)' is no number of seconds") }
    let cases = Dictionary(uniqueKeysWithValues: implementation.cases.map { ($0.name, $0) })
    for name in names {
      guard let found = cases[name] else { continue }
      let answer = try await found.measure(found.name, found.by, seconds)
      FileHandle.standardOutput.write(try JSONEncoder().encode(answer) + Data("\n".utf8))
    }
  }
}

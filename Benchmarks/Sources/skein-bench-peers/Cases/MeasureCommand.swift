import ArgumentParser
import BenchReport
import Foundation

/// The measuring program of what is written in Swift: `version`, or how many seconds a case and which cases, as in
/// the programs of the other languages.
struct MeasureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "measure", shouldDisplay: false)

  @Argument var suite: Suite
  @Argument var implementation: System.ID
  @Argument var request: String
  @Argument var names: [String] = []

  private var cases: [MeasuredCase] {
    switch (suite, implementation) {
    case (.sync, .skein):
      skeinLockCases + semaphoreCases + semaphorePingPongCases + waiterCases + queueCases + channelCases
        + channelPingPongCases + selectCases + dictionaryCases
    case (.sync, .mutex): mutexCases
    case (.pools, .skein):
      skeinSubmitCases + skeinComputeCases + skeinScalingCases + chapterCases(by: "ThreadPool", skeinFour)
    case (.pools, .dispatch):
      dispatchSubmitCases + dispatchComputeCases + dispatchScalingCases
        + chapterCases(by: "DispatchQueue.global", dispatchFour)
    case (.processes, .skein): startCases + callCases + lineCases + sharingCases + workCases
    case (.pools, .nio): nioSubmitCases + nioScalingCases
    default: []
    }
  }

  func run() async throws {
    if request == "version" {
      // The launcher says what it builds with.
      return print(ProcessInfo.processInfo.environment["SKEIN_BENCH_SWIFT"] ?? "Swift")
    }
    guard let seconds = Double(request) else { throw ValidationError("'\(request)' is no number of seconds") }
    let found = Dictionary(uniqueKeysWithValues: cases.map { ($0.name, $0) })
    for name in names {
      guard let found = found[name] else { continue }
      let answer = try await found.measure(found.name, found.by, seconds)
      FileHandle.standardOutput.write(try JSONEncoder().encode(answer) + Data("\n".utf8))
    }
  }
}

extension Suite: ExpressibleByArgument {}

import ArgumentParser
import SkeinProcesses

@main
struct PeersBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures Skein beside what other languages have.",
    subcommands: [SyncCommand.self, PoolsCommand.self, ProcessesCommand.self, MeasureCommand.self])

  static func main() async throws {
    try await Skein.main(BenchFunctions.all) {
      if ForkCost.isAskedFor { try ForkCost.tell() } else { await main(nil) }
    }
  }
}

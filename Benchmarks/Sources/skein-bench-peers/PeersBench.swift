import ArgumentParser

@main
struct PeersBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures Skein beside what other languages have.",
    subcommands: [SyncCommand.self, PoolsCommand.self, MeasureCommand.self])
}

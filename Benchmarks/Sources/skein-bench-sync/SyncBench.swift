import ArgumentParser

@main
struct SyncBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures Skein's primitives beside those of other languages.",
    subcommands: [SyncCommand.self, MeasureCommand.self])
}

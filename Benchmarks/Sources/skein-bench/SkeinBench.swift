import ArgumentParser

@main
struct SkeinBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures Skein beside the systems that do the same work.",
    discussion: """
      ./bench --install-peers   gets the peers: Python packages into Benchmarks/.venv, Redis with apt
      ./bench jobs              measures everything and prints a table
      ./bench jobs --quick      one short run
      """,
    subcommands: [JobsCommand.self, ProduceCommand.self, WorkCommand.self])
}

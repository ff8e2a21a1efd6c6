import ArgumentParser
import SkeinJobs
import SkeinProcesses

@main
struct SkeinBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures Skein's job queue beside the systems that do the same work.",
    subcommands: [
      JobsCommand.self, GrowthCommand.self, DashboardCommand.self, ProduceCommand.self, WorkCommand.self,
    ])

  static func main() async throws {
    try await Skein.main(jobs: JobRegistry(WorkCommand.jobs)) { await main(nil) }
  }
}

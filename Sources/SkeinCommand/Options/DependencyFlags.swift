internal import ArgumentParser
internal import SkeinJobForms
internal import SkeinJobs

/// The options of `submit` that say which other jobs a job waits for.
struct DependencyFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Start when these jobs have succeeded. Numbers or ids, separated by commas; any number of times.",
      valueName: "jobs"))
  var after: [String] = []

  @Option(help: ArgumentHelp("Start when these jobs have ended, however they did.", valueName: "jobs"))
  var afterEnd: [String] = []

  @Option(help: ArgumentHelp("Start when these jobs have failed.", valueName: "jobs"))
  var afterFailure: [String] = []

  @Option(
    help: ArgumentHelp(
      "Start if this job fails, and take its place for those that wait for its success.", valueName: "job"))
  var insteadOf: String?

  @Flag(help: "One of the jobs that are waited for suffices.")
  var any = false

  func validate() throws {
    guard !any || !(after + afterEnd + afterFailure).isEmpty else {
      throw ValidationError("--any belongs to --after, --after-end or --after-failure")
    }
  }

  /// The same as a value.
  var dependencies: RequestedDependencies {
    var all = RequestedDependencies()
    all.add(after.flatMap(Self.names), .success)
    all.add(afterEnd.flatMap(Self.names), .end)
    all.add(afterFailure.flatMap(Self.names), .failure)
    all.add([insteadOf].compactMap(\.self), .fallback)
    all.startsAfterAny = any
    return all
  }

  private static func names(_ text: String) -> [String] {
    text.split { $0 == "," || $0.isWhitespace }.map(String.init)
  }
}

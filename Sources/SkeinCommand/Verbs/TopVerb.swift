internal import ArgumentParser
internal import Foundation
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinSync

/// Shows a queue as it lives.
struct TopVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Watch a queue live: counts, rates, what runs, and what failed.",
    discussion: """
      Keys: q quits, p pauses the display, s sorts the running jobs by something
      else, j, k, arrows and page keys scroll, tab goes to the next list. Ctrl-C,
      SIGTERM and SIGHUP quit as well; the exit code is 0 then.

      Counting reads every job. Where that takes long, it is done now and then, and
      the jobs' changes are followed in between; the screen then says when it was.

      With --once, or when standard output is no terminal, one look is printed. In
      a pipe a line has 'queue', its name, open or paused, and the counts of
      waiting, scheduled, ready, running, succeeded, failed, cancelled and expired
      jobs; or 'worker', number, name, state, jobs at once, process; or 'running',
      number, name, queue, worker, start, progress from 0 to 1, its message, input,
      id; or 'failed', number, name, queue, end, error, id.

      With --json there is an object for each look, until interrupted. The first one
      has no rates: these take two looks.

      Examples:
        \(SkeinTool.name) top
        \(SkeinTool.name) top --interval 250ms
        \(SkeinTool.name) top --once
        \(SkeinTool.name) top --json --count 2 | jq '.rates.succeeded'
      """)

  @OptionGroup var queue: QueueOptions

  @Option(
    help: ArgumentHelp("The time between two looks; 1s unless told.", valueName: "duration"),
    transform: JobFlags.Flag.duration)
  var interval: Duration?

  @Flag(help: "Look once, and print it.")
  var once = false

  @Option(help: ArgumentHelp("End after so many looks; goes with --json.", valueName: "number"))
  var count: Int?

  func validate() throws {
    guard (.milliseconds(50)...Duration.seconds(86_400)).contains(pause) else {
      throw ValidationError("--interval must be from 50ms to 1d")
    }
    guard count == nil || (queue.json && !once) else {
      throw ValidationError("--count goes with --json, and not with --once")
    }
    guard count ?? 1 > 0 else { throw ValidationError("--count must be 1 or more") }
  }

  private var pause: Duration { interval ?? .seconds(1) }

  func run() async throws {
    let directory = try queue.directory()
    try await queue.withQueue { queue in
      let follower = TopFollower(queue, directory: directory)
      if self.queue.json { return try await writeViews(follower) }
      guard once || !Self.hasScreen else { return try await TopLoop.run(follower, interval: pause) }
      var onlooker = follower
      let report = TopReport(snapshot: try await onlooker.look())
      try Console.shared.write(report.text(for: Console.shared.output))
    }
  }

  private static var hasScreen: Bool {
    Console.shared.output.isTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  private func writeViews(_ follower: TopFollower) async throws {
    var follower = follower
    var rest = once ? 1 : count ?? .max
    while true {
      let start = MonotonicClock().now
      try Console.shared.line(JSONText.encode(TopView(try await follower.look())))
      rest -= 1
      guard rest > 0 else { return }
      try await follower.pause(pause, since: start)
    }
  }
}

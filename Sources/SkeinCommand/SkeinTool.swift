internal import ArgumentParser
internal import Foundation

/// The root of all verbs.
struct SkeinTool: AsyncParsableCommand {
  /// What this executable is called: a user's own one has another name than `skein`.
  static let name = CommandLine.arguments.first.map { ($0 as NSString).lastPathComponent } ?? "skein"

  /// What people do most.
  static let examples = """
      \(name) up                              run a queue, its workers and its dashboard
      \(name) submit -- convert a.png a.jpg   queue a command
      \(name) submit --wait -- make test      queue it, wait, pass on its exit code
      ls *.log | sed 's/^/gzip /' | \(name) submit
      \(name) list --state failed
      \(name) top                             watch it live
      \(name) advise -- ./import              does it compute or wait? which pool suits it?
      \(name) serve public                    files of a folder, over HTTP
      \(name) demo                            see it all at work, in some seconds
    """

  /// What holds for all verbs.
  static let about = """
    The queue is kept in --data-dir, else $SKEIN_DATA_DIR, else
    $XDG_DATA_HOME/skein, else ~/.local/share/skein. Who can write there can run
    commands as its workers.

    A job is named by its number, as 'list' shows it, or by its full id.

    With --json, standard output has one JSON object a line: one for each job
    where a verb takes or lists several. Without it, tables on a terminal become
    tab-separated lines without a heading in a pipe. NO_COLOR is respected.
    """

  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "A durable job queue: what goes in comes out done, through crashes and restarts.",
    discussion: """
      Examples:
      \(examples)

      \(about)

      Exit codes:
      \(ExitStatus.table)
      """,
    version: "0.1.0",
    groupedSubcommands: [
      CommandGroup(name: "Run", subcommands: [UpVerb.self, WorkerVerb.self, DemoVerb.self]),
      CommandGroup(
        name: "Jobs",
        subcommands: [SubmitVerb.self, ScheduleVerb.self, WaitVerb.self, CancelVerb.self, RetryVerb.self]),
      CommandGroup(
        name: "Look",
        subcommands: [
          TopVerb.self, ListVerb.self, ShowVerb.self, LogsVerb.self, StatsVerb.self, WorkersVerb.self,
          InspectVerb.self,
        ]),
      CommandGroup(
        name: "Keep in order",
        subcommands: [
          LimitVerb.self, PauseVerb.self, ResumeVerb.self, PurgeVerb.self, PruneVerb.self, EvictVerb.self,
          BackupVerb.self,
          CheckVerb.self,
        ]),
      CommandGroup(name: "Serve", subcommands: [DashboardVerb.self, ServeVerb.self]),
      CommandGroup(name: "Learn", subcommands: [AdviseVerb.self, LabVerb.self, ManVerb.self]),
    ])

  static var _errorLabel: String { "error" }
}

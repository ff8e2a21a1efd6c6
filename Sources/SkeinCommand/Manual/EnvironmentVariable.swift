/// A variable of the environment that the tool minds.
struct EnvironmentVariable {
  var name: String
  var meaning: String

  /// All of them.
  static let all = [
    EnvironmentVariable(
      name: "SKEIN_DATA_DIR", meaning: "The queue's directory, unless --data-dir names one."),
    EnvironmentVariable(
      name: "XDG_DATA_HOME", meaning: "Without either, the queue is in its directory 'skein'."),
    EnvironmentVariable(
      name: "HOME", meaning: "Without that too, it is in '.local/share/skein' in this directory."),
    EnvironmentVariable(
      name: "SKEIN_LOG",
      meaning:
        "What is logged, unless --log-level says so; the levels are the same."),
    EnvironmentVariable(name: "NO_COLOR", meaning: "When it is set and not empty, nothing is coloured."),
    EnvironmentVariable(
      name: "TERM", meaning: "Where it is 'dumb', nothing is coloured, and 'top' prints one look."),
    EnvironmentVariable(
      name: "XDG_RUNTIME_DIR", meaning: "Where workers and 'inspect' find each other; else in /tmp."),
    EnvironmentVariable(
      name: "TMPDIR", meaning: "Where workers put what a command reads from its standard input; else /tmp."),
    EnvironmentVariable(
      name: "SKEIN_LOCK_ORDER, SKEIN_BLOCKING",
      meaning:
        "With 1, workers report locks taken in both orders, and tasks that block; with 0 they do not."
    ),
    EnvironmentVariable(
      name: "SKEIN_JOB_ID, SKEIN_ATTEMPT",
      meaning: "Set for a command: the id of its job, and the attempt, from 1."),
  ]
}

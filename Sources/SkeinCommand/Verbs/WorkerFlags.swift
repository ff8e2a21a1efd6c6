internal import ArgumentParser
internal import SkeinJobs

extension JobIsolation {
  /// Reads a value of `--isolation`.
  @Sendable static func parse(_ text: String) throws -> JobIsolation {
    guard let isolation = JobIsolation(rawValue: text) else {
      throw ValidationError("'\(text)' is no isolation: write 'process' or 'none'")
    }
    return isolation
  }
}

/// The options of `up` and `worker`.
struct WorkerFlags: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "How many jobs run at once; as many as there are processors unless told.", valueName: "count"))
  var concurrency: Int?

  @Option(
    name: .customLong("queue"),
    help: ArgumentHelp(
      "A queue to serve, and its weight against the others; may be repeated. All unless told.",
      valueName: "name[=weight]"),
    transform: QueueShareText.parse)
  var queues: [WorkerOptions.QueueShare] = []

  @Option(
    help: ArgumentHelp(
      "The worker's name, for people; host and process number unless told.", valueName: "name"))
  var name: String?

  @Option(
    help: ArgumentHelp(
      """
      Where jobs run: in a process of their own each ('process'), so that one that traps, leaks or never ends harms no \
      other, or in the worker ('none'), which is faster for jobs that take less than a millisecond. Programs are \
      processes anyway.
      """,
      valueName: "process|none"),
    transform: JobIsolation.parse)
  var isolation: JobIsolation = .process

  @OptionGroup var retention: RetentionFlags

  /// The same as a value, checked.
  func options() throws -> WorkerOptions {
    var options = WorkerOptions()
    options.concurrency = concurrency ?? options.concurrency
    options.queues = queues
    options.name = name ?? options.name
    options.retention = retention.policy
    options.isolation = isolation
    try options.validate()
    return options
  }
}

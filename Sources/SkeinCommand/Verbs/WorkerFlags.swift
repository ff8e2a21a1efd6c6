internal import ArgumentParser
internal import SkeinJobs

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

  @OptionGroup var retention: RetentionFlags

  /// The same as a value, checked.
  func options() throws -> WorkerOptions {
    var options = WorkerOptions()
    options.concurrency = concurrency ?? options.concurrency
    options.queues = queues
    options.name = name ?? options.name
    options.retention = retention.policy
    try options.validate()
    return options
  }
}

internal import ArgumentParser
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinResilience

/// The options of `submit` that say how a job is queued and run.
struct JobFlags: ParsableArguments {
  @Option(help: ArgumentHelp("The queue it waits in.", valueName: "name"))
  var queue: String?

  @Option(help: ArgumentHelp("From 0 to 9, most urgent; 5 unless the job says otherwise.", valueName: "0-9"))
  var priority: Int?

  @Option(help: ArgumentHelp("How many attempts may follow one that failed.", valueName: "count"))
  var retries: Int?

  @Option(
    help: ArgumentHelp(
      "The delay before the first retry, doubled for each further one; or exponential:1s*3, or fixed:2s.",
      discussion:
        "Chance shortens each delay of an exponential one, so that jobs do not come back all at once.",
      valueName: "duration"),
    transform: Flag.backoff)
  var backoff: RetryPolicy.Backoff?

  @Option(
    help: ArgumentHelp("After this long an attempt counts as failed and is ended.", valueName: "duration"),
    transform: Flag.duration)
  var timeout: Duration?

  @Option(
    help: ArgumentHelp("After this long an attempt is asked to end.", valueName: "duration"),
    transform: Flag.duration)
  var softTimeout: Duration?

  @Option(
    help: ArgumentHelp("Wait this long before the start.", valueName: "duration"), transform: Flag.duration)
  var delay: Duration?

  @Option(
    help: ArgumentHelp("Start within this time or not at all.", valueName: "duration"),
    transform: Flag.duration)
  var expires: Duration?

  @Option(
    help: ArgumentHelp(
      "While a job with this key is unfinished, submitting gives that one.", valueName: "key"))
  var unique: String?

  @Option(
    help: ArgumentHelp(
      "Keep the unique key for so long, though the job may have ended.", valueName: "duration"),
    transform: Flag.duration)
  var uniqueFor: Duration?

  @Option(
    help: ArgumentHelp(
      "When the unique key is taken: existing (give that job), error, or replace (the job that has it).",
      valueName: "answer"))
  var ifExists: IfExistsText?

  @Option(help: ArgumentHelp("The key that it stands under a limit by: see 'limit'.", valueName: "key"))
  var concurrencyKey: String?

  /// The same as a value.
  var changes: OptionChanges {
    OptionChanges(
      queue: queue, priority: priority, retries: retries, backoff: backoff, timeout: timeout,
      softTimeout: softTimeout, delay: delay, expires: expires, unique: unique, uniqueFor: uniqueFor,
      ifExists: ifExists?.conflict, concurrencyKey: concurrencyKey)
  }

  /// Tells the parser's kind of error: it adds the option's name.
  enum Flag {
    @Sendable static func duration(_ text: String) throws -> Duration {
      do { return try DurationText.parse(text) } catch { throw ValidationError("\(error)") }
    }

    @Sendable static func backoff(_ text: String) throws -> RetryPolicy.Backoff {
      do { return try BackoffText.parse(text) } catch { throw ValidationError("\(error)") }
    }
  }
}

extension IfExistsText: ExpressibleByArgument {}

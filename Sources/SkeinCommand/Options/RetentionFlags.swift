internal import ArgumentParser
internal import SkeinJobForms
internal import SkeinJobs

/// How long finished jobs are kept.
struct RetentionFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How long jobs that succeeded are kept, with logs and results: a duration or 'forever'.",
      valueName: "duration"), transform: Self.parse)
  var keep = Span(RetentionPolicy().succeeded)

  @Option(
    help: ArgumentHelp("The same for jobs that failed, were cancelled or expired.", valueName: "duration"),
    transform: Self.parse)
  var keepFailed = Span(RetentionPolicy().unsuccessful)

  var policy: RetentionPolicy { RetentionPolicy(succeeded: keep.duration, unsuccessful: keepFailed.duration) }

  /// A span that may have no end.
  struct Span: CustomStringConvertible {
    var duration: Duration?

    init(_ duration: Duration?) { self.duration = duration }

    /// As it is typed; shown in the help as the default.
    var description: String {
      guard let duration else { return "forever" }
      return "\(duration.components.seconds / 86_400)d"
    }
  }

  @Sendable private static func parse(_ text: String) throws -> Span {
    Span(text == "forever" ? nil : try DurationText.parse(text))
  }
}

internal import ArgumentParser
internal import SkeinJobForms
internal import SkeinJobs

/// Limits how many jobs run at once, and how many start in a span.
struct LimitVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limit",
    abstract: "Limit how many jobs of a name or key run at once, or start in a span.",
    discussion: """
      A limit holds over all workers of the queue, from the moment it is set. A job
      that it holds back stays ready, and others go past it.

      Examples:
        \(SkeinTool.name) limit set --key smtp --concurrency 4
        \(SkeinTool.name) limit set --name fetch --rate 10/s --burst 20
        \(SkeinTool.name) limit set --key 'tenant-*' --concurrency 1
        \(SkeinTool.name) submit --concurrency-key smtp -- ./send it.txt
        \(SkeinTool.name) limit list
      """,
    subcommands: [LimitSet.self, LimitList.self, LimitRemove.self])
}

/// What a limit is for.
struct LimitSubject: ParsableArguments {
  @Option(help: ArgumentHelp("Jobs of this name; names that begin so, if it ends in *.", valueName: "name"))
  var name: String?

  @Option(
    help: ArgumentHelp(
      "Jobs submitted with this --concurrency-key; keys that begin so, each for itself, if it ends in *.",
      valueName: "key"))
  var key: String?

  func validate() throws {
    guard (name == nil) != (key == nil) else { throw ValidationError("give either --name or --key") }
  }

  /// The same as a value.
  var subject: JobLimit.Subject { name.map { .name($0) } ?? .key(key ?? "") }
}

/// Sets a limit.
struct LimitSet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Set a limit, in the place of the one that is there.",
    discussion: """
      The starts of a rate are evenly spread: 60/1m is one each second. --burst lets
      some come at once after a time without any.

      Examples:
        \(SkeinTool.name) limit set --key smtp --concurrency 4 --rate 100/1m
      """)

  @OptionGroup var queue: QueueOptions
  @OptionGroup var limited: LimitSubject

  @Option(help: ArgumentHelp("So many run at once.", valueName: "count"))
  var concurrency: Int?

  @Option(
    help: ArgumentHelp("So many start in a span: 10/s, 100/1m.", valueName: "rate"), transform: Self.rate)
  var rate: JobLimit.Rate?

  @Option(help: ArgumentHelp("So many of a rate may start at once.", valueName: "count"))
  var burst: Int?

  func validate() throws {
    guard concurrency != nil || rate != nil else {
      throw ValidationError("give --concurrency, --rate or both")
    }
    guard burst == nil || rate != nil else { throw ValidationError("--burst belongs to --rate") }
  }

  func run() async throws {
    var limit = JobLimit(limited.subject, concurrency: concurrency, rate: rate)
    if let burst { limit.rate?.burst = burst }
    try limit.validate()
    try await queue.withQueue(creates: true) { [limit] queue in
      try await queue.setLimit(limit)
      if self.queue.json { return try Console.shared.line(JSONText.encode(LimitView(limit))) }
      try Console.shared.line("\(LimitText.subject(limit.subject)): \(LimitText.rule(limit))")
    }
  }

  @Sendable private static func rate(_ text: String) throws -> JobLimit.Rate {
    do { return try RateText.parse(text) } catch { throw ValidationError("\(error)") }
  }
}

/// Lists limits.
struct LimitList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the limits.",
    discussion: """
      In a pipe the fields are: name or key, its text, concurrency, rate.

      Examples:
        \(SkeinTool.name) limit list
      """)

  @OptionGroup var queue: QueueOptions

  func run() async throws {
    try await queue.withQueue { queue in
      let limits = try await queue.limits()
      if self.queue.json {
        for limit in limits { try Console.shared.line(JSONText.encode(LimitView(limit))) }
        return
      }
      var table = Table(columns: [
        .init(title: "OF"), .init(title: "TEXT", minimum: 8), .init(title: "AT ONCE", isNumber: true),
        .init(title: "RATE"),
      ])
      for limit in limits {
        table.rows.append([
          .init(LimitText.kind(limit.subject)), .init(limit.subject.text),
          .init(limit.concurrency.map { "\($0)" } ?? ""), .init(limit.rate.map(RateText.text) ?? ""),
        ])
      }
      try Console.shared.write(table.text(for: Console.shared.output))
      if limits.isEmpty, Console.shared.output.isTerminal {
        try Console.shared.line("no limits: 'limit set' makes one")
      }
    }
  }
}

/// Takes a limit away.
struct LimitRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Take a limit away; what it holds back goes on.",
    discussion: """
      Examples:
        \(SkeinTool.name) limit remove --key smtp
      """)

  @OptionGroup var queue: QueueOptions
  @OptionGroup var limited: LimitSubject

  func run() async throws {
    try await queue.withQueue { queue in
      let subject = limited.subject
      guard try await queue.removeLimit(subject) else {
        throw CommandFailure(.notFound, "there is no limit for \(LimitText.subject(subject))")
      }
      try Console.shared.line("\(LimitText.subject(subject)): no limit any more")
    }
  }
}

/// Limits as people read them.
enum LimitText {
  static func kind(_ subject: JobLimit.Subject) -> String {
    switch subject {
    case .name: "name"
    case .key: "key"
    }
  }

  static func subject(_ subject: JobLimit.Subject) -> String {
    "\(kind(subject)) \(Text.printable(subject.text))"
  }

  static func rule(_ limit: JobLimit) -> String {
    let parts = [limit.concurrency.map { "\($0) at once" }, limit.rate.map(RateText.text)]
    return parts.compactMap(\.self).joined(separator: ", ")
  }
}

/// A limit in JSON.
struct LimitView: Encodable {
  var name: String?
  var key: String?
  var concurrency: Int?
  var rate: Int?
  /// In seconds.
  var period: Double?
  var burst: Int?

  init(_ limit: JobLimit) {
    switch limit.subject {
    case .name(let text): name = text
    case .key(let text): key = text
    }
    concurrency = limit.concurrency
    rate = limit.rate?.count
    period = limit.rate.map { $0.period / .seconds(1) }
    burst = limit.rate?.burst
  }
}

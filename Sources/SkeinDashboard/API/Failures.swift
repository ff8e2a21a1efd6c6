internal import FoundationEssentials
internal import SkeinJobs

/// Jobs that have failed, by what they failed of.
struct FailureGroup: Sendable {
  /// The name of the jobs.
  var name: String
  /// The last error's type, and the first lines of its message, in which numbers do not count.
  var type: String
  var message: String
  /// The jobs, the latest first.
  var jobs: [JobRecord]
  /// When the latest of them failed.
  var latest: Date?

  /// What tells it from others, for an address.
  var key: String { stableHash([name, type, message].joined(separator: "\u{1f}").utf8) }
}

/// The failures of a queue, grouped.
struct Failures: Sendable {
  /// So many of the latest failed jobs are looked into.
  static let most = 500

  /// Those of most jobs first.
  var groups: [FailureGroup]
  /// How many failed jobs were looked into.
  var looked: Int
  /// How many there are.
  var total: Int

  /// Looks into the latest failed jobs.
  init(of queue: JobQueue, _ tally: JobTally) async throws {
    var filter = JobTally.Filter()
    filter.states = [.failed]
    var stored = JobFilter()
    stored.sequences = tally.latest(filter, limit: Self.most)
    stored.states = [.failed]
    stored.limit = Self.most
    let jobs = try await queue.store.jobs(stored)
    let attempts = try await queue.store.lastAttempts(of: jobs.map(\.sequence))
    looked = jobs.count
    total = tally.jobsByState[.failed] ?? 0
    var groups: [String: FailureGroup] = [:]
    for job in jobs {
      let error = attempts[job.sequence]?.error
      let lines = (error?.message ?? "").split(whereSeparator: \.isNewline).prefix(3).joined(separator: " ")
      let group = FailureGroup(
        name: job.kind.name, type: error?.type ?? job.life.reason?.name ?? "unknown",
        message: Self.withoutNumbers(lines.prefix(300)), jobs: [], latest: nil)
      groups[group.key, default: group].jobs.append(job)
    }
    self.groups = groups.values.map { group in
      var group = group
      group.latest = group.jobs.compactMap(\.finishedAt).max()
      return group
    }.sorted { ($1.jobs.count, $0.key) < ($0.jobs.count, $1.key) }
  }

  private static func withoutNumbers(_ text: Substring) -> String {
    var result = ""
    for character in text {
      let isDigit = character.isASCII && character.isNumber
      if !isDigit { result.append(character) } else if result.last != "#" { result.append("#") }
    }
    return result
  }
}

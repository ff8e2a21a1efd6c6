internal import FoundationEssentials
internal import HTTPTypes
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinNetwork

/// Which jobs a list shows, as the query of its address says.
struct JobQuery: Hashable, Sendable {
  /// So many jobs are looked into for a text in one go; the rest is behind the cursor.
  static let mostSearched = 5000

  var filter = JobTally.Filter()
  /// A text that the jobs have.
  var text: String?
  /// Only those of this flow.
  var group: JobID?
  /// Only those that were enqueued at this time or later.
  var since: Date?
  /// Where the page begins: behind this job.
  var before: Int64?
  var limit = 50

  /// One that lets everything through.
  init() {}

  /// Reads the query of an address: `state` (may be repeated), `queue`, `name`, `q`, `group`, `since` (a span such as `2h`, or a
  /// time), `cursor`, `limit`.
  ///
  /// - Parameter passesOverEmpty: whether a field without a value is as none: so forms send what was left empty.
  /// - Throws: ``SkeinJobs/JobQueueError`` with code `invalidInput`, which names the field.
  init(_ fields: URLEncodedFields, passesOverEmpty: Bool, now: Date = Date()) throws {
    for field in fields where !(passesOverEmpty && field.value.isEmpty) {
      let value = field.value
      switch field.name {
      case "state": filter.states.formUnion(try Self.states(value))
      case "queue": filter.queue = value
      case "name": filter.name = value
      case "q": text = value
      case "group": group = try Self.parsed(JobID(value), "group", value, "the id of a flow")
      case "since": since = try Self.since(value, now)
      case "cursor":
        before = try Self.parsed(
          Int64(value).flatMap { $0 > 0 ? $0 : nil }, "cursor", value, "what 'next' told")
      case "limit":
        limit = try Self.parsed(
          Int(value).flatMap { (1...500).contains($0) ? $0 : nil }, "limit", value, "from 1 to 500")
      default:
        throw JobQueueError.invalidInput(
          "there is no field '\(Text.cut(Text.printable(field.name), to: 40))': use state, queue, name, q, group, since, cursor or limit"
        )
      }
    }
  }

  /// The states that a word means.
  static func states(_ text: String) throws -> Set<JobState> {
    if text == "unfinished" { return Set(JobState.allCases.filter { !$0.isFinished }) }
    let all = JobState.allCases.map(\.name).joined(separator: ", ")
    return [try parsed(JobState(name: text), "state", text, "one of \(all), or unfinished")]
  }

  private static func since(_ text: String, _ now: Date) throws -> Date {
    if let span = try? DurationText.parse(text) { return now.addingTimeInterval(-(span / .seconds(1))) }
    let styles = [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()]
    return try parsed(
      styles.lazy.compactMap { try? $0.parse(text) }.first, "since", text,
      "a span such as 2h, or a time such as 2026-07-01T12:00:00Z")
  }

  private static func parsed<Value>(_ value: Value?, _ field: String, _ text: String, _ what: String) throws
    -> Value
  {
    guard let value else {
      throw JobQueueError.invalidInput(
        "'\(field)' is '\(Text.cut(Text.printable(text), to: 60))': it must be \(what)")
    }
    return value
  }

  /// A page of jobs.
  struct Page: Sendable {
    var jobs: [JobRecord]
    /// Where the next page begins; `nil` at the end.
    var next: Int64?
    /// Up to which job a text was searched for, when the search stopped there before the page was full.
    var searchedTo: Int64?
  }

  /// Finds the jobs: which of them fit, the tally knows; the store is asked for these alone.
  func page(of queue: JobQueue, _ tally: JobTally) async throws -> Page {
    var stored = JobFilter()
    (stored.text, stored.since, stored.group, stored.limit) = (text, since, group, limit + 1)
    // Asked again of the store, for a job may have moved on since.
    stored.states = filter.states
    if group != nil {
      (stored.queue, stored.name, stored.before) = (filter.queue, filter.name, before)
      return page(try await queue.store.jobs(stored))
    }
    guard text != nil || since != nil else {
      let fitting = tally.latest(filter, before: before, limit: limit + 1)
      stored.sequences = fitting
      // Those that were removed a moment ago are missing, which ends no list.
      let jobs = try await queue.store.jobs(stored).prefix(limit)
      return Page(jobs: Array(jobs), next: fitting.count > limit ? fitting[limit - 1] : nil)
    }
    let candidates = tally.latest(filter, before: before, limit: Self.mostSearched)
    stored.sequences = candidates
    let found = page(try await queue.store.jobs(stored))
    guard found.next == nil, candidates.count == Self.mostSearched, let end = candidates.last,
      text != nil || found.jobs.count == candidates.count
    else { return found }
    return Page(jobs: found.jobs, next: end, searchedTo: end)
  }

  private func page(_ found: [JobRecord]) -> Page {
    Page(jobs: Array(found.prefix(limit)), next: found.count > limit ? found[limit - 1].sequence : nil)
  }
}

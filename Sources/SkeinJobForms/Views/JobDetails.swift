package import FoundationEssentials
package import SkeinJobs

/// All about one job.
package struct JobDetails: Sendable {
  package var record: JobRecord
  package var input: Data
  package var result: Data?
  package var attempts: [AttemptRecord]
  /// What it waits for, and what waits for it.
  package var tree: FlowTree?
  package var group: JobID?

  package init(of record: JobRecord, in queue: JobQueue) async throws {
    self.record = record
    let payload = try await queue.store.payload(of: record.sequence)
    input = payload?.kwargs ?? Data("{}".utf8)
    group = payload?.groupID
    tree = try await FlowTree.around(record, in: queue)
    result = try await queue.store.result(of: record.sequence)
    attempts = try await queue.store.attempts(of: record.sequence)
  }

  package struct View: Encodable, Sendable {
    package var job: JobView
    package var input: JSONValue?
    package var result: JSONValue?
    package var attempts: [AttemptView]
    package var group: JobID?
    package var links: [LinkView]?
  }

  package var view: View {
    View(
      job: JobView(record), input: JSONValue(input), result: result.flatMap(JSONValue.init),
      attempts: attempts.map(AttemptView.init), group: group, links: tree?.links.map(LinkView.init))
  }
}

package import FoundationEssentials
package import SkeinJobs

/// A worker in JSON.
package struct WorkerView: Encodable, Sendable {
  package var number: Int64
  package var name: String
  package var state: String
  package var concurrency: Int
  package var processID: Int32
  package var queues: [String]
  package var joinedAt: Date
  /// The numbers of the jobs that it holds; `nil` where that was not asked for.
  package var jobs: [Int64]?

  package init(_ worker: WorkerRecord, holds jobs: [JobRecord]? = nil) {
    let about = worker.description
    number = worker.id.number
    name = about.name
    state = worker.liveness.rawValue
    concurrency = about.concurrency
    processID = about.processID
    queues = about.queues
    joinedAt = worker.joinedAt
    self.jobs = jobs.map { $0.map(\.sequence).reversed() }
  }
}

package import SkeinJobs

/// A submitted job in JSON.
package struct SubmittedView: Encodable, Sendable {
  package var id: JobID
  package var sequence: Int64
  package var isExisting: Bool

  package init(_ job: EnqueuedJob) {
    id = job.id
    sequence = job.sequence
    isExisting = job.isExisting
  }
}

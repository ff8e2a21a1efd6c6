internal import SkeinJobs

/// Jobs that are submitted together: all or none, up to a number.
struct SubmitBatch: Sendable {
  /// How many jobs are stored at once.
  static let most = 10_000

  var requests: [JobRequest]
  var registry: JobRegistry

  /// Checks all requests.
  ///
  /// - Parameter announced: what workers have said that they know.
  /// - Throws: ``CommandFailure`` about the first request that is not acceptable.
  func jobs(announced: [String: Int]) throws -> [NewJob] {
    let catalog = JobCatalog(registry: registry, announced: announced)
    return try requests.map(catalog.job)
  }

  /// Stores the jobs, by parts when there are very many.
  ///
  /// - Throws: ``CommandFailure`` that says how many are stored, when it is not the first part that fails.
  func store(_ jobs: [NewJob], in queue: JobQueue) async throws -> [EnqueuedJob] {
    var stored: [EnqueuedJob] = []
    var rest = jobs[...]
    while !rest.isEmpty {
      let part = Array(rest.prefix(Self.most))
      do {
        stored += try await queue.enqueue(part)
      } catch let error as JobQueueError where !stored.isEmpty {
        throw CommandFailure(
          ExitStatus(error.code),
          "only the first \(stored.count) of \(jobs.count) jobs are stored: \(error.message)")
      }
      rest = rest.dropFirst(part.count)
    }
    return stored
  }
}

package import SkeinJobs

/// Jobs that are submitted together: all or none, up to a number.
package struct SubmitBatch: Sendable {
  /// How many jobs are stored at once.
  package static let most = 10_000
  /// How many are stored at once where some wait for others: those can not be parted.
  package static let mostTied = 200_000

  package var requests: [JobRequest]
  package var registry: JobRegistry

  package init(requests: [JobRequest], registry: JobRegistry) {
    (self.requests, self.registry) = (requests, registry)
  }

  /// Checks all requests.
  ///
  /// - Parameter announced: what workers have said that they know.
  /// - Throws: ``JobQueueError`` about the first request that is not acceptable.
  package func jobs(announced: [String: Int]) throws -> [NewJob] {
    let catalog = JobCatalog(registry: registry, announced: announced)
    let jobs = try requests.map(catalog.job)
    if isTied {
      let resolver = try DependencyResolver(requests, jobs)
      for request in requests { try resolver.check(request) }
    }
    return jobs
  }

  private var isTied: Bool { requests.contains { !$0.dependencies.isEmpty } }

  /// Finds what the jobs wait for.
  ///
  /// - Throws: ``JobQueueError`` that names the line.
  private func tied(_ jobs: [NewJob], in queue: JobQueue) async throws -> [NewJob] {
    guard isTied else { return jobs }
    guard jobs.count <= Self.mostTied else {
      throw JobQueueError.invalidInput(
        "at most \(Self.mostTied) lines can be submitted together when some of them wait for others")
    }
    var resolver = try DependencyResolver(requests, jobs)
    var tied = jobs
    for (place, request) in requests.enumerated() {
      tied[place].dependencies = try await resolver.resolve(request, in: queue)
      tied[place].startsAfterAny = request.dependencies.startsAfterAny
    }
    return tied
  }

  /// Stores the jobs, by parts when there are very many.
  ///
  /// - Throws: ``JobQueueError`` that says how many are stored, when it is not the first part that fails.
  package func store(_ jobs: [NewJob], in queue: JobQueue) async throws -> [EnqueuedJob] {
    var stored: [EnqueuedJob] = []
    var rest = try await tied(jobs, in: queue)[...]
    let most = isTied ? Self.mostTied : Self.most
    while !rest.isEmpty {
      let part = Array(rest.prefix(most))
      do {
        stored += try await queue.enqueue(part)
      } catch let error as JobQueueError where !stored.isEmpty {
        throw JobQueueError(
          error.code, "only the first \(stored.count) of \(jobs.count) jobs are stored: \(error.message)")
      }
      rest = rest.dropFirst(part.count)
    }
    return stored
  }
}

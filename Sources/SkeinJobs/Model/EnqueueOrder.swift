/// The order in which jobs that are enqueued together are stored: each one after those that it waits for.
///
/// - Complexity: O(jobs + dependencies).
enum EnqueueOrder {
  /// Sorts jobs; those that do not wait for each other keep their order.
  ///
  /// - Returns: the places of the jobs.
  /// - Throws: ``JobQueueError`` with code `invalidInput` that names the jobs of a cycle, a dependency that is given
  ///   twice, or an id that two jobs have.
  static func of(_ jobs: [NewJob]) throws(JobQueueError) -> [Int] {
    guard jobs.contains(where: { !$0.dependencies.isEmpty }) else { return Array(jobs.indices) }
    let places = try places(jobs)
    var missing = try jobs.map { (job) throws(JobQueueError) in
      try needs(of: job).count { places[$0] != nil }
    }
    var followers: [Int: [Int]] = [:]
    for (place, job) in jobs.enumerated() {
      for dependency in job.dependencies {
        if let needed = places[dependency.job] { followers[needed, default: []].append(place) }
      }
    }
    var order = jobs.indices.filter { missing[$0] == 0 }
    var next = 0
    while next < order.count {
      for follower in followers[order[next]] ?? [] {
        missing[follower] -= 1
        if missing[follower] == 0 { order.append(follower) }
      }
      next += 1
    }
    guard order.count == jobs.count else { throw cycle(jobs, places, among: missing) }
    return order
  }

  private static func places(_ jobs: [NewJob]) throws(JobQueueError) -> [JobID: Int] {
    var places: [JobID: Int] = [:]
    for (place, job) in jobs.enumerated() {
      guard places.updateValue(place, forKey: job.id) == nil else {
        throw .invalidInput("two jobs that are enqueued together have the id \(job.id)")
      }
    }
    return places
  }

  private static func needs(of job: NewJob) throws(JobQueueError) -> Set<JobID> {
    let ids = Set(job.dependencies.map(\.job))
    guard ids.count == job.dependencies.count else {
      throw .invalidInput("job '\(job.kind.name)' waits for the same job twice; say each one once")
    }
    return ids
  }

  /// Follows dependencies that are left over until one comes up again.
  private static func cycle(_ jobs: [NewJob], _ places: [JobID: Int], among missing: [Int]) -> JobQueueError {
    var path: [Int] = []
    var seen: Set<Int> = []
    var place = missing.firstIndex { $0 > 0 }!
    while seen.insert(place).inserted {
      path.append(place)
      place = jobs[place].dependencies.compactMap { places[$0.job] }.first { missing[$0] > 0 }!
    }
    let round = path.drop { $0 != place } + [place]
    return JobQueueError(
      .invalidInput,
      "these jobs wait for each other, so that none could ever start: "
        + round.map { jobs[$0].label ?? "\(jobs[$0].kind.name) \(jobs[$0].id)" }.joined(separator: " → ")
        + " (each one waits for the next)")
  }
}

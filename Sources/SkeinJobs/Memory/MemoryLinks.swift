/// The links between the jobs of a ``MemoryJobStore``: who waits for whom.
///
/// - Invariant: `waiting` and `followers` have the same links.
struct MemoryLinks: Sendable {
  /// A link, with the id under which the other job was named.
  struct Link: Sendable {
    var needs: Int64
    var origin: JobID
    var condition: JobDependency.Condition
    var state: JobLink.State
  }

  /// Where a link is found.
  struct Place: Hashable, Sendable {
    var job: Int64
    var place: Int
  }

  /// The links of each job that has dependencies, in order.
  private(set) var links: [Int64: [Link]] = [:]
  /// The links to each job.
  private var followers: [Int64: [Place]] = [:]
  private var pending: [Int64: Int] = [:]

  subscript(place: Place) -> Link { links[place.job]![place.place] }

  func hasPending(_ job: Int64) -> Bool { pending[job, default: 0] > 0 }

  /// The links to a job.
  func followers(of needs: Int64) -> [Place] { followers[needs] ?? [] }

  mutating func append(_ link: Link, of job: Int64) {
    links[job, default: []].append(link)
    followers[link.needs, default: []].append(Place(job: job, place: links[job]!.count - 1))
    if link.state == .pending { pending[job, default: 0] += 1 }
  }

  mutating func set(_ place: Place, _ state: JobLink.State) {
    let old = self[place].state
    links[place.job]![place.place].state = state
    pending[place.job, default: 0] += (state == .pending ? 1 : 0) - (old == .pending ? 1 : 0)
  }

  /// Has a link be on another job.
  mutating func move(_ place: Place, to needs: Int64) {
    followers[self[place].needs]?.removeAll { $0 == place }
    links[place.job]![place.place].needs = needs
    followers[needs, default: []].append(place)
  }

  mutating func remove(_ job: Int64) {
    for (place, link) in (links.removeValue(forKey: job) ?? []).enumerated() {
      followers[link.needs]?.removeAll { $0 == Place(job: job, place: place) }
    }
    followers[job] = nil
    pending[job] = nil
  }
}

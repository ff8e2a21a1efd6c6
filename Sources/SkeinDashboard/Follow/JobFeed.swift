internal import SkeinJobs

/// The latest changes of jobs, for those who follow them: as many of them as there may be, at the cost of one who reads.
struct JobFeed: Sendable {
  /// So many changes are kept; who is further behind reads from the store.
  private let most: Int
  private var changes: [JobRecord] = []
  /// Up to which revision the changes that are not kept any more go.
  private var start: Int64

  /// One that begins behind a revision.
  init(after revision: Int64, most: Int = 4000) {
    (start, self.most) = (revision, most)
  }

  /// The revision up to which changes are here.
  var end: Int64 { changes.last?.revision ?? start }

  /// Adds changes, in the order of their revisions.
  mutating func append(_ new: [JobRecord]) {
    changes += new
    guard changes.count > 2 * most else { return }
    start = changes[changes.count - most - 1].revision
    changes.removeFirst(changes.count - most)
  }

  /// The changes after a revision; `nil` when they are not all here.
  ///
  /// - Complexity: O(log(changes kept)) and what is returned.
  func changes(after revision: Int64) -> ArraySlice<JobRecord>? {
    guard revision >= start else { return nil }
    var (low, high) = (0, changes.count)
    while low < high {
      let middle = (low + high) / 2
      if changes[middle].revision <= revision { low = middle + 1 } else { high = middle }
    }
    return changes[low...]
  }
}

internal import SkeinJobs

/// The latest changes of jobs, for those who follow them: as many of them as there may be, at the cost of one who reads.
struct JobFeed: Sendable {
  /// So many changes are kept at the least; who is further behind reads from the store.
  private let least: Int
  /// As they came, none empty: what is kept elsewhere of the same value is not copied when more come.
  private var batches: [[JobRecord]] = []
  private var count = 0
  /// Up to which revision the changes that are not kept any more go.
  private var start: Int64

  /// One that begins behind a revision.
  init(after revision: Int64, least: Int = 4000) {
    (start, self.least) = (revision, least)
  }

  /// The revision up to which changes are here.
  var end: Int64 { batches.last?.last?.revision ?? start }

  /// Adds changes, in the order of their revisions.
  mutating func append(_ new: [JobRecord]) {
    guard !new.isEmpty else { return }
    batches.append(new)
    count += new.count
    guard count > 2 * least else { return }
    var dropped = 0
    while count - batches[dropped].count >= least {
      count -= batches[dropped].count
      start = batches[dropped].last?.revision ?? start
      dropped += 1
    }
    batches.removeFirst(dropped)
  }

  /// The changes after a revision; `nil` when they are not all here.
  ///
  /// - Complexity: O(log(changes kept)) and what is returned.
  func changes(after revision: Int64) -> [JobRecord]? {
    guard revision >= start else { return nil }
    let first = batches.partitioningIndex { $0[$0.count - 1].revision > revision }
    return batches[first...].flatMap { batch in
      batch[batch.partitioningIndex { $0.revision > revision }...]
    }
  }
}

internal import SkeinJobs

/// Where each of millions of jobs stands, in sixteen bytes for each: what counts them, and finds those that fit a filter,
/// without asking the store.
///
/// - Invariant: `entries` go up by their sequence; `counts` are how many entries there are of each queue and state.
struct JobTally: Sendable {
  /// Which jobs are looked for.
  struct Filter: Hashable, Sendable {
    /// Only in these states; empty means all.
    var states: Set<JobState> = []
    /// Only of this queue.
    var queue: String?
    /// Only of this name.
    var name: String?

    /// One that lets everything through.
    init() {}
  }

  private struct Entry: Sendable {
    var sequence: Int64
    var queue: UInt32
    /// The number of the name, above four bits of the state.
    var nameAndState: UInt32

    var state: Int { Int(nameAndState & 15) }
    var name: UInt32 { nameAndState >> 4 }
  }

  /// Names by their numbers, and numbers by their names.
  private struct Names: Sendable {
    private(set) var all: [String] = []
    private var numbers: [String: UInt32] = [:]

    mutating func number(of name: String) -> UInt32 {
      if let number = numbers[name] { return number }
      numbers[name] = UInt32(all.count)
      all.append(name)
      return UInt32(all.count - 1)
    }

    func find(_ name: String) -> UInt32? { numbers[name] }
  }

  private var entries: ContiguousArray<Entry> = []
  private var queues = Names()
  private var names = Names()
  /// By the number of the queue, then by the state.
  private var counts: [[Int]] = []

  /// One of no jobs.
  init() {}

  /// How many jobs there are.
  var count: Int { entries.count }

  // MARK: Following

  /// Notes where a job stands now.
  ///
  /// - Returns: where it stood before; `nil` for one that is new.
  /// - Complexity: O(log(jobs)); O(jobs that came later) for a new one that is not the latest.
  @discardableResult
  mutating func note(_ job: JobOutline) -> JobState? {
    let queue = queues.number(of: job.queue)
    if queue == counts.count { counts.append(Array(repeating: 0, count: JobState.allCases.count)) }
    let entry = Entry(
      sequence: job.sequence, queue: queue,
      nameAndState: names.number(of: job.name) << 4 | UInt32(job.state.rawValue))
    counts[Int(queue)][entry.state] += 1
    let place = place(of: job.sequence)
    guard place < entries.count, entries[place].sequence == job.sequence else {
      entries.insert(entry, at: place)
      return nil
    }
    let old = entries[place]
    counts[Int(old.queue)][old.state] -= 1
    entries[place] = entry
    return JobState(rawValue: old.state)
  }

  /// The first place whose sequence is not below.
  private func place(of sequence: Int64) -> Int {
    if let last = entries.last, last.sequence < sequence { return entries.count }
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].sequence < sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: Asking

  /// The latest job; `nil` without any.
  var last: Int64? { entries.last?.sequence }

  /// Whether a job is known.
  func contains(_ sequence: Int64) -> Bool {
    let place = place(of: sequence)
    return place < entries.count && entries[place].sequence == sequence
  }

  /// All jobs, in the order of coming.
  var outlines: some Sequence<JobOutline> {
    entries.lazy.map { [queues, names] entry in
      JobOutline(
        sequence: entry.sequence, state: JobState(rawValue: entry.state) ?? .waiting,
        queue: queues.all[Int(entry.queue)], name: names.all[Int(entry.name)])
    }
  }

  /// How many jobs each queue has in each state, for those queues that have any.
  var jobsByQueue: [String: [JobState: Int]] {
    var result: [String: [JobState: Int]] = [:]
    for (queue, counts) in zip(queues.all, counts) where counts.contains(where: { $0 > 0 }) {
      let pairs = JobState.allCases.map { ($0, counts[$0.rawValue]) }.filter { $0.1 > 0 }
      result[queue] = Dictionary(uniqueKeysWithValues: pairs)
    }
    return result
  }

  /// How many jobs are in each state.
  var jobsByState: [JobState: Int] {
    jobsByQueue.values.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
  }

  /// The names of the jobs that there are, or were, in the order of the alphabet.
  var jobNames: [String] { names.all.sorted() }

  /// Jobs that fit, the latest first.
  ///
  /// - Parameters:
  ///   - filter: which.
  ///   - before: only those that came before this one.
  ///   - limit: at most so many.
  /// - Complexity: O(jobs that came later than the last one which is found): a millisecond or two for a million.
  func latest(_ filter: Filter, before: Int64? = nil, limit: Int) -> [Int64] {
    let queue = filter.queue.map { queues.find($0) }
    let name = filter.name.map { names.find($0) }
    guard queue != .some(nil), name != .some(nil) else { return [] }
    let mask = filter.states.reduce(filter.states.isEmpty ? ~0 : 0) { $0 | 1 << $1.rawValue }
    var found: [Int64] = []
    var place = before.map(place(of:)) ?? entries.count
    while place > 0, found.count < limit {
      place -= 1
      let entry = entries[place]
      guard mask >> entry.state & 1 == 1 else { continue }
      if let queue, entry.queue != queue { continue }
      if let name, entry.name != name { continue }
      found.append(entry.sequence)
    }
    return found
  }
}

internal import SkeinJobs

/// Where each of millions of jobs stands, in sixteen bytes for each: what counts them, and finds those that fit a filter,
/// without asking the store.
///
/// - Invariant: entries go up by their sequence, through all pieces; `counts` are how many there are of each queue and state.
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

  /// Where a job stands. Not private: the type of ``outlines`` is made of it, which other files see.
  struct Entry: Sendable {
    fileprivate var sequence: Int64
    fileprivate var queue: UInt32
    /// The number of the name, above four bits of the state.
    fileprivate var nameAndState: UInt32

    fileprivate var state: Int { Int(nameAndState & 15) }
    fileprivate var name: UInt32 { nameAndState >> 4 }
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

  private typealias Piece = ContiguousArray<Entry>

  private static let mostInPiece = 4096

  /// None of them is empty. When somebody else looks at the same value, a change copies one of them, and not all.
  private var pieces: [Piece] = []
  private var queues = Names()
  private var names = Names()
  /// By the number of the queue, then by the state.
  private var counts: [[Int]] = []

  /// One of no jobs.
  init() {}

  /// How many jobs there are.
  private(set) var count = 0

  // MARK: Following

  /// Notes where a job stands now.
  ///
  /// - Returns: where it stood before; `nil` for one that is new.
  /// - Complexity: O(log(jobs)), and that of a piece for a new one that is not the latest.
  @discardableResult
  mutating func note(_ job: JobOutline) -> JobState? {
    let queue = queues.number(of: job.queue)
    if queue == counts.count { counts.append(Array(repeating: 0, count: JobState.allCases.count)) }
    let entry = Entry(
      sequence: job.sequence, queue: queue,
      nameAndState: names.number(of: job.name) << 4 | UInt32(job.state.rawValue))
    counts[Int(queue)][entry.state] += 1
    let piece = piece(for: job.sequence)
    guard piece < pieces.count else {
      append(entry)
      return nil
    }
    let place = pieces[piece].partitioningIndex { $0.sequence >= job.sequence }
    guard pieces[piece][place].sequence == job.sequence else {
      insert(entry, piece, place)
      return nil
    }
    let old = pieces[piece][place]
    counts[Int(old.queue)][old.state] -= 1
    pieces[piece][place] = entry
    return JobState(rawValue: old.state)
  }

  /// The first piece that ends with this sequence or a later one; the number of pieces when none does.
  private func piece(for sequence: Int64) -> Int {
    if let last, last < sequence { return pieces.count }
    return pieces.partitioningIndex { $0[$0.count - 1].sequence >= sequence }
  }

  private mutating func append(_ entry: Entry) {
    count += 1
    if let last = pieces.indices.last, pieces[last].count < Self.mostInPiece {
      pieces[last].append(entry)
    } else {
      pieces.append([entry])
    }
  }

  private mutating func insert(_ entry: Entry, _ piece: Int, _ place: Int) {
    count += 1
    pieces[piece].insert(entry, at: place)
    guard pieces[piece].count > Self.mostInPiece else { return }
    let half = Self.mostInPiece / 2
    pieces.insert(Piece(pieces[piece][half...]), at: piece + 1)
    pieces[piece].removeSubrange(half...)
  }

  // MARK: Asking

  /// The latest job; `nil` without any.
  var last: Int64? { pieces.last?.last?.sequence }

  /// Whether a job is known.
  func contains(_ sequence: Int64) -> Bool {
    let piece = piece(for: sequence)
    guard piece < pieces.count else { return false }
    return pieces[piece][pieces[piece].partitioningIndex { $0.sequence >= sequence }].sequence == sequence
  }

  /// All jobs, in the order of coming.
  var outlines: some Sequence<JobOutline> {
    pieces.lazy.joined().lazy.map { [queues, names] entry in
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
    let end = before ?? .max
    var found: [Int64] = []
    for piece in pieces.prefix(piece(for: end) + 1).reversed() {
      for entry in piece.reversed() where entry.sequence < end && mask >> entry.state & 1 == 1 {
        guard found.count < limit else { return found }
        if let queue, entry.queue != queue { continue }
        if let name, entry.name != name { continue }
        found.append(entry.sequence)
      }
    }
    return found
  }
}

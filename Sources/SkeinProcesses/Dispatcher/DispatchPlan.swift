internal import DequeModule

/// Which task is whose: it decides, and does nothing.
///
/// Each worker has a line of its own, so that after its death it is known what it had: what still stands in its line has not
/// begun, and goes to others; the one that does not may have been half done.
///
/// - Invariant: a task waits, or stands in one line, or is answered.
struct DispatchPlan: Sendable {
  typealias Number = UInt64

  /// How many tasks a worker is given at the most before it has answered the first.
  static let deepest = 16
  /// For how long a worker is to find work in its line, in nanoseconds, if the tasks are short: in that time it is given
  /// more.
  private static let provision: Int64 = 500_000

  private var waiting: Deque<Number> = []
  /// What each worker was given and has not answered, in the order of giving.
  private var lines: [Deque<Number>]
  /// Whose line has no room for what comes next, until it has answered.
  private var isFull: [Bool]
  /// How long a task took lately, in nanoseconds.
  private var mean: Int64

  /// - Parameter mean: how long a task is taken to take, in nanoseconds, until one has been done.
  init(workers: Int, mean: Int64 = Self.provision) {
    lines = Array(repeating: [], count: workers)
    isFull = Array(repeating: false, count: workers)
    self.mean = mean
  }

  /// How many tasks a worker may have: one that it works on, the next, for which it then need not wait, and more of short
  /// ones.
  private var depth: Int { Int(min(max(2, Self.provision / max(1, mean)), Int64(Self.deepest))) }

  mutating func add(_ number: Number) { waiting.append(number) }

  /// Takes the task that waits longest, and the worker that has least to do; `nil` when there is none, or none has room.
  mutating func next() -> (worker: Int, number: Number)? {
    let free = lines.indices.filter { lines[$0].count < depth && !isFull[$0] }
    guard let worker = free.min(by: { lines[$0].count < lines[$1].count }), let number = waiting.popFirst()
    else { return nil }
    lines[worker].append(number)
    return (worker, number)
  }

  /// Whether `next` has something.
  var canGive: Bool {
    !waiting.isEmpty && lines.indices.contains { lines[$0].count < depth && !isFull[$0] }
  }

  /// The task that `next` gave is not to be done.
  mutating func drop(_ number: Number, of worker: Int) { lines[worker].removeAll { $0 == number } }

  /// There was no room for the task that `next` gave: it waits again, as the first, and the worker gets nothing until it
  /// has answered.
  mutating func putBack(_ number: Number, of worker: Int) {
    drop(number, of: worker)
    waiting.prepend(number)
    isFull[worker] = true
  }

  /// A worker has answered, after so many nanoseconds.
  mutating func finish(_ number: Number, of worker: Int, after nanoseconds: Int64) {
    mean += (min(max(0, nanoseconds), 1 << 40) - mean) / 8
    drop(number, of: worker)
    isFull[worker] = false
  }

  /// A worker has died; its last `untouchedCount` tasks still stood in its line, and wait again, in front of all others.
  ///
  /// - Returns: what it may have begun.
  mutating func died(_ worker: Int, untouchedCount: Int) -> [Number] {
    let line = lines[worker]
    (lines[worker], isFull[worker]) = ([], false)
    waiting.prepend(contentsOf: line.suffix(untouchedCount))
    return line.dropLast(untouchedCount).map(\.self)
  }

  /// A task that may have begun is to be done again, before all others.
  mutating func retry(_ number: Number) { waiting.prepend(number) }

  /// Takes away what no worker was given.
  mutating func takeWaiting() -> Deque<Number> {
    defer { waiting = [] }
    return waiting
  }

  /// Nothing is done any more.
  mutating func removeAll() {
    waiting = []
    for worker in lines.indices { (lines[worker], isFull[worker]) = ([], false) }
  }
}

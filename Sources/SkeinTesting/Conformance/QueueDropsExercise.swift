internal import SkeinSync

/// An element that is counted while it exists, for ``exerciseQueueDrops(limit:_:)``.
public final class TrackedElement: Sendable, Comparable {
  private let population: Population
  private let rank: Int

  fileprivate init(rank: Int, in population: Population) {
    self.rank = rank
    self.population = population
    population.count.withLock { $0 += 1 }
  }

  deinit {
    population.count.withLock { $0 -= 1 }
  }

  /// Tells whether two elements have the same rank.
  public static func == (left: TrackedElement, right: TrackedElement) -> Bool { left.rank == right.rank }

  /// Tells which of two elements has the lower rank.
  public static func < (left: TrackedElement, right: TrackedElement) -> Bool { left.rank < right.rank }
}

/// How many tracked elements there are.
private final class Population: Sendable {
  let count = Lock(0)

  func require(_ expected: Int, _ moment: String) throws {
    let count = count.withLock { $0 }
    try SkeinTesting.require(count == expected, "\(moment), \(count) elements exist instead of \(expected)")
  }
}

/// Makes sure that a queue keeps no element longer than it must: what was got, dropped by a shutdown, refused,
/// or left inside when the queue itself ends.
///
/// ```swift
/// try await exerciseQueueDrops { QueueUnderTest(Queue<TrackedElement>(capacity: $0)) }
/// ```
///
/// - Parameters:
///   - limit: how much real time that may take.
///   - makeQueue: makes an empty queue with a capacity.
/// - Throws: ``ConformanceFailure``, `CancellationError`.
public func exerciseQueueDrops<Q: ExercisableQueue<TrackedElement>>(
  limit: Duration = .seconds(60), _ makeQueue: @escaping @Sendable (_ capacity: Int) throws -> Q
) async throws {
  let rules = [
    Rule("an element that left it is kept no longer") {
      let (queue, population) = (try makeQueue(8), Population())
      try fill(queue, population)
      for left in (0..<8).reversed() {
        _ = queue.tryGet()
        try population.require(left, "after a get")
      }
    },
    Rule("an immediate shutdown lets its elements go") {
      let (queue, population) = (try makeQueue(8), Population())
      try fill(queue, population)
      queue.shutdownImmediately()
      try population.require(0, "after the shutdown")
    },
    Rule("an element that it refuses is kept no longer") {
      let (queue, population) = (try makeQueue(8), Population())
      try fill(queue, population)
      try require(!queue.tryPut(TrackedElement(rank: 8, in: population)), "a full queue took an element")
      try population.require(8, "after a put that was refused")
    },
    Rule("elements end with their queue") {
      let population = Population()
      do { try fill(makeQueue(8), population) }
      try population.require(0, "after the end of the queue")
    },
  ]
  try await checkRules(of: "the queue", rules, limit: limit, only: nil)
}

private func fill<Q: ExercisableQueue<TrackedElement>>(_ queue: Q, _ population: Population) throws {
  for rank in 0..<8 {
    let element = TrackedElement(rank: rank, in: population)
    try require(queue.tryPut(element), "there was no room for element \(rank)")
  }
}

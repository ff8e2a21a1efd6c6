internal import SkeinSync

/// Numbered points that threads and tasks pass in the order of their numbers, and in no other.
///
/// A test writes the interleaving that it means into the code of each thread and task: whoever comes to a
/// point waits there until all points with lower numbers, from 0 on, have been passed.
///
/// ```swift
/// let sequence = Sequencer()
/// async let writer: Void = {
///   try await sequence.point(0)
///   log.append("first")
///   try await sequence.point(2)
/// }()
/// try await sequence.point(1)
/// log.append("second")
/// try await writer
/// ```
///
/// A point that can not be passed breaks the sequence: its task was cancelled there, or a point before it was
/// not reached within the limit. Whoever waits then, or comes later, gets an error that names the culprit.
///
/// - Invariant: points are passed once each, with no gap.
/// - Source: `trio.testing.Sequencer`.
public final class Sequencer: Sendable {
  private struct State: Sendable {
    /// The point whose turn it is; all before it have been passed.
    var next = 0
    /// Those who stand at a point, and those whose turn has come.
    var turns: [Int: Event] = [:]
    /// The point at which the sequence broke.
    var breach: Int?

    /// Takes a place at a point; `nil` when its turn has come already.
    mutating func arrive(at number: Int) throws(SequencerError) -> Event? {
      guard number >= next, turns[number] == nil else { throw .usedTwice(number) }
      if let breach { throw .broken(number, by: breach) }
      let turn = Event(name: "sequence point \(number)")
      turns[number] = turn
      return number == next ? nil : turn
    }

    /// Passes a point whose turn has come. Returns the one whose turn it is now, if it waits.
    mutating func pass(_ number: Int) throws(SequencerError) -> Event? {
      if let breach { throw .broken(number, by: breach) }
      next = number + 1
      turns[number] = nil
      return turns[next]
    }

    func missing(before number: Int) -> [Int] {
      next < number ? (next..<number).filter { turns[$0] == nil } : []
    }
  }

  private let state = Lock(State(), name: "sequencer")

  /// Creates a sequence of which no point has been passed.
  public init() {}

  /// The point whose turn it is: all points before it have been passed.
  public var nextPoint: Int { state.withLock { $0.next } }

  /// The points at which somebody stands, in their order.
  public var waitingPoints: [Int] { state.withLock { $0.turns.keys.sorted() } }

  /// Suspends the task until all points with lower numbers have been passed, then passes this one.
  ///
  /// - Parameters:
  ///   - number: the point, counted from 0.
  ///   - limit: how much real time that may take; generous, for it is reached only when the test is wrong.
  /// - Throws: ``SequencerError``.
  /// - Cancellation: breaks the sequence, unless the point's turn has come.
  /// - Precondition: `number` is not negative.
  public func point(_ number: Int, limit: Duration = .seconds(60)) async throws(SequencerError) {
    if let turn = try arrive(at: number) {
      do { try await turn.wait(timeout: limit) } catch { try breach(at: number, error, limit) }
    }
    try pass(number)
  }

  /// Blocks the thread until all points with lower numbers have been passed, then passes this one.
  ///
  /// - Throws: ``SequencerError``.
  /// - Precondition: `number` is not negative.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func point(_ number: Int, limit: Duration = .seconds(60)) throws(SequencerError) {
    if let turn = try arrive(at: number) {
      do { try turn.wait(timeout: limit) } catch { try breach(at: number, error, limit) }
    }
    try pass(number)
  }

  /// Makes sure that the test went through its whole sequence.
  ///
  /// - Parameter count: how many points there are.
  /// - Throws: ``SequencerError/unfinished(_:)``, with the points that have not been passed.
  public func checkPassed(count: Int) throws(SequencerError) {
    let next = nextPoint
    if next < count { throw .unfinished(Array(next..<count)) }
  }

  private func arrive(at number: Int) throws(SequencerError) -> Event? {
    precondition(number >= 0, "the points of a sequence count from 0, there is no \(number)")
    return try state.withLock { (state) throws(SequencerError) in try state.arrive(at: number) }
  }

  private func pass(_ number: Int) throws(SequencerError) {
    try state.withLock { (state) throws(SequencerError) in try state.pass(number) }?.set()
  }

  /// Breaks the sequence and lets everybody who waits go, to fail; unless the point's turn has just come.
  private func breach(at number: Int, _ error: WaitError, _ limit: Duration) throws(SequencerError) {
    let (turns, missing): ([Event], [Int]) = state.withLock { state in
      guard state.next != number || state.breach != nil else { return ([], []) }
      state.breach = state.breach ?? number
      return (Array(state.turns.values), state.missing(before: number))
    }
    guard !turns.isEmpty else { return }
    for turn in turns { turn.set() }
    throw error == .timedOut ? .missing(missing, before: number, limit: limit) : .cancelled(number)
  }
}

/// Why a sequence point was not passed.
public enum SequencerError: Error, Hashable, Sendable {
  /// The point was reached a second time.
  case usedTwice(Int)
  /// These points were not reached within the limit, and one that comes after them waited for it.
  case missing([Int], before: Int, limit: Duration)
  /// The task was cancelled while it waited at the point.
  case cancelled(Int)
  /// The sequence broke at another point, which was cancelled or out of time.
  case broken(Int, by: Int)
  /// These points have not been passed at the end of the test.
  case unfinished([Int])
}

extension SequencerError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .usedTwice(let number): "sequence point \(number) was reached twice"
    case .missing(let missing, let number, let limit):
      "sequence point \(number) has waited \(limit) for \(Self.list(missing)), which nobody reached"
    case .cancelled(let number): "the task was cancelled at sequence point \(number)"
    case .broken(let number, let culprit):
      "sequence point \(number) can not be passed, because the sequence broke at point \(culprit)"
    case .unfinished(let missing): "the sequence has ended without \(Self.list(missing))"
    }
  }

  private static func list(_ points: [Int]) -> String {
    (points.count == 1 ? "point " : "points ") + points.map(String.init).joined(separator: ", ")
  }
}

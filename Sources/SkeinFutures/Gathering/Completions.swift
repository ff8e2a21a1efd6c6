internal import DequeModule
public import SkeinSync

/// Gives futures in the order in which they are done.
///
/// ```swift
/// for try await future in asCompleted(pages, timeout: .seconds(10)) {
///   print(try await future.value)
/// }
/// ```
///
/// A thread iterates over ``Completions/results``.
///
/// - Parameters:
///   - futures: what is waited for; one that occurs several times is given once.
///   - timeout: how long all of it may take, from this call on; `nil` for no limit.
///   - clock: what measures it.
/// - Returns: a sequence that gives each future once, to whoever asks.
/// - Complexity: O(futures).
/// - Source: behaviour after CPython's `concurrent.futures.as_completed`.
public func asCompleted<Value: Sendable, C: DeadlineClock>(
  _ futures: some Sequence<Future<Value>>, timeout: Duration? = nil, clock: C = MonotonicClock(),
  file: StaticString = #fileID, line: UInt = #line
) -> Completions<Value> {
  Completions(
    CompletionLine(futures.distinct, at: SourcePlace(file, line)),
    until: ClockDeadline(timeout.map { clock.now.advanced(by: $0) }, on: clock))
}

/// Futures in the order in which they are done: a sequence for tasks, and ``results`` for threads.
public struct Completions<Value: Sendable>: AsyncSequence, Sendable {
  private let completions: CompletionLine<Value>
  private let deadline: any FutureDeadline

  init(_ completions: CompletionLine<Value>, until deadline: any FutureDeadline) {
    self.completions = completions
    self.deadline = deadline
  }

  /// An iterator; all of them share the futures, each of which one of them gets.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(completions, until: deadline) }

  /// Gives the next future that is done.
  public struct AsyncIterator: AsyncIteratorProtocol {
    private let completions: CompletionLine<Value>
    private let deadline: any FutureDeadline

    fileprivate init(_ completions: CompletionLine<Value>, until deadline: any FutureDeadline) {
      self.completions = completions
      self.deadline = deadline
    }

    /// Suspends the task until another future is done.
    ///
    /// - Returns: the future, which is done; `nil` when all were given.
    /// - Throws: ``UnfinishedFutures`` past the timeout; `WaitError.cancelled`.
    /// - Cancellation: the task stops waiting; no future is lost.
    public mutating func next() async throws -> Future<Value>? {
      while true {
        switch completions.next() {
        case .future(let future): return future
        case .end: return nil
        case .wait(let gate):
          do { try await deadline.wait(for: gate) } catch { throw completions.failure(for: error) }
        }
      }
    }
  }

  /// The same for a thread, which blocks until another future is done.
  ///
  /// An element is a future that is done; or, as the last one, why there are no more of them: ``UnfinishedFutures``
  /// past the timeout, or ``FutureError/wouldStarve(pool:workers:)``.
  public var results: Results { Results(completions, until: deadline) }

  /// A sequence that blocks the thread that iterates.
  public struct Results: Sequence, IteratorProtocol {
    private let completions: CompletionLine<Value>
    private let deadline: any FutureDeadline
    private var hasFailed = false

    fileprivate init(_ completions: CompletionLine<Value>, until deadline: any FutureDeadline) {
      self.completions = completions
      self.deadline = deadline
    }

    /// Blocks the thread until another future is done.
    ///
    /// - Returns: the future, which is done, or the error that ends the sequence; `nil` when all were given.
    @available(*, noasync, message: "this form blocks the thread; iterate over the completions themselves")
    public mutating func next() -> Result<Future<Value>, any Error>? {
      while !hasFailed {
        switch completions.next() {
        case .future(let future): return .success(future)
        case .end: return nil
        case .wait(let gate):
          do {
            try deadline.wait(for: gate)
          } catch {
            hasFailed = true
            return .failure(completions.failure(for: error))
          }
        }
      }
      return nil
    }
  }
}

/// Not all futures were done in time.
public struct UnfinishedFutures: Error, Hashable, Sendable, CustomStringConvertible {
  /// How many were not done.
  public let unfinished: Int
  /// How many there were.
  public let total: Int

  /// A sentence for people.
  public var description: String { "\(unfinished) of \(total) futures were not done in time" }
}

/// Where futures that are done wait to be given out.
final class CompletionLine<Value: Sendable>: Sendable {
  enum Next {
    case future(Future<Value>)
    case wait(FutureGate)
    case end
  }

  private struct State {
    var ready: Deque<Future<Value>> = []
    /// How many are not done.
    var pending: Int
    /// What opens when another future is done; `nil` when nobody has come to wait since the last one.
    var gate: FutureGate?
  }

  private let futures: [AnyFuture]
  private let place: SourcePlace
  private let state: Lock<State>

  init(_ futures: [Future<Value>], at place: SourcePlace) {
    self.futures = futures
    self.place = place
    state = Lock(State(pending: futures.count), internalTo: "asCompleted")
    for future in futures { future.addCallback { [weak self] in self?.take($0) } }
  }

  private func take(_ done: AnyFuture) {
    let gate = state.withLock { state in
      state.ready.append(unsafeDowncast(done, to: Future<Value>.self))
      state.pending -= 1
      return state.gate.take()
    }
    gate?.open()
  }

  func next() -> Next {
    state.withLock { state in
      if let future = state.ready.popFirst() { return .future(future) }
      if state.pending == 0 { return .end }
      let gate = state.gate ?? FutureGate(for: futures, at: place)
      state.gate = gate
      return .wait(gate)
    }
  }

  func failure(for error: any Error) -> any Error {
    guard case WaitError.timedOut = error else { return error }
    return UnfinishedFutures(unfinished: state.withLock { $0.pending }, total: futures.count)
  }
}

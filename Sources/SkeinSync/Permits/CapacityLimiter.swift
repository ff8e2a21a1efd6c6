/// A limit on how many do something at a time, which knows who does it, and can be changed while they do.
///
/// Each borrower, by default the calling task or thread, takes one token and gives that one back. Because
/// the limiter knows them, taking a second one, or giving back what was not taken, is found at once, and
/// diagnosis shows who has the tokens that others wait for. Waiters are served strictly first in, first
/// out.
///
/// ```swift
/// let downloads = CapacityLimiter(total: 4, name: "downloads")
/// try await downloads.withToken { try await fetch(page) }
/// downloads.total = 8
/// ```
///
/// Where permits are counted in several, or taken by one and given back by another, use a ``Semaphore``.
///
/// - Invariant: a borrower has at most one token; nobody waits while there is one that is not lent.
/// - Source: behaviour after trio's `CapacityLimiter`.
public final class CapacityLimiter: Sendable {
  let waiters: WaitPoint<Loans, Loans.Request>

  /// Creates a limiter.
  ///
  /// - Parameters:
  ///   - total: how many tokens there are at first; with zero, everybody waits until there are more.
  ///   - name: what traps and diagnosis call it.
  /// - Precondition: `total` is not negative.
  public init(total: Capacity, name: String? = nil, file: StaticString = #fileID, line: UInt = #line) {
    let identity = ObjectIdentity("CapacityLimiter", name: name, place: SourcePlace(file, line))
    checkContract(!total.isNegative, "\(identity) can not have \(total) tokens")
    let description = WaitDescription<Loans, Loans.Request>(
      holders: { loans in
        guard loans.borrowers.keys.allSatisfy(\.isParty) else { return .unknown }
        return .any(loans.borrowers.values.map(\.holder))
      },
      state: { "\($0.borrowers.count) of \($0.total) tokens lent" },
      purpose: { "for a token for \($0.borrower)" })
    waiters = WaitPoint(
      Loans(total: total), identity: identity, description: description, settle: Loans.settle)
  }

  /// How many tokens there are. It can be changed at any time: more serve those who wait; fewer take nothing
  /// away, but are not lent again until enough have come back.
  ///
  /// - Precondition: the number is not negative.
  public var total: Capacity {
    get { waiters.withLock { guarded, _ in guarded.state.total } }
    set {
      checkContract(!newValue.isNegative, "\(waiters.identity) can not have \(newValue) tokens")
      waiters.update { $0.state.total = newValue }
    }
  }

  /// How many tokens are lent at this instant.
  public var borrowedCount: Int { waiters.withLock { guarded, _ in guarded.state.borrowers.count } }

  /// How many threads and tasks wait for a token at this instant.
  public var waiterCount: Int { waiters.waiterCount }

  /// Who has tokens and how many wait, at one instant.
  ///
  /// - Complexity: O(borrowers).
  public var statistics: Statistics {
    waiters.withLock { guarded, _ in
      Statistics(
        total: guarded.state.total, borrowers: Array(guarded.state.borrowers.keys),
        waiterCount: guarded.queue.count)
    }
  }

  /// Ends every wait, now and later, with ``BorrowError/closed``. Tokens that are lent can still be given
  /// back.
  public func close() {
    waiters.close()
  }

  // MARK: Scoped

  /// Runs `body` while the calling task has a token; suspends it until it gets one.
  ///
  /// - Parameters:
  ///   - borrower: who borrows.
  ///   - body: runs on the caller's actor.
  /// - Throws: ``BorrowError`` as `acquire(onBehalfOf:)` does, else what `body` throws. The token
  ///   is given back then too.
  /// - Cancellation: a waiting task leaves the queue; a running `body` sees the cancellation itself.
  public func withToken<Result, Key: Hashable & Sendable>(
    onBehalfOf borrower: Key = Borrower.current, file: StaticString = #fileID, line: UInt = #line,
    _ body: () async throws -> Result
  ) async throws -> Result {
    let borrower = Borrower(borrower)
    try await acquire(onBehalfOf: borrower, file: file, line: line)
    defer { returnScoped(borrower) }
    return try await body()
  }

  /// Runs `body` while the calling thread has a token; blocks it until it gets one.
  ///
  /// - Throws: ``BorrowError``, else what `body` throws. The token is given back then too.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @_disfavoredOverload
  public func withToken<Result, Key: Hashable & Sendable>(
    onBehalfOf borrower: Key = Borrower.current, file: StaticString = #fileID, line: UInt = #line,
    _ body: () throws -> Result
  ) throws -> Result {
    let borrower = Borrower(borrower)
    try acquire(onBehalfOf: borrower, file: file, line: line)
    defer { returnScoped(borrower) }
    return try body()
  }

  // MARK: Releasing

  /// Gives the caller's token back, and serves whoever waits at the front.
  ///
  /// - Precondition: the calling task, outside of tasks the thread, has a token.
  public func release() {
    let borrower = Borrower.current
    checkContract(
      takeBack(borrower), "\(waiters.identity) has lent no token to \(borrower), who gives one back")
  }

  /// Gives a token back that was borrowed for `borrower`, and serves whoever waits at the front.
  ///
  /// - Throws: ``BorrowError/borrowsNothing(_:)``.
  public func release<Key: Hashable & Sendable>(onBehalfOf borrower: Key) throws(BorrowError) {
    let borrower = Borrower(borrower)
    guard takeBack(borrower) else { throw .borrowsNothing(borrower) }
  }

  private func takeBack(_ borrower: Borrower) -> Bool {
    waiters.update { $0.state.borrowers.removeValue(forKey: borrower) != nil }
  }

  /// Gives back what a scoped form took.
  private func returnScoped(_ borrower: Borrower) {
    checkContract(
      takeBack(borrower), "the token of \(borrower) in \(waiters.identity) was given back by another")
  }
}

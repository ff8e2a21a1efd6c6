internal import SkeinSync

/// Runs `body`, which starts threads in the scope that it gets, and waits for all of them.
///
/// ```swift
/// try withThreads { scope in
///   for part in parts { try scope.start { try part.load() } }
/// }
/// // All of them have ended.
/// ```
///
/// - Parameter body: may join some of the threads itself; they may start others in the scope.
/// - Returns: what `body` returns, once all threads have ended.
/// - Throws: what `body` throws, once all threads have ended. When threads threw what `body` has not taken by a `join`,
///   a ``ThreadScopeError`` with all errors, that of `body` included.
@available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
@_disfavoredOverload
public func withThreads<Result>(_ body: (ThreadScope) throws -> Result) throws -> Result {
  let scope = ThreadScope()
  let result = Swift.Result { try body(scope) }
  while let record = scope.nextToAwait() {
    try? record.waitForEnd(until: nil, clock: MonotonicClock(), at: SourcePlace())
  }
  return try scope.settle(result)
}

/// Runs `body`, which starts threads in the scope that it gets, and suspends the task until all of them have ended.
///
/// - Parameter body: may join some of the threads itself; they may start others in the scope.
/// - Returns: what `body` returns, once all threads have ended.
/// - Throws: what `body` throws, once all threads have ended; a ``ThreadScopeError`` when threads threw.
/// - Cancellation: `body` sees it; threads do not, and are waited for all the same.
public func withThreads<Result>(
  _ body: (ThreadScope) async throws -> Result
) async throws -> Result {
  let scope = ThreadScope()
  let result: Swift.Result<Result, any Error>
  do { result = .success(try await body(scope)) } catch { result = .failure(error) }
  // A task of its own is not cancelled.
  await Task {
    while let record = scope.nextToAwait() {
      try? await record.waitForEnd(until: nil, clock: MonotonicClock(), at: SourcePlace())
    }
  }.value
  return try scope.settle(result)
}

/// Where `withThreads(_:)` starts threads, all of which have ended when it returns.
///
/// - Invariant: the scope lasts until its body has returned and each of its threads has ended.
public final class ThreadScope: Sendable {
  struct Member: Sendable {
    let record: ThreadRecord
    let takeError: @Sendable () -> (any Error)?
  }

  private struct State {
    var members: [Member] = []
    /// How many of them have been waited for.
    var awaited = 0
    var isClosed = false
  }

  private let state = Lock(State(), internalTo: "ThreadScope")

  fileprivate init() {}

  /// Starts a thread, which is waited for at the end of the scope.
  ///
  /// - Parameters:
  ///   - name: what diagnosis, debuggers and `ps -L` call it.
  ///   - stackSize: in bytes; by default the system's.
  ///   - body: what the thread does.
  /// - Returns: the thread, which can be joined earlier.
  /// - Throws: ``ThreadError`` when the system gives no thread.
  /// - Precondition: the scope has not ended.
  @discardableResult
  public func start<Success: Sendable>(
    name: String? = nil, stackSize: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable () throws -> Success
  ) throws(ThreadError) -> OSThread<Success> {
    let thread = OSThread(
      name: name, isDaemon: false, stackSize: stackSize, file: file, line: line, body)
    let member = Member(
      record: thread.record, takeError: { [outcome = thread.outcome] in outcome.takeError() })
    // All under the lock: a scope that ends at this instant either refuses the thread or waits for it.
    try state.withLock { state throws(ThreadError) in
      checkContract(
        !state.isClosed, "the thread “\(thread.name)” is started in a scope that has ended")
      try thread.start()
      state.members.append(member)
    }
    return thread
  }

  /// The next thread to be waited for; `nil`, and the scope has ended, when there is none.
  fileprivate func nextToAwait() -> ThreadRecord? {
    state.withLock { state in
      guard state.awaited < state.members.count else {
        state.isClosed = true
        return nil
      }
      defer { state.awaited += 1 }
      return state.members[state.awaited].record
    }
  }

  /// The result of the body, or the errors of all.
  fileprivate func settle<Result>(_ result: Swift.Result<Result, any Error>) throws -> Result {
    let failures = state.withLock { $0.members }.compactMap { member in
      member.takeError().map { ThreadScopeError.Failure(threadName: member.record.name, error: $0) }
    }
    guard failures.isEmpty else {
      var bodyError: (any Error)?
      if case .failure(let error) = result { bodyError = error }
      throw ThreadScopeError(failures: failures, bodyError: bodyError)
    }
    return try result.get()
  }
}

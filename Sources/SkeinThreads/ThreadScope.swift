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
/// - Parameter body: may join some of the threads itself.
/// - Returns: what `body` returns, once all threads have ended.
/// - Throws: what `body` throws, once all threads have ended. When threads threw what `body` has not taken by a `join`,
///   a ``ThreadScopeError`` with all errors, that of `body` included.
@available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
@_disfavoredOverload
public func withThreads<Result>(_ body: (ThreadScope) throws -> Result) throws -> Result {
  let scope = ThreadScope()
  let result = Swift.Result { try body(scope) }
  for thread in scope.close() {
    try? thread.record.waitForEnd(until: nil, clock: MonotonicClock(), at: SourcePlace())
  }
  return try scope.settle(result)
}

/// Runs `body`, which starts threads in the scope that it gets, and suspends the task until all of them have ended.
///
/// - Parameter body: may join some of the threads itself.
/// - Returns: what `body` returns, once all threads have ended.
/// - Throws: what `body` throws, once all threads have ended; a ``ThreadScopeError`` when threads threw.
/// - Cancellation: `body` sees it; threads do not, and are waited for all the same.
public func withThreads<Result>(
  _ body: (ThreadScope) async throws -> Result
) async throws -> Result {
  let scope = ThreadScope()
  let result: Swift.Result<Result, any Error>
  do { result = .success(try await body(scope)) } catch { result = .failure(error) }
  let threads = scope.close()
  // A task of its own is not cancelled.
  await Task {
    for thread in threads {
      try? await thread.record.waitForEnd(until: nil, clock: MonotonicClock(), at: SourcePlace())
    }
  }.value
  return try scope.settle(result)
}

/// Where ``withThreads(_:)`` starts threads, all of which have ended when it returns.
public final class ThreadScope: Sendable {
  struct Member: Sendable {
    let record: ThreadRecord
    let takeError: @Sendable () -> (any Error)?
  }

  private struct State {
    var members: [Member] = []
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
    // Before it starts: a scope that ends at this instant must not miss it.
    let isOpen = state.withLock { state in
      if !state.isClosed { state.members.append(member) }
      return !state.isClosed
    }
    checkContract(isOpen, "the thread “\(thread.name)” is started in a scope that has ended")
    do {
      try thread.start()
    } catch {
      state.withLock { state in state.members.removeAll { $0.record === thread.record } }
      throw error
    }
    return thread
  }

  fileprivate func close() -> [Member] {
    state.withLock { state in
      state.isClosed = true
      return state.members
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

/// What threads of a scope threw.
public struct ThreadScopeError: Error, Sendable {
  /// What one thread threw.
  public struct Failure: Sendable {
    /// The thread's name.
    public let threadName: String
    /// What it threw.
    public let error: any Error
  }

  /// The errors, in the order in which the threads were started.
  public let failures: [Failure]
  /// What the body of the scope threw, if it did.
  public let bodyError: (any Error)?
}

extension ThreadScopeError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    let all =
      failures.map { "“\($0.threadName)”: \($0.error)" } + (bodyError.map { ["the body: \($0)"] } ?? [])
    return "\(failures.count) thread\(failures.count == 1 ? "" : "s") of the scope failed: "
      + all.joined(separator: "; ")
  }
}

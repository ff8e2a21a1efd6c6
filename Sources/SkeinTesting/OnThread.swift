internal import SkeinThreads

/// Runs `body` on a thread of its own, and suspends the task until it has ended.
///
/// A synchronous test runs on the cooperative pool, which has as many threads as there are cores: two blocked
/// tests can stall a whole run. Whatever blocks in a test goes through here.
///
/// ```swift
/// try await onThread { try semaphore.acquire() }
/// ```
///
/// The thread is a daemon, so that one which hangs does not keep the test process alive; threads that it makes are
/// daemons too, unless they say otherwise.
///
/// - Returns: what `body` returns.
/// - Throws: what `body` throws; `ThreadError` when the system gives no thread.
/// - Cancellation: does not reach a thread; the call ends when `body` ends.
public func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result
{
  try await withCheckedThrowingContinuation { continuation in
    do {
      _ = try OSThread.start(name: "skein-test", isDaemon: true) {
        continuation.resume(with: Swift.Result { try body() })
      }
    } catch {
      continuation.resume(throwing: error)
    }
  }
}

/// Runs `body` on `count` threads at once, and suspends the task until all have ended.
///
/// ```swift
/// try await onThreads(4) { index in try semaphore.withPermit { use(index) } }
/// ```
///
/// - Throws: what the first of them to end with an error has thrown.
/// - Cancellation: does not reach threads; the call ends when all bodies end.
public func onThreads(_ count: Int, _ body: @escaping @Sendable (_ index: Int) throws -> Void) async throws {
  try await withThrowingTaskGroup { group in
    for index in 0..<count {
      group.addTask { try await onThread { try body(index) } }
    }
    try await group.waitForAll()
  }
}

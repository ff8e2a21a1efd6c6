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

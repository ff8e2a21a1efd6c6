import Glibc

/// Runs `work` on so many threads and blocks until all have ended.
func onThreads(_ count: Int, _ work: @escaping @Sendable (_ index: Int) -> Void) {
  join(startThreads(count, work))
}

/// Starts `work` on so many threads.
func startThreads(_ count: Int, _ work: @escaping @Sendable (_ index: Int) -> Void) -> [pthread_t] {
  (0..<count).map { index in
    var thread = pthread_t()
    let start = Unmanaged.passRetained(ThreadStart { work(index) })
    let failure = pthread_create(
      &thread, nil,
      { pointer in
        Unmanaged<ThreadStart>.fromOpaque(pointer!).takeRetainedValue().body()
        return nil
      }, start.toOpaque())
    precondition(failure == 0, "the system gave no thread: \(String(cString: strerror(failure)))")
    return thread
  }
}

/// Runs `work` on a thread of its own and suspends until it has ended: no task is running there, and no thread of the
/// default pool, which is Dispatch's as well, is taken from what is measured.
func onPlainThread<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
  await withCheckedContinuation { continuation in
    for thread in startThreads(1, { _ in continuation.resume(returning: work()) }) { pthread_detach(thread) }
  }
}

/// Blocks until all of these threads have ended.
func join(_ threads: [pthread_t]) {
  for thread in threads { pthread_join(thread, nil) }
}

private final class ThreadStart: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Runs `work` in so many tasks of the default pool and waits until all have ended.
func onTasks(_ count: Int, _ work: @escaping @Sendable (_ index: Int) async throws -> Void) async throws {
  try await withThrowingTaskGroup(of: Void.self) { group in
    for index in 0..<count { group.addTask { try await work(index) } }
    try await group.waitForAll()
  }
}

/// Calls what can not fail in these cases, because nothing is closed or cancelled.
func must<Result>(_ body: () throws -> Result) -> Result {
  do { return try body() } catch { fatalError("a case failed: \(error)") }
}

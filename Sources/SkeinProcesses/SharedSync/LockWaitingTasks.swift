internal import CSkein
internal import SkeinSync

/// The tasks of this process that wait for a shared lock: a thread waits in their place.
///
/// A mutex belongs to the thread that took it, so the thread can not hand it on. It gives the lock back at once and has the
/// tasks try for themselves: they were kept from blocking a thread of the pool, which is all that is needed.
final class LockWaitingTasks: Sendable {
  private struct State: Sendable {
    var tasks: [Event] = []
    var hasThread = false
  }

  private let state = Lock(State(), internalTo: "SharedLock")

  func waitUntilFree(_ lock: SharedLock) async throws(WaitError) {
    let isFree = Event()
    let starts = state.withLock { state in
      state.tasks.append(isFree)
      defer { state.hasThread = true }
      return !state.hasThread
    }
    if starts { startDetachedThread(name: "skein-shared-lock") { self.watch(lock) } }
    defer { state.withLock { state in state.tasks.removeAll { $0 === isFree } } }
    try await isFree.wait()
  }

  /// Runs while there are tasks.
  private func watch(_ lock: SharedLock) {
    while hasTasks() {
      // Now and then it looks whether the tasks have given up.
      let glance = MonotonicClock().now.advanced(by: .milliseconds(50)).nanoseconds
      guard lock.take(until: glance) == 0 else { continue }
      lock.release()
      let served = state.withLock { state in
        defer { state.tasks = [] }
        return state.tasks
      }
      for task in served { task.set() }
    }
  }

  private func hasTasks() -> Bool {
    state.withLock { state in
      if state.tasks.isEmpty { state.hasThread = false }
      return state.hasThread
    }
  }
}

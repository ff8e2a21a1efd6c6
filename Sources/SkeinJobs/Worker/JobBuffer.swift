internal import DequeModule
internal import SkeinSync

/// Jobs that a worker has claimed and that wait for a place.
final class JobBuffer: Sendable {
  private struct State {
    var jobs = Deque<ClaimedJob>()
    /// When the first job came that has not been taken yet, or the last one was taken.
    var stirredAt = MonotonicClock().now
  }

  private let state = Lock(State(), name: "claimed jobs")
  private let filled = Semaphore(permits: 0, name: "claimed jobs")

  var count: Int { state.withLock { $0.jobs.count } }

  /// How many places wait for a job.
  var idlePlaces: Int { filled.waiterCount }

  func put(_ jobs: [ClaimedJob]) {
    guard !jobs.isEmpty else { return }
    state.withLock { state in
      if state.jobs.isEmpty { state.stirredAt = MonotonicClock().now }
      state.jobs.append(contentsOf: jobs)
    }
    filled.release(jobs.count)
  }

  /// Waits for a job; `nil` once the buffer is closed.
  func next() async -> ClaimedJob? {
    guard (try? await filled.acquire()) != nil else { return nil }
    return pop()
  }

  /// Takes out every job that has no place yet.
  func takeAll() -> [ClaimedJob] {
    var jobs: [ClaimedJob] = []
    while filled.tryAcquire() { if let job = pop() { jobs.append(job) } }
    return jobs
  }

  /// For how long no job was taken, though some wait; `nil` when none does.
  var stuckFor: Duration? {
    state.withLock { state in
      state.jobs.isEmpty ? nil : state.stirredAt.duration(to: MonotonicClock().now)
    }
  }

  /// Ends every `next()`. What is left can be taken out first.
  func close() { filled.close() }

  private func pop() -> ClaimedJob? {
    state.withLock { state in
      state.stirredAt = MonotonicClock().now
      return state.jobs.popFirst()
    }
  }
}

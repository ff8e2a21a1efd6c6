internal import DequeModule
internal import NIOCore
internal import SkeinSync

/// Runs tasks on an event loop: what serves a connection then never leaves the thread that reads from its socket.
final class EventLoopExecutor: TaskExecutor {
  private struct State: Sendable {
    var jobs: Deque<UnownedJob> = []
    /// Whether the event loop was asked to run them.
    var isScheduled = false
    /// Whether the next one from the event loop itself is run by whoever is there.
    var isHandingOver = false
    var handedOver: UnownedJob?
  }

  private let loop: any EventLoop
  private let state = Lock(State(), internalTo: "EventLoopExecutor")

  /// Of connections that send together.
  let flushes: FlushBatch

  init(_ loop: any EventLoop) {
    self.loop = loop
    flushes = FlushBatch(loop)
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let isHere = loop.inEventLoop
    let schedules = state.withLock { state in
      if isHere, state.isHandingOver {
        state.isHandingOver = false
        state.handedOver = job
        return false
      }
      state.jobs.append(job)
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
    if schedules { loop.execute { [self] in runJobs() } }
  }

  /// Runs those that are there, and not those that come meanwhile: others have their turn before these.
  private func runJobs() {
    var jobs = state.withLock { state in
      defer { state.jobs = [] }
      state.isScheduled = false
      return state.jobs
    }
    while let job = jobs.popFirst() { job.runSynchronously(on: asUnownedTaskExecutor()) }
  }

  /// Goes on with a task that waits, at once: it makes its next steps before this returns. On the event loop, and not within
  /// a task.
  func resume<Value: Sendable>(
    _ continuation: UnsafeContinuation<Value, Never>, returning value: sending Value
  ) {
    assert(
      withUnsafeCurrentTask { $0 == nil } && loop.inEventLoop,
      "a task is gone on with from the event loop alone")
    state.withLock { $0.isHandingOver = true }
    continuation.resume(returning: value)
    let job = state.withLock { state in
      defer { state.handedOver = nil }
      state.isHandingOver = false
      return state.handedOver
    }
    job?.runSynchronously(on: asUnownedTaskExecutor())
  }
}

internal import DequeModule
internal import NIOCore
internal import SkeinSync

/// Runs tasks on an event loop: what serves a connection then never leaves the thread that reads from its socket.
final class EventLoopExecutor: TaskExecutor {
  private struct State: Sendable {
    var jobs: Deque<UnownedJob> = []
    /// Whether the event loop was asked to run them.
    var isScheduled = false
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
    let schedules = state.withLock { state in
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
}

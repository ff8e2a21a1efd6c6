internal import SkeinSync

/// One body under one deadline: what runs in the task of ``withTimeout(_:clock:isolation:_:)``.
///
/// | phase | begin | stop | end |
/// |---|---|---|---|
/// | ready | running | stopped | |
/// | running | | stopped, and cancels the task | ended |
/// | stopped | cancels the task | | ended |
/// | ended | | | |
final class TimedAttempt<Success>: @unchecked Sendable {
  // Sendable because `body` and `result` are touched by the task while the caller awaits it, and by the
  // caller when the task has ended; other threads touch `phase` alone, which has its lock.

  enum Cause {
    case deadline, cancelled
  }

  private enum Phase {
    case ready
    case running(UnsafeCurrentTask)
    case stopped(Cause)
    case ended
  }

  /// Given up by the task before it ends, because the caller may not find it escaped.
  private var body: (() async throws -> Success)?
  private var result: Result<Success, any Error>?
  private let phase = Lock<Phase>(.ready, name: "timeout")

  init(_ body: @escaping () async throws -> Success) {
    self.body = body
  }

  /// Runs the body in the current task, which is cancelled at the deadline.
  func run<C: DeadlineClock>(
    until deadline: C.Instant, timeout: Duration, clock: C, isolation: isolated (any Actor)?
  ) async {
    begin()
    let timer = clock.schedule(at: deadline) { self.stop(because: .deadline) }
    let scope = TaskDeadline(deadline, timeout: timeout, clock: clock)
    do {
      result = .success(try await scope.run(isolation: isolation, body!))
      _ = end()
    } catch {
      result = .failure(end() == .deadline ? TimeoutError(timeout: timeout, cause: error) : error)
    }
    timer.cancel()
    body = nil
  }

  /// What became of the body; for the caller, when the task has ended.
  func outcome() throws -> Success {
    try result!.get()
  }

  private func begin() {
    withUnsafeCurrentTask { task in
      let task = UncheckedTask(task: task!)
      phase.withLock { phase in
        if case .stopped = phase { task.task.cancel() } else { phase = .running(task.task) }
      }
    }
  }

  /// Cancels the task, on whatever thread; the first cause is the one that counts. The lock keeps the task
  /// from ending meanwhile, so that it is a task still. Its cancellation handlers run under that lock, and
  /// must not wait, as ever.
  func stop(because cause: Cause) {
    phase.withLock { phase in
      switch phase {
      case .ready: phase = .stopped(cause)
      case .running(let task):
        phase = .stopped(cause)
        task.cancel()
      case .stopped, .ended: return
      }
    }
  }

  /// Takes the task back; answers what stopped it.
  private func end() -> Cause? {
    phase.withLock { phase in
      defer { phase = .ended }
      if case .stopped(let cause) = phase { return cause }
      return nil
    }
  }
}

/// Carries the task into its own lock.
private struct UncheckedTask: @unchecked Sendable {
  // Sendable because the task is used under the lock, and only until it is taken out at the end of the body.
  let task: UnsafeCurrentTask
}

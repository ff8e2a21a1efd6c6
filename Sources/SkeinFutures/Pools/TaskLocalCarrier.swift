internal import CSkein

/// A task that was made where work was handed in, and so has the task-locals that were bound there; it is run on the
/// thread that does the work.
///
/// The runtime has no other way to copy them. The task is run exactly once, as it must be, or else it would stay for
/// ever: with the work or, when there is none to do any more, without.
@usableFromInline
final class TaskLocalCarrier: TaskExecutor, @unchecked Sendable {
  // Sendable because it is touched by the thread that makes it, which is handed the task at once, and then by the one
  // that has claimed the work.
  @exclusivity(unchecked) private var task: UnownedJob?
  @exclusivity(unchecked) private var body: (() -> Void)?

  /// - Parameter body: does the work; it does not suspend, so the task is handed over once.
  @usableFromInline
  init(_ body: @escaping () -> Void) {
    self.body = body
    Task(executorPreference: self) { [self] in self.body?() }
  }

  /// Whether the caller has task-locals bound.
  @usableFromInline
  static var isNeeded: Bool { skein_has_task_locals() }

  @usableFromInline
  func enqueue(_ task: consuming ExecutorJob) { self.task = UnownedJob(task) }

  /// Runs the body, with the task-locals.
  @usableFromInline
  func run() {
    let task = task.take()
    task?.runSynchronously(on: asUnownedTaskExecutor())
    body = nil
  }

  /// Runs the task without its body.
  @usableFromInline
  func discard() {
    body = nil
    run()
  }
}

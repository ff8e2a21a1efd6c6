internal import CSkein
internal import SkeinSync

/// What stands in a pool's queue.
protocol PoolTask: AnyObject, Sendable {
  /// Does the work, unless it was cancelled.
  func run()
  /// Ends the work without doing it.
  func fail(with error: any Error)
  /// Cancels the work that has not begun.
  func cancelTask()
  /// Whether nothing is left to do.
  var isSettled: Bool { get }
}

/// A closure that a pool is to run, and the future of its result, in one object.
final class PoolJob<Value: Sendable>: Future<Value>, PoolTask, @unchecked Sendable {
  // Sendable because `body` and `carrier` are touched by the submitter before the job is handed over, and then by the
  // one who has claimed the job alone.
  @exclusivity(unchecked) private var body: (@Sendable () throws -> Value)?
  /// The task that has the submitter's task-locals; it has to be run, come what may.
  @exclusivity(unchecked) private var carrier: TaskLocalCarrier?

  init(
    place: SourcePlace, poolID: UInt32, carriesTaskLocals: Bool,
    _ body: @escaping @Sendable () throws -> Value
  ) {
    self.body = body
    super.init(place: place, poolID: poolID)
    if carriesTaskLocals, skein_has_task_locals() {
      carrier = TaskLocalCarrier { [unowned self] in execute() }
    }
  }

  deinit { carrier?.discard() }

  func run() {
    guard begin() else { return }
    if let carrier {
      carrier.run()
      self.carrier = nil
    } else {
      execute()
    }
  }

  private func execute() {
    let result = Result { try body!() }
    // What it captured goes before anybody learns of the result.
    body = nil
    _ = complete(with: result)
  }

  func fail(with error: any Error) { _ = complete(with: .failure(error)) }

  func cancelTask() { cancel() }

  var isSettled: Bool { isDone }

  override func didCancel() {
    // The body stays until the job goes: a worker may look at it at this instant.
    PoolRegistry.noteCancellation(in: poolID)
  }
}

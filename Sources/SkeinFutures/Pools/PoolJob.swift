internal import CSkein
public import SkeinSync

/// What stands in a pool's queue: a future, and how its work is done.
@usableFromInline
struct PoolTask: Sendable {
  @usableFromInline let future: AnyFuture
  /// Does the work or, with an error, fails it. A function without a context of its own: made for the type of the
  /// result, it needs no allocation.
  @usableFromInline let perform: @Sendable (AnyFuture, (any Error)?) -> Void

  @inlinable
  init(_ future: AnyFuture, perform: @escaping @Sendable (AnyFuture, (any Error)?) -> Void) {
    self.future = future
    self.perform = perform
  }

  /// Does the work, unless it was cancelled.
  func run() { perform(future, nil) }

  /// Ends the work that has not begun.
  func fail(with error: any Error) { perform(future, error) }
}

/// A closure that a pool is to run, and the future of its result, in one object.
@usableFromInline
final class PoolJob<Value: Sendable>: Future<Value>, @unchecked Sendable {
  // Sendable because `body` and `carrier` are touched by the submitter before the job is handed over, and then by the
  // one alone who has claimed the job, be it to run or to cancel it.
  @exclusivity(unchecked) @usableFromInline var body: (@Sendable () throws -> Value)?
  /// The task that has the submitter's task-locals; it has to be run, come what may.
  @exclusivity(unchecked) @usableFromInline var carrier: TaskLocalCarrier?

  @inlinable
  init(place: SourcePlace, poolID: UInt32, _ body: @escaping @Sendable () throws -> Value) {
    self.body = body
    super.init(place: place, poolID: poolID)
    if TaskLocalCarrier.isNeeded { carrier = TaskLocalCarrier { [unowned self] in execute() } }
  }

  deinit { carrier?.discard() }

  @inlinable
  var task: PoolTask {
    PoolTask(self) { future, error in
      let job = unsafeDowncast(future, to: PoolJob.self)
      if let error { _ = job.complete(with: .failure(error)) } else { job.run() }
    }
  }

  @inlinable
  func run() {
    guard begin() else { return }
    if let carrier {
      carrier.run()
      self.carrier = nil
    } else {
      execute()
    }
  }

  @inlinable
  func execute() {
    let result: Result<Value, any Error>
    do { result = .success(try body!()) } catch { result = .failure(error) }
    // What it captured goes before anybody learns of the result.
    body = nil
    _ = complete(with: result)
  }

  @usableFromInline
  override func didCancel() {
    // Nobody else touches it: who would run it has to claim it first. The job itself may be dropped under a pool's lock,
    // which the end of something captured may want as well.
    body = nil
    PoolRegistry.noteCancellation(in: poolID)
  }
}

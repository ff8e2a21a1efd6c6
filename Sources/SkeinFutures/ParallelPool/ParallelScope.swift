internal import SkeinSync

extension ParallelPool {
  /// Runs `body`, which can hand any amount of work to the workers, and blocks until all of it has ended.
  ///
  /// ```swift
  /// try pool.scope { scope in
  ///   for file in files { scope.spawn { try index(file) } }
  /// }
  /// ```
  ///
  /// - Parameter body: runs on a worker. What it spawns may spawn more, in the same scope.
  /// - Returns: what `body` returns.
  /// - Throws: the first error of `body` or of what was spawned. What has not begun by then is left out.
  ///   ``PoolError/shutDown(pool:)`` when the pool takes nothing any more; ``FutureError/cancelled`` when it was shut
  ///   down meanwhile, and cancelled what had not begun.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func scope<Output: Sendable>(
    _ body: @escaping @Sendable (ParallelScope) throws -> Output
  ) throws -> Output {
    try run { try ParallelScope(of: self).run(body) }
  }

  /// Runs `body`, which can hand any amount of work to the workers, and suspends the task until all of it has ended.
  ///
  /// - Parameter body: runs on a worker. What it spawns may spawn more, in the same scope.
  /// - Returns: what `body` returns.
  /// - Throws: the first error of `body` or of what was spawned; `CancellationError`; ``PoolError/shutDown(pool:)``.
  /// - Cancellation: what has not begun is left out; the call ends when the rest has.
  public func scope<Output: Sendable>(
    _ body: @escaping @Sendable (ParallelScope) throws -> Output
  ) async throws -> Output {
    try await stoppable { stop in try ParallelScope(of: self, stop: stop).run(body) }
  }
}

/// Work of a ``ParallelPool`` that ends together.
public final class ParallelScope: Sendable {
  private let pool: ParallelPool
  private let end: LoopEnd<any Error>
  private let state = Lock(State(), internalTo: "ParallelScope")
  /// Done when nothing is left.
  private let gate: Future<Void>

  private struct State {
    /// What was spawned and has not ended, and the body.
    var pending = 1
    var spawned = 0
  }

  fileprivate init(of pool: ParallelPool, stop: LoopStop? = nil) {
    self.pool = pool
    end = LoopEnd(stop)
    gate = Future(place: pool.core.identity.place, poolID: pool.core.id)
  }

  /// Whether something in the scope has failed, or the task that waits for it was cancelled: long work should end.
  public var isStopped: Bool { end.isSet }

  /// Hands work to the workers.
  ///
  /// - Parameter work: what is to be done. An error of it becomes that of the scope.
  /// - Precondition: the scope has not ended.
  public func spawn(
    file: StaticString = #fileID, line: UInt = #line, _ work: @escaping @Sendable () throws -> Void
  ) {
    let number = state.withLock { state in
      checkContract(state.pending > 0, "work is spawned in a scope that has ended")
      state.pending += 1
      state.spawned += 1
      return state.spawned
    }
    let job: @Sendable () -> Void = { [self] in
      if !end.isSet { do { try work() } catch { end.set(error, in: number) } }
    }
    do {
      try pool.trySubmit(file: file, line: line, job).addCallback { [self] done in
        // A shutdown can cancel what has not begun.
        if done.isCancelled { end.set(FutureError.cancelled, in: number) }
        finish()
      }
    } catch {
      // A pool that was shut down meanwhile takes nothing: then it is done here.
      job()
      finish()
    }
  }

  private func finish() {
    let isLast = state.withLock { state in
      state.pending -= 1
      return state.pending == 0
    }
    if isLast { _ = gate.complete(with: .success(())) }
  }

  @available(*, noasync)
  fileprivate func run<Output>(_ body: (ParallelScope) throws -> Output) throws -> Output {
    let result = Result { try body(self) }
    if case .failure(let error) = result { end.set(error, in: 0) }
    finish()
    try gate.result()
    if let error = end.error { throw error }
    return try result.get()
  }
}

internal import SkeinSync

extension ParallelPool {
  /// Does both, the second one on another worker if there is one that has nothing else to do.
  ///
  /// ```swift
  /// func sum(_ tree: Tree) -> Int {
  ///   let (left, right) = pool.join({ sum(tree.left) }, { sum(tree.right) })
  ///   return left + right + tree.value
  /// }
  /// ```
  ///
  /// Called by a thread that is no worker of the pool, it blocks that thread.
  ///
  /// - Parameters:
  ///   - left: is done by the worker that calls.
  ///   - right: is done by any worker.
  /// - Returns: both results.
  /// - Throws: what `left` throws, else what `right` throws, once both have ended.
  /// - Complexity: about a tenth of a microsecond, unless another worker takes part: split work of some microseconds.
  @available(*, noasync, message: "this form blocks the thread; await run(_:), and join inside")
  @inlinable
  public func join<A: Sendable, B: Sendable, Failure: Error>(
    _ left: @Sendable () throws(Failure) -> A, _ right: @Sendable () throws(Failure) -> B
  ) throws(Failure) -> (A, B) {
    if let worker = core.currentWorker { return try worker.join(left, right) }
    var result: Result<(A, B), Failure>?
    onWorker {
      do throws(Failure) { result = .success(try join(left, right)) } catch { result = .failure(error) }
    } orAlone: {
      do throws(Failure) { result = .success((try left(), try right())) } catch { result = .failure(error) }
    }
    return try result!.get()
  }

  /// Runs a closure on a worker, and suspends the task until it has ended.
  ///
  /// - Parameter body: may split its work by ``join(_:_:)``, `scope(_:)` and the parallel loops, in their blocking
  ///   forms.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; ``PoolError/shutDown(pool:)``; `WaitError.cancelled` when the task is cancelled before
  ///   `body` has begun.
  /// - Cancellation: after it has begun, the call ends when `body` does.
  public func run<Output: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable () throws -> Output
  ) async throws -> Output {
    let future = try trySubmit(file: file, line: line, body)
    do {
      return try await future.result(file: file, line: line)
    } catch WaitError.cancelled {
      if future.cancel() { throw WaitError.cancelled }
      return try await Task { try await future.result(file: file, line: line) }.value
    }
  }

  /// Runs a closure on a worker, and blocks the thread until it has ended; at once, if the caller is one.
  ///
  /// - Parameter body: may split its work by ``join(_:_:)``, `scope(_:)` and the parallel loops.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; ``PoolError/shutDown(pool:)``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func run<Output: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable () throws -> Output
  ) throws -> Output {
    if core.currentWorker != nil { return try body() }
    return try trySubmit(file: file, line: line, body).result(file: file, line: line)
  }

  /// Runs `body` on a worker and blocks until it has ended; or `alone` here, when the pool was shut down before a worker had
  /// begun.
  @available(*, noasync)
  @usableFromInline
  func onWorker(_ body: () -> Void, orAlone alone: () -> Void) {
    if core.currentWorker != nil { return body() }
    withoutActuallyEscaping(body) { body in
      withUnsafeTemporaryAllocation(of: StackWork<Void, Never>.self, capacity: 1) { buffer in
        // The job knows the address alone. It may outlive this call, cancelled in a queue or just ended; the closure may not.
        nonisolated(unsafe) let frame = buffer.baseAddress!
        frame.initialize(to: StackWork(body))
        defer { frame.deinitialize(count: 1) }
        guard let future = try? trySubmit({ frame.pointee.run() }) else { return alone() }
        do {
          try future.result()
        } catch {
          // After any other end of the wait, a worker could still be at work on the frame.
          checkContract(future.isCancelled, "the wait for a loop's worker ended: \(error)")
          alone()
        }
      }
    }
  }
}

extension ParallelCore {
  /// The worker of this pool that calls.
  @usableFromInline
  var currentWorker: ParallelWorker? { ParallelWorker.current(in: id) }
}

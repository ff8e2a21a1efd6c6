public import SkeinSync

/// When `wait(for:returnWhen:timeout:clock:file:line:)` returns.
public enum ReturnCondition: Hashable, Sendable, CaseIterable {
  /// When one of the futures is done.
  case firstCompleted
  /// When one of the futures has an error, or else when all are done. To be cancelled is no error here.
  case firstError
  /// When all futures are done.
  case allCompleted
}

/// Futures, as far as they were done when the wait for them ended.
public struct WaitedFutures<F: AnyFuture>: Sendable {
  /// Those that were done, in the order in which they were given.
  public let done: [F]
  /// Those that were not.
  public let notDone: [F]

  init(_ futures: [F]) {
    var (done, notDone): ([F], [F]) = ([], [])
    for future in futures {
      if future.isDone { done.append(future) } else { notDone.append(future) }
    }
    (self.done, self.notDone) = (done, notDone)
  }
}

/// Suspends the task until futures are done: one, all, or one with an error.
///
/// - Parameters:
///   - futures: what is waited for; one that occurs several times counts once.
///   - condition: when to return.
///   - timeout: after how long to return all the same; `nil` for no limit.
///   - clock: what measures it.
/// - Returns: which of them are done and which are not; after a timeout, too.
/// - Throws: `WaitError.cancelled`.
/// - Cancellation: the task stops waiting; the futures go on.
/// - Complexity: O(futures).
/// - Source: behaviour after CPython's `concurrent.futures.wait`.
public func wait<F: AnyFuture, C: DeadlineClock>(
  for futures: some Sequence<F>, returnWhen condition: ReturnCondition = .allCompleted,
  timeout: Duration? = nil, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
) async throws(WaitError) -> WaitedFutures<F> {
  let futures = futures.distinct
  let place = SourcePlace(file, line)
  if let gate = makeGate(for: futures, condition, at: place) {
    do {
      try await gate.wait(until: timeout.map { clock.now.advanced(by: $0) }, clock: clock, at: place)
    } catch {
      if error != .timedOut { throw error }
    }
  }
  return WaitedFutures(futures)
}

/// Blocks the thread until futures are done: one, all, or one with an error.
///
/// - Parameters:
///   - futures: what is waited for; one that occurs several times counts once.
///   - condition: when to return.
///   - timeout: after how long to return all the same; `nil` for no limit.
///   - clock: what measures it.
/// - Returns: which of them are done and which are not; after a timeout, too.
/// - Throws: ``FutureError/wouldStarve(pool:workers:)``.
/// - Complexity: O(futures).
@available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
public func wait<F: AnyFuture, C: DeadlineClock>(
  for futures: some Sequence<F>, returnWhen condition: ReturnCondition = .allCompleted,
  timeout: Duration? = nil, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
) throws -> WaitedFutures<F> {
  let futures = futures.distinct
  let place = SourcePlace(file, line)
  if let gate = makeGate(for: futures, condition, at: place) {
    do {
      try gate.wait(until: timeout.map { clock.now.advanced(by: $0) }, clock: clock, at: place)
    } catch WaitError.timedOut {
      return WaitedFutures(futures)
    }
  }
  return WaitedFutures(futures)
}

/// What opens when the condition holds; `nil` when there is nothing to wait for.
private func makeGate(
  for futures: [AnyFuture], _ condition: ReturnCondition, at place: SourcePlace
) -> FutureGate? {
  let pending = futures.filter { !$0.isDone }
  let hasError = condition == .firstError && futures.contains { $0.isDone && $0.hasFailed }
  let hasOne = condition == .firstCompleted && pending.count < futures.count
  if pending.isEmpty || hasError || hasOne { return nil }
  let gate = FutureGate(for: pending, at: place)
  let left = Lock(pending.count, internalTo: "wait(for:)")
  for future in pending {
    future.addCallback { [weak gate] done in
      let isLast = left.withLock { left in
        left -= 1
        return left == 0
      }
      let isEnough = condition == .firstCompleted || condition == .firstError && done.hasFailed
      if isLast || isEnough { gate?.open() }
    }
  }
  return gate
}

extension AnyFuture {
  /// Whether it is done with an error of its own.
  fileprivate var hasFailed: Bool { !isCancelled && failure != nil }
}

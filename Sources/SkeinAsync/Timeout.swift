public import SkeinSync

/// Runs `body`, and ends it when `duration` has passed.
///
/// At the deadline `body` is cancelled as any task is, and the call waits until it has ended: nothing of it
/// runs on afterwards, and a body that ignores cancellation makes the call last as long as it likes. Timeouts
/// nest: each ends its own body, so that the nearest wins and an inner, longer one extends nothing.
///
/// ```swift
/// let reply = try await withTimeout(.seconds(2)) {
///   try await server.ask(question)
/// }
/// ```
///
/// - Parameters:
///   - duration: how long `body` may take. Zero or less: it is not started, and the call times out at once.
///   - clock: what measures it.
///   - isolation: the caller's, in which `body` runs; leave it out.
///   - body: runs at once, in the caller's isolation and with its task-locals.
/// - Returns: what `body` returns, even if the deadline passed in the same instant.
/// - Throws: ``TimeoutError`` when the deadline passed and `body` threw thereafter, whatever it threw; else
///   what `body` throws.
/// - Cancellation: is passed on to `body`, and is no timeout: what `body` throws then is thrown.
public func withTimeout<Result, C: DeadlineClock>(
  _ duration: Duration, clock: C = MonotonicClock(), isolation: isolated (any Actor)? = #isolation,
  _ body: () async throws -> Result
) async throws -> Result {
  try await withDeadline(clock.now.advanced(by: duration), timeout: duration, clock: clock, body)
}

/// Runs `body`, and ends it when `clock` has reached `deadline`.
///
/// All else is as for ``withTimeout(_:clock:isolation:_:)``; a deadline that has passed counts as a timeout
/// of zero.
///
/// - Parameters:
///   - deadline: when `body` must have ended.
///   - clock: the clock that the deadline belongs to.
///   - isolation: the caller's, in which `body` runs; leave it out.
///   - body: runs at once, in the caller's isolation and with its task-locals.
/// - Throws: ``TimeoutError``, else what `body` throws.
/// - Cancellation: is passed on to `body`, and is no timeout.
public func withDeadline<Result, C: DeadlineClock>(
  _ deadline: C.Instant, clock: C, isolation: isolated (any Actor)? = #isolation,
  _ body: () async throws -> Result
) async throws -> Result {
  try await withDeadline(deadline, timeout: clock.now.duration(to: deadline), clock: clock, body)
}

private func withDeadline<Result, C: DeadlineClock>(
  _ deadline: C.Instant, timeout: Duration, clock: C, isolation: isolated (any Actor)? = #isolation,
  _ body: () async throws -> Result
) async throws -> Result {
  guard timeout > .zero else { throw TimeoutError(timeout: timeout, cause: nil) }
  return try await withoutActuallyEscaping(body) { body in
    let attempt = TimedAttempt(body)
    // Only a task can be cancelled, so the body gets one. It is an immediate task, not the child of a group:
    // on the main actor a body that does not suspend costs 3 us this way and 16 us in a group, which goes
    // through the main queue; on the pool both cost 3 us, and racing two children 28 us. What a child would
    // do by itself is done here: the closure names `isolation` and so inherits it; the handler that passes a
    // cancellation on is there before the body begins; and the call ends only when the task has ended.
    await withTaskCancellationHandler {
      await Task.immediate {
        _ = isolation
        await attempt.run(until: deadline, timeout: timeout, clock: clock, isolation: isolation)
      }.value
    } onCancel: {
      attempt.stop(because: .cancelled)
    }
    return try attempt.outcome()
  }
}

/// A case that waits for an instant; made by ``after(_:clock:_:)`` and ``at(_:clock:_:)``.
public struct TimerCase<C: DeadlineClock, Result>: SelectCase {
  @usableFromInline let deadline: C.Instant
  @usableFromInline let clock: C
  @usableFromInline let body: () throws -> Result
  @usableFromInline var timer: ScheduledAction?

  @inlinable
  init(_ deadline: C.Instant, _ clock: C, _ body: @escaping () throws -> Result) {
    self.deadline = deadline
    self.clock = clock
    self.body = body
  }

  /// Does one step of a `select`.
  @inlinable
  public mutating func perform(_ turn: inout SelectTurn, at index: Int) -> Bool {
    switch turn.step {
    case .attempt, .attemptLocked: return deadline <= clock.now
    case .isWorthTryingAgain: return false
    case .nameLock: turn.lockOrder = 0
    case .didEnqueue(let index):
      let waiter = turn.waiter!
      timer = clock.schedule(at: deadline) { waiter.end(as: .granted, index: index) }
    case .withdraw: timer?.cancel()
    case .isTimed, .lock, .unlock, .enqueue, .noteBlocking, .win: break
    }
    return true
  }

  /// Makes the result, once the case was chosen.
  @inlinable
  public func finish(at index: Int) throws -> Result { try body() }
}

/// A case of a `select` that is ready once `duration` has passed since the case was made: a time limit.
///
/// - Parameters:
///   - duration: how long; zero or less is ready at once.
///   - clock: what measures it.
///   - body: is called when the time is over.
@inlinable
public func after<C: DeadlineClock, Result>(
  _ duration: Duration, clock: C = MonotonicClock(), _ body: @escaping () throws -> Result
) -> TimerCase<C, Result> {
  at(clock.now.advanced(by: duration), clock: clock, body)
}

/// A case of a `select` that is ready from an instant on.
///
/// - Parameters:
///   - deadline: the instant.
///   - clock: what it is an instant of.
///   - body: is called when the instant has come.
@inlinable
public func at<C: DeadlineClock, Result>(
  _ deadline: C.Instant, clock: C, _ body: @escaping () throws -> Result
) -> TimerCase<C, Result> {
  TimerCase(deadline, clock, body)
}

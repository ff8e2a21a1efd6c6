/// A case of a `select`: what is waited for, and what to make of it.
///
/// Cases come from ``Receiver/receiving(_:otherwise:)``, ``Sender/sending(_:_:otherwise:)``,
/// ``Event/waiting(_:)``, ``after(_:clock:_:)`` and ``at(_:clock:_:)``. Making one does nothing yet. What it
/// makes of its result runs after the choice, on the caller, under no lock; it is synchronous: return a
/// value, and go on with that after the `select`.
public struct SelectCase<Result> {
  @usableFromInline let arm: SelectArm
  /// Makes the result, or throws, once the case was chosen.
  @usableFromInline let finish: () throws -> Result

  @inlinable
  init(_ arm: SelectArm, finish: @escaping () throws -> Result) {
    self.arm = arm
    self.finish = finish
  }
}

// MARK: - The cases

extension Receiver {
  /// A case that receives an element.
  ///
  /// It is ready when there is an element, and also when there will never be one: the channel is at its end,
  /// or the receiver is closed. Then the `select` throws the ``ReceiveError``, or returns what `otherwise`
  /// makes of it.
  ///
  /// - Parameters:
  ///   - body: gets the element.
  ///   - otherwise: gets ``ReceiveError/disconnected`` or ``ReceiveError/closed``.
  @inlinable
  public func receiving<Result>(
    _ body: @escaping (Element) throws -> Result, otherwise: ((ReceiveError) throws -> Result)? = nil
  ) -> SelectCase<Result> {
    ChannelArm(
      handle, nil, body,
      otherwise: otherwise.map { otherwise in { outcome, _ in try otherwise(outcome.receiveError!) } }
    ).selectCase
  }
}

extension Sender {
  /// A case that sends an element. When another case is chosen, the element was not sent.
  ///
  /// It is ready when there is room, or a receiver waits, and also when nobody will ever receive: the last
  /// receiver is gone, or the sender is closed. Then the `select` throws the ``SendError``, with the element,
  /// or returns what `otherwise` makes of it.
  ///
  /// - Parameters:
  ///   - element: what is sent.
  ///   - body: is called when the element was sent.
  ///   - otherwise: gets the error with the reason ``SendError/Reason/disconnected`` or
  ///     ``SendError/Reason/closed``.
  @inlinable
  public func sending<Result>(
    _ element: Element, _ body: @escaping () throws -> Result,
    otherwise: ((SendError<Element>) throws -> Result)? = nil
  ) -> SelectCase<Result> {
    ChannelArm(
      handle, element, { _ in try body() },
      otherwise: otherwise.map { otherwise in
        { outcome, element in try otherwise(SendError<Element>(outcome.reason()!, element!)) }
      }
    ).selectCase
  }
}

extension Event {
  /// A case that waits until the event is set. When the event is closed, the `select` throws
  /// ``WaitError/closed``.
  public func waiting<Result>(_ body: @escaping () throws -> Result) -> SelectCase<Result> {
    let arm = PointArm(waiters, for: (), admit: admit)
    return SelectCase(arm.arm) {
      try arm.outcome!.get()
      return try body()
    }
  }
}

/// A case of a `select` that is ready once `duration` has passed since the case was made: a time limit.
///
/// - Parameters:
///   - duration: how long; zero or less is ready at once.
///   - clock: what measures it.
///   - body: is called when the time is over.
public func after<C: DeadlineClock, Result>(
  _ duration: Duration, clock: C = MonotonicClock(), _ body: @escaping () throws -> Result
) -> SelectCase<Result> {
  at(clock.now.advanced(by: duration), clock: clock, body)
}

/// A case of a `select` that is ready from an instant on.
///
/// - Parameters:
///   - deadline: the instant.
///   - clock: what it is an instant of.
///   - body: is called when the instant has come.
public func at<C: DeadlineClock, Result>(
  _ deadline: C.Instant, clock: C, _ body: @escaping () throws -> Result
) -> SelectCase<Result> {
  SelectCase(TimerArm(deadline, clock).arm, finish: body)
}

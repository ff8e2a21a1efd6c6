/// What a case of an event does, whatever is made of it.
@usableFromInline
struct EventArm {
  @usableFromInline typealias Point = WaitPoint<Void, Void>

  private let event: Event
  private var place: Point.Place?
  @usableFromInline private(set) var outcome: Waiter.Outcome?

  @usableFromInline
  init(_ event: Event) { self.event = event }

  @usableFromInline
  mutating func perform(_ turn: inout SelectTurn) -> Bool {
    let point = event.waiters
    switch turn.step {
    case .attempt: return point.withLock { guarded, _ in attempt(guarded) }
    case .attemptLocked: return attempt(point.guarded.state.pointee)
    case .isTimed: return false
    case .nameLock: turn.lockOrder = point.id
    case .lock: point.guarded.enter(at: SourcePlace())
    case .unlock: point.guarded.leave()
    case .enqueue(let index): place = turn.enqueue(index, for: (), at: point)
    case .noteBlocking(let place): point.noteBlocking(at: place)
    case .win(let outcome): self.outcome = outcome
    case .withdraw: point.withLock { guarded, _ in _ = guarded.queue.remove(place!) }
    case .isWorthTryingAgain, .didEnqueue: break
    }
    return true
  }

  private mutating func attempt(_ guarded: borrowing Point.Guarded) -> Bool {
    outcome = event.isSet ? .granted : guarded.isClosed ? .closed : nil
    return outcome != nil
  }
}

/// A case that waits until an event is set; made by ``Event/waiting(_:)``.
public struct EventCase<Result>: SelectCase {
  @usableFromInline var arm: EventArm
  @usableFromInline let body: () throws -> Result

  @inlinable
  init(_ event: Event, _ body: @escaping () throws -> Result) {
    arm = EventArm(event)
    self.body = body
  }

  /// Does one step of a `select`.
  @inlinable
  public mutating func perform(_ turn: inout SelectTurn, at index: Int) -> Bool { arm.perform(&turn) }

  /// Makes the result, once the case was chosen.
  @inlinable
  public func finish(at index: Int) throws -> Result {
    try arm.outcome!.get()
    return try body()
  }
}

extension Event {
  /// A case that waits until the event is set. When the event is closed without having been set, the `select`
  /// throws ``WaitError/closed``.
  @inlinable
  public func waiting<Result>(_ body: @escaping () throws -> Result) -> EventCase<Result> {
    EventCase(self, body)
  }
}

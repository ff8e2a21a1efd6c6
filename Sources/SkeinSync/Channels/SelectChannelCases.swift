public import CSkein

/// What the two cases of a channel do alike: they wait to send to it, or to receive from it.
@usableFromInline
struct ChannelArm<Element: Sendable> {
  @usableFromInline typealias Point = ChannelPoint<Element>

  @usableFromInline let handle: ChannelHandle<Element>
  /// What is to be sent, until it is; or what was received.
  @usableFromInline var element: Element?
  @usableFromInline var outcome: ChannelOutcome?
  @usableFromInline var place: Point.Place?

  @inlinable
  init(_ handle: ChannelHandle<Element>, _ element: Element?) {
    self.handle = handle
    self.element = element
  }

  @inlinable
  mutating func perform(_ turn: inout SelectTurn) -> Bool {
    let point = handle.point
    switch turn.step {
    case .attempt: return point.withLock { guarded, wakes in attempt(&guarded, &wakes) }
    case .attemptLocked: return attempt(&point.guarded.state.pointee, &turn.wakes)
    case .isWorthTryingAgain: return !handle.isRendezvous
    case .isTimed, .didEnqueue: return false
    case .nameLock: turn.lockOrder = point.id
    case .lock: point.guarded.enter(at: SourcePlace())
    case .unlock: point.guarded.leave()
    case .enqueue(let index):
      let request = ChannelRequest(handle.side, element, handle: ObjectIdentifier(handle))
      place = turn.enqueue(index, for: request, at: point)
    case .noteBlocking(let place): point.noteBlocking(at: place)
    case .win(let outcome): win(outcome)
    case .withdraw: point.withLock { guarded, _ in _ = guarded.queue.remove(place!) }
    }
    return true
  }

  @inlinable
  mutating func attempt(_ guarded: inout Point.Guarded, _ wakes: inout WakeList) -> Bool {
    outcome =
      handle.isClosed ? .closed : guarded.state.serve(handle.side, &element, &guarded.queue, &wakes)
    return outcome != nil
  }

  @inlinable
  mutating func win(_ outcome: Waiter.Outcome) {
    let ended = place!.request
    // What was sent has left the place with the receiver.
    if handle.side == .receive { element = ended.element }
    self.outcome = outcome == .granted ? .done : ended.isClosedHere ? .closed : .disconnected
  }

  /// Whether the element was sent or received; tells diagnosis if so.
  @inlinable
  var isDone: Bool {
    guard outcome! == .done else { return false }
    if skein_observed() != 0 { handle.noteUse() }
    return true
  }
}

/// A case that receives an element; made by ``Receiver/receiving(_:otherwise:)``.
public struct ReceiveCase<Element: Sendable, Result>: SelectCase {
  @usableFromInline var arm: ChannelArm<Element>
  @usableFromInline let body: (Element) throws -> Result
  @usableFromInline let otherwise: ((ReceiveError) throws -> Result)?

  @inlinable
  init(
    _ handle: ChannelHandle<Element>, _ body: @escaping (Element) throws -> Result,
    otherwise: ((ReceiveError) throws -> Result)?
  ) {
    arm = ChannelArm(handle, nil)
    self.body = body
    self.otherwise = otherwise
  }

  /// Does one step of a `select`.
  @inlinable
  public mutating func perform(_ turn: inout SelectTurn, at index: Int) -> Bool { arm.perform(&turn) }

  /// Makes the result, once the case was chosen.
  @inlinable
  public func finish(at index: Int) throws -> Result {
    if arm.isDone { return try body(arm.element!) }
    let error = arm.outcome!.receiveError!
    guard let otherwise else { throw error }
    return try otherwise(error)
  }
}

/// A case that sends an element; made by ``Sender/sending(_:_:otherwise:)``.
public struct SendCase<Element: Sendable, Result>: SelectCase {
  @usableFromInline var arm: ChannelArm<Element>
  @usableFromInline let body: () throws -> Result
  @usableFromInline let otherwise: ((SendError<Element>) throws -> Result)?

  @inlinable
  init(
    _ handle: ChannelHandle<Element>, _ element: Element, _ body: @escaping () throws -> Result,
    otherwise: ((SendError<Element>) throws -> Result)?
  ) {
    arm = ChannelArm(handle, element)
    self.body = body
    self.otherwise = otherwise
  }

  /// Does one step of a `select`.
  @inlinable
  public mutating func perform(_ turn: inout SelectTurn, at index: Int) -> Bool { arm.perform(&turn) }

  /// Makes the result, once the case was chosen.
  @inlinable
  public func finish(at index: Int) throws -> Result {
    if arm.isDone { return try body() }
    let error = SendError(arm.outcome!.reason()!, arm.element!)
    guard let otherwise else { throw error }
    return try otherwise(error)
  }
}

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
  ) -> ReceiveCase<Element, Result> {
    ReceiveCase(handle, body, otherwise: otherwise)
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
  ) -> SendCase<Element, Result> {
    SendCase(handle, element, body, otherwise: otherwise)
  }
}

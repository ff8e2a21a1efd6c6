/// What a case of `select` waits for, without what it makes of it.
///
/// It is a function, not a class to be inherited from, for the sake of speed: a method that is found in a
/// generic class's table is not specialised for the element, a closure is.
@usableFromInline
struct SelectArm {
  @usableFromInline typealias Perform = (SelectAction, inout WakeList) -> Bool

  /// What tells the arm's lock from others, and orders it; zero for an arm without one.
  @usableFromInline let order: UInt
  /// Whether a deadline ends the wait.
  @usableFromInline let isTimed: Bool
  @usableFromInline let perform: Perform

  @inlinable
  init(order: UInt, isTimed: Bool = false, perform: @escaping Perform) {
    self.order = order
    self.isTimed = isTimed
    self.perform = perform
  }
}

/// What `select` asks of an arm. The answer counts for the first two alone: whether the arm is ready.
@usableFromInline
enum SelectAction {
  /// Do at once, under the own lock, what the case waits for, or find that it can not be any more.
  case attempt
  /// The same, under the lock that was taken before.
  case attemptLocked
  case lock
  case unlock
  /// Put the waiter into the queue, under the lock.
  case enqueue(SelectWaiter, index: UInt32)
  /// Do, after the locks, what else the wait needs.
  case didEnqueue(SelectWaiter, index: UInt32)
  /// Tell diagnosis that a thread is about to block.
  case noteBlocking(SourcePlace)
  /// Learn that the waiter was claimed here.
  case win(Waiter.Outcome)
  /// Take the waiter out of the queue again, for it was claimed elsewhere.
  case withdraw
}

/// Stands in the queues of all arms.
@usableFromInline
final class SelectWaiter: Waiter, @unchecked Sendable {
  // Sendable because all that is added to a waiter is a constant.
  @usableFromInline let asker: Asker

  init(_ asker: Asker) { self.asker = asker }
}

// MARK: - What is waited for

/// Waits to send to a channel, or to receive from it.
@usableFromInline
final class ChannelArm<Element: Sendable, Result> {
  @usableFromInline typealias Point = ChannelPoint<Element>

  @usableFromInline let handle: ChannelHandle<Element>
  @usableFromInline var request: ChannelRequest<Element>
  @usableFromInline var outcome: ChannelOutcome?
  @usableFromInline var place: Point.Place?
  @usableFromInline var firstSource: (any WaitSource)?

  /// What to make of the element that was received, or sent.
  @usableFromInline let body: (Element) throws -> Result
  @usableFromInline let otherwise: ((ChannelOutcome, Element?) throws -> Result)?

  @inlinable
  init(
    _ handle: ChannelHandle<Element>, _ element: Element?, _ body: @escaping (Element) throws -> Result,
    otherwise: ((ChannelOutcome, Element?) throws -> Result)?
  ) {
    self.handle = handle
    self.body = body
    self.otherwise = otherwise
    request = ChannelRequest(handle.side, element, handle: ObjectIdentifier(handle))
  }

  /// The case; its two functions capture nothing but this object, so that they cost no memory of their own.
  @inlinable
  var selectCase: SelectCase<Result> {
    SelectCase(SelectArm(order: handle.point.id) { self.perform($0, &$1) }) { try self.finish() }
  }

  @inlinable
  func perform(_ action: SelectAction, _ wakes: inout WakeList) -> Bool {
    let point = handle.point
    switch action {
    case .attempt: return point.withLock { guarded, wakes in attempt(&guarded, &wakes) }
    case .attemptLocked: return attempt(&point.guarded.state.pointee, &wakes)
    case .lock: point.guarded.enter(at: SourcePlace())
    case .unlock: point.guarded.leave()
    case .enqueue(let waiter, let index):
      place = Point.Place(waiter: waiter, index: index, asker: waiter.asker, request: request)
      firstSource = point.append(place!, &point.guarded.state.pointee)
    case .didEnqueue: if let firstSource { WaitSources.register(firstSource) }
    case .noteBlocking(let place): point.noteBlocking(at: place)
    case .win(let outcome):
      let ended = place!.request
      // What was sent has left the place with the receiver.
      if handle.side == .receive { request.element = ended.element }
      self.outcome = outcome == .granted ? .done : ended.isClosedHere ? .closed : .disconnected
    case .withdraw:
      if let place { point.withLock { guarded, _ in _ = guarded.queue.remove(place) } }
    }
    return true
  }

  @inlinable
  func attempt(_ guarded: inout Point.Guarded, _ wakes: inout WakeList) -> Bool {
    outcome = handle.isClosed ? .closed : guarded.state.serve(&request, &guarded.queue, &wakes)
    return outcome != nil
  }

  /// Makes the result of the case, which was chosen.
  @inlinable
  func finish() throws -> Result {
    let outcome = outcome!
    if outcome == .done {
      handle.noteUse()
      return try body(element)
    }
    if let otherwise { return try otherwise(outcome, request.element) }
    if handle.side == .send { try outcome.orThrow(element) } else { try outcome.orThrow() }
    return try body(element)
  }

  @inlinable var element: Element { request.element! }
}

/// Waits at any wait point, for a request that takes nothing away: an event.
final class PointArm<State: Sendable, Request: Sendable> {
  typealias Point = WaitPoint<State, Request>

  private let point: Point
  private var request: Request
  private let admit: Point.Admit
  private var place: Point.Place?
  private var firstSource: (any WaitSource)?
  private(set) var outcome: Waiter.Outcome?

  init(_ point: Point, for request: Request, admit: @escaping Point.Admit) {
    self.point = point
    self.request = request
    self.admit = admit
  }

  var arm: SelectArm {
    SelectArm(order: point.id) { self.perform($0, &$1) }
  }

  private func perform(_ action: SelectAction, _ wakes: inout WakeList) -> Bool {
    switch action {
    case .attempt: return point.withLock { guarded, wakes in attempt(&guarded, &wakes) }
    case .attemptLocked: return attempt(&point.guarded.state.pointee, &wakes)
    case .lock: point.guarded.enter(at: SourcePlace())
    case .unlock: point.guarded.leave()
    case .enqueue(let waiter, let index):
      place = Point.Place(waiter: waiter, index: index, asker: waiter.asker, request: request)
      firstSource = point.append(place!, &point.guarded.state.pointee)
    case .didEnqueue: if let firstSource { WaitSources.register(firstSource) }
    case .noteBlocking(let place): point.noteBlocking(at: place)
    case .win(let outcome): self.outcome = outcome
    // Whoever stood behind may be served now.
    case .withdraw: if let place { point.abandon(place, as: .cancelled) }
    }
    return true
  }

  private func attempt(_ guarded: inout Point.Guarded, _ wakes: inout WakeList) -> Bool {
    if guarded.isClosed {
      outcome = .closed
    } else if admit(&guarded, &request) {
      point.settle(&guarded, &wakes)
      outcome = .granted
    }
    return outcome != nil
  }
}

/// Waits for an instant.
final class TimerArm<C: DeadlineClock> {
  private let deadline: C.Instant
  private let clock: C
  private var timer: ScheduledAction?

  init(_ deadline: C.Instant, _ clock: C) {
    self.deadline = deadline
    self.clock = clock
  }

  var arm: SelectArm {
    SelectArm(order: 0, isTimed: true) { action, _ in self.perform(action) }
  }

  private func perform(_ action: SelectAction) -> Bool {
    switch action {
    case .attempt, .attemptLocked: return deadline <= clock.now
    case .didEnqueue(let waiter, let index):
      timer = clock.schedule(at: deadline) { waiter.end(as: .granted, index: index) }
    case .withdraw: timer?.cancel()
    case .lock, .unlock, .enqueue, .noteBlocking, .win: break
    }
    return true
  }
}

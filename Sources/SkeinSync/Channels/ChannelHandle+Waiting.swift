extension ChannelHandle {
  /// Blocks the calling thread until the request is granted.
  @available(*, noasync)
  @inlinable
  func wait<C: DeadlineClock>(
    for element: Element?, until deadline: C.Instant?, clock: C, at source: SourcePlace
  ) -> (outcome: ChannelOutcome, place: Place) {
    let asker = Asker(at: source, isTimed: deadline != nil, isThread: true)
    let place = Place(asker: asker, request: ChannelRequest(side, element, handle: ObjectIdentifier(self)))
    let isLate = deadline.map { $0 <= clock.now } ?? false
    if let early = enter(place, orRefuse: isLate ? .timedOut : nil) { return (early, place) }
    point.noteBlocking(at: source)
    return (conclude(place, place.block(until: deadline, clock: clock) { place.end(as: .timedOut) }), place)
  }

  /// Suspends the calling task until the request is granted.
  @inlinable
  func wait<C: DeadlineClock>(
    for element: Element?, until deadline: C.Instant?, clock: C, at source: SourcePlace
  ) async -> (outcome: ChannelOutcome, place: Place) {
    let asker = Asker(at: source, isTimed: deadline != nil, isThread: false)
    let place = Place(asker: asker, request: ChannelRequest(side, element, handle: ObjectIdentifier(self)))
    let isLate = deadline.map { $0 <= clock.now } ?? false
    let refusal: ChannelOutcome? = Task.isCancelled ? .cancelled : isLate ? .timedOut : nil
    if let early = enter(place, orRefuse: refusal) { return (early, place) }
    return (conclude(place, await place.suspend(until: deadline, clock: clock)), place)
  }

  /// Grants or refuses at once, or puts the place into the queue and returns `nil`.
  @inlinable
  func enter(_ place: Place, orRefuse refusal: ChannelOutcome?) -> ChannelOutcome? {
    var firstSource: (any WaitSource)?
    let early = point.withLock { guarded, wakes -> ChannelOutcome? in
      if isClosed { return .closed }
      if let outcome = guarded.state.serve(
        side, &place.request.element, &guarded.queue, &wakes) ?? refusal
      {
        return outcome
      }
      firstSource = point.append(place, &guarded)
      return nil
    }
    if let firstSource { WaitSources.register(firstSource) }
    if early == .done { noteUse() }
    return early
  }

  /// Makes of the end of a wait what the caller is told; takes the place back where nobody else has.
  @inlinable
  func conclude(_ place: Place, _ outcome: Waiter.Outcome) -> ChannelOutcome {
    switch outcome {
    case .granted:
      noteUse()
      return .done
    case .closed:
      return place.request.isClosedHere ? .closed : .disconnected
    case .timedOut, .cancelled:
      point.withLock { guarded, _ in _ = guarded.queue.remove(place) }
      return outcome == .timedOut ? .timedOut : .cancelled
    }
  }
}

extension ChannelState {
  /// Grants or refuses what is asked for; `nil` when it has to wait.
  @inlinable
  mutating func serve(
    _ side: ChannelSide, _ element: inout Element?, _ queue: inout Queue, _ wakes: inout WakeList
  ) -> ChannelOutcome? {
    switch side {
    case .send:
      switch send(element!, &queue, &wakes) {
      case .sent: return .done
      case .full: return nil
      case .closed: return .closed
      case .disconnected: return .disconnected
      }
    case .receive:
      switch receive(&queue, &wakes) {
      case .received(let received):
        element = received
        return .done
      case .empty: return nil
      case .closed: return .closed
      case .disconnected: return .disconnected
      }
    }
  }
}

extension WaitPoint {
  /// Puts a place into the queue; returns the source that is to be registered, after the lock, when it is the
  /// first.
  @inlinable
  func append(_ place: Place, _ guarded: inout Guarded) -> (any WaitSource)? {
    guarded.queue.append(place)
    guard guarded.source == nil else { return nil }
    guarded.source = WaitPointSource(of: self)
    return guarded.source
  }
}

extension Waiter {
  /// Ends the wait from outside, unless it has ended. No lock is needed for it: a granter passes over a place
  /// whose waiter is claimed, and the waiter takes its places out of the queues itself.
  @usableFromInline
  final func end(as outcome: Outcome, index: UInt32 = 0) {
    if claim(outcome, index: index) { resume() }
  }

  /// Suspends the calling task until the wait ends, at the latest at its deadline.
  @inlinable
  final func suspend<C: DeadlineClock>(until deadline: C.Instant?, clock: C) async -> Outcome {
    let timer = deadline.map { clock.schedule(at: $0) { self.end(as: .timedOut) } }
    defer { timer?.cancel() }
    await withTaskCancellationHandler {
      await withUnsafeContinuation { suspend($0) }
    } onCancel: {
      end(as: .cancelled)
    }
    return outcome!
  }
}

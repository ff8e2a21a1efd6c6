/// The tasks that wait at an async condition, and how they come to the lock.
///
/// A task waits once, in two queues one after the other: the condition's own, until it is notified, then the
/// lock's, until it is given the lock. So it keeps its turn, and can be cancelled in both.
///
/// - Invariant: a waiting task stands in exactly one of the two; it changes over under both points' locks,
///   of which the condition's is taken first.
final class AsyncConditionQueue: Sendable {
  /// A task's place in the lock's queue, taken when it is notified.
  typealias LockPlace = AsyncLockCore.Waiters.Place

  struct Turn: Sendable {
    /// The number under which the task came.
    var arrival: UInt64
    let lockPlace: LockPlace
    var isNotified = false
  }

  typealias Place = WaitPoint<UInt64, Turn>.Place

  let core: AsyncLockCore
  let waiters: WaitPoint<UInt64, Turn>

  init(_ identity: ObjectIdentity, of core: AsyncLockCore) {
    self.core = core
    let description = WaitDescription<UInt64, Turn>(
      state: { _ in "of \(core.hold.identity)" }, purpose: { _ in "to be notified" })
    waiters = WaitPoint(0, identity: identity, description: description) { _, _ in }
    let isClosed = core.waiters.withLock { [waiters] guarded, _ in
      guarded.state[ObjectIdentifier(self)] = { [weak waiters] in waiters?.close() }
      return guarded.isClosed
    }
    if isClosed { waiters.close() }
  }

  deinit {
    core.waiters.withLock { guarded, _ in guarded.state[ObjectIdentifier(self)] = nil }
  }

  /// Lets go of the lock and waits until it is given back after a notification.
  ///
  /// - Parameter arrival: the caller's number, when it has waited in vain: it comes back to its old place.
  /// - Returns: the caller's number, with the lock held.
  /// - Throws: when the wait ended otherwise, without the lock.
  func sleep<C: DeadlineClock>(
    _ holder: HolderNote, arrival: UInt64?, until deadline: C.Instant?, _ clock: C, at source: SourcePlace
  ) async throws(WaitError) -> UInt64 {
    let (waiter, asker) = (Waiter(), Asker(at: source, isTimed: deadline != nil, isThread: false))
    let lockPlace = LockPlace(waiter: waiter, asker: asker, request: holder)
    let turn = Turn(arrival: arrival ?? 0, lockPlace: lockPlace)
    let place = Place(waiter: waiter, asker: asker, request: turn)
    let isLate = deadline.map { $0 <= clock.now } ?? false
    var timer: ScheduledAction?
    var early: Waiter.Outcome?
    await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        waiter.continuation = continuation
        early = enter(place, arrival: arrival) {
          Task.isCancelled ? .cancelled : isLate ? .timedOut : nil
        }
        // From here on a notification finds the place: who notifies needs the lock first.
        core.release()
        if early != nil {
          Waiter.resume(continuation)
        } else if let deadline {
          timer = clock.schedule(at: deadline) { self.abandon(place, lockPlace, as: .timedOut) }
        }
      }
    } onCancel: {
      abandon(place, lockPlace, as: .cancelled)
    }
    timer?.cancel()
    let outcome = early ?? waiter.outcome!
    if outcome != .granted && place.request.isNotified { notify(1) }
    try outcome.get()
    return place.request.arrival
  }

  /// Puts the place into the condition's queue, unless the wait is refused.
  private func enter(
    _ place: Place, arrival: UInt64?, orRefuse refusal: () -> Waiter.Outcome?
  ) -> Waiter.Outcome? {
    let number = { (guarded: inout WaitPoint<UInt64, Turn>.Guarded, turn: inout Turn) in
      if arrival == nil {
        guarded.state += 1
        turn.arrival = guarded.state
      }
      return false
    }
    if let early = waiters.enter(place, number, orRefuse: refusal) { return early }
    core.waiters.makeObservable()
    if let arrival {
      waiters.withLock { guarded, _ in guarded.queue.moveForward(place) { $0.arrival > arrival } }
    }
    return nil
  }

  private func abandon(_ place: Place, _ lockPlace: LockPlace, as outcome: Waiter.Outcome) {
    waiters.abandon(place, as: outcome)
    core.waiters.abandon(lockPlace, as: outcome)
  }

  /// Moves those who wait longest into the lock's queue.
  func notify(_ count: Int) {
    waiters.withLock { guarded, wakes in
      core.waiters.guarded.withLock { lock in
        var left = count
        while left > 0, let place = guarded.queue.first {
          _ = guarded.queue.remove(place)
          place.request.isNotified = true
          core.ownership.enterSlowPath()
          lock.queue.append(place.request.lockPlace)
          left -= 1
        }
        core.waiters.settle(&lock, &wakes)
      }
    }
  }
}

extension WaitPoint {
  /// Lets diagnosis see waits that came here without entering.
  fileprivate func makeObservable() {
    let first = withLock { guarded, _ -> (any WaitSource)? in
      guard guarded.source == nil else { return nil }
      guarded.source = WaitPointSource(of: self)
      return guarded.source
    }
    if let first { WaitSources.register(first) }
  }
}

/// An async lock without what it guards: who holds it and who waits.
final class AsyncLockCore: Sendable {
  typealias Waiters = WaitPoint<Conditions, HolderNote>

  /// How the waits for the lock's conditions are ended, by each condition's identity.
  typealias Conditions = [ObjectIdentifier: @Sendable () -> Void]

  let ownership: AsyncOwnership
  let hold: AsyncHold
  let waiters: Waiters

  init(_ identity: ObjectIdentity) {
    let ownership = AsyncOwnership()
    self.ownership = ownership
    hold = AsyncHold(of: identity)
    let description = WaitDescription<Conditions, HolderNote>(
      holders: { _ in ownership.holders }, purpose: { _ in "to hold it" })
    waiters = WaitPoint([:], identity: identity, description: description) { guarded, wakes in
      while ownership.isFree, let first = guarded.queue.first {
        _ = guarded.queue.remove(first)
        guard first.waiter.claim(.granted) else { continue }
        ownership.handOver(to: first.request)
        wakes.append(first.waiter)
      }
      if guarded.queue.isEmpty && !guarded.isClosed { ownership.leaveSlowPath() }
    }
  }

  func acquire(_ holder: HolderNote, at place: SourcePlace) async throws(WaitError) {
    checkContract(
      !hold.isHeldAround,
      "\(hold.identity) is taken again by the task that holds it or a child of it: this would wait for ever"
    )
    try await acquire(holder, until: nil, MonotonicClock(), at: place)
  }

  func acquire<C: DeadlineClock>(
    _ holder: HolderNote, until deadline: C.Instant?, _ clock: C, at place: SourcePlace
  ) async throws(WaitError) {
    _ = try await waiters.wait(for: holder, until: deadline, clock: clock, at: place) { guarded, candidate in
      ownership.takeOrEnterSlowPath(candidate, isFirst: guarded.queue.isEmpty)
    }
  }

  /// Ends a hold that was begun, and lets go.
  func end() {
    hold.end()
    release()
  }

  func release() {
    if !ownership.giveFast() { waiters.update { _ in ownership.give() } }
  }

  func close() {
    waiters.close { ownership.enterSlowPath() }
    let conditions = waiters.withLock { guarded, _ in Array(guarded.state.values) }
    for closeCondition in conditions { closeCondition() }
  }
}

/// Where threads and tasks wait for one object: the performing half of every primitive.
///
/// A primitive says by two pure functions over its state what is granted: `admit`, whether a newcomer gets
/// its request at once, and `settle`, which waiters are served now. This type does the rest, once for all: it
/// registers, parks or suspends, and ends a wait by grant, deadline, cancellation or close.
///
/// - Invariant: after every change, nobody is left waiting for what `settle` would grant.
package final class WaitPoint<State: Sendable, Request: Sendable>: Sendable {
  package typealias Place = WaitQueue<Request>.Place

  package struct Guarded: ~Copyable {
    package var state: State
    package var queue = WaitQueue<Request>()
    package var isClosed = false
  }

  /// Serves, from the front, whoever can be served now.
  package typealias Settle = @Sendable (inout Guarded, inout WakeList) -> Void

  private let guarded: Lock<Guarded>
  private let settle: Settle
  package let name: String?

  package init(_ state: State, name: String?, settle: @escaping Settle) {
    guarded = Lock(Guarded(state: state), name: name)
    self.settle = settle
    self.name = name
  }

  deinit {
    // A waiter holds the object it waits for, so the queue is empty here.
    guarded.withLock { precondition($0.queue.isEmpty, "\(name ?? "an object") ended with waiters") }
  }

  /// How many threads and tasks wait.
  package var waiterCount: Int { guarded.withLock { $0.queue.count } }

  package var isClosed: Bool { guarded.withLock { $0.isClosed } }

  /// Changes the state, then serves whoever can be served.
  package func update<Result>(_ body: (inout Guarded) -> Result) -> Result {
    var wakes = WakeList()
    let result = guarded.withLock { guarded in
      let result = body(&guarded)
      settle(&guarded, &wakes)
      return result
    }
    wakes.resumeAll()
    return result
  }

  /// Ends every wait, now and later, with ``WaitError/closed``.
  package func close(_ mark: () -> Void = {}) {
    var wakes = WakeList()
    guarded.withLock { guarded in
      guarded.isClosed = true
      mark()
      guarded.queue.claimAll(as: .closed, &wakes)
    }
    wakes.resumeAll()
  }

  // MARK: Waiting

  /// Blocks the calling thread until the request is granted.
  @available(*, noasync)
  package func wait<C: DeadlineClock>(
    for request: Request, until deadline: C.Instant?, clock: C, admit: (inout Guarded) -> Bool
  ) throws(WaitError) {
    let place = Place(waiter: Waiter(), request: request)
    let early = guarded.withLock { guarded in enter(place, &guarded, admit) }
    guard early == nil else { return try early!.get() }
    try park(place, until: deadline, clock: clock).get()
  }

  /// Suspends the calling task until the request is granted.
  ///
  /// A task that is cancelled already, or whose deadline has passed, is refused only where it would have to
  /// wait.
  package func wait<C: DeadlineClock>(
    for request: Request, until deadline: C.Instant?, clock: C, admit: (inout Guarded) -> Bool
  ) async throws(WaitError) {
    let place = Place(waiter: Waiter(), request: request)
    var timer: ScheduledAction?
    let isLate = deadline.map { $0 <= clock.now } ?? false
    let outcome = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        place.waiter.continuation = continuation
        let early = guarded.withLock { guarded in
          // The flag is read under the lock that the cancellation takes: either it is seen here, or the place
          // there.
          enter(place, &guarded, admit) { Task.isCancelled ? .cancelled : isLate ? .timedOut : nil }
        }
        if let early {
          continuation.resume(returning: early)
        } else if let deadline {
          timer = clock.schedule(at: deadline) { self.abandon(place, as: .timedOut) }
        }
      }
    } onCancel: {
      abandon(place, as: .cancelled)
    }
    timer?.cancel()
    try outcome.get()
  }

  /// Grants or refuses at once, or puts the place into the queue and returns `nil`.
  private func enter(
    _ place: Place, _ guarded: inout Guarded, _ admit: (inout Guarded) -> Bool,
    orRefuse refusal: () -> Waiter.Outcome? = { nil }
  ) -> Waiter.Outcome? {
    if guarded.isClosed { return .closed }
    if admit(&guarded) { return .granted }
    guard let outcome = refusal() else {
      guarded.queue.append(place)
      return nil
    }
    // `admit` may have prepared the state for a wait; nobody is served by this, for nothing was given.
    var wakes = WakeList()
    settle(&guarded, &wakes)
    precondition(wakes.isEmpty, "\(name ?? "an object") served somebody because another one was refused")
    return outcome
  }

  private func park<C: DeadlineClock>(_ place: Place, until deadline: C.Instant?, clock: C) -> Waiter.Outcome
  {
    guard let deadline else { return place.waiter.park(until: -1)! }
    if let instant = clock.monotonicNanoseconds(of: deadline) {
      if let outcome = place.waiter.park(until: instant) { return outcome }
      abandon(place, as: .timedOut)
      return place.waiter.park(until: -1)!
    }
    let timer = clock.schedule(at: deadline) { self.abandon(place, as: .timedOut) }
    defer { timer.cancel() }
    return place.waiter.park(until: -1)!
  }

  /// Ends a wait from outside, unless it has ended. Whoever stood behind may be served now.
  private func abandon(_ place: Place, as outcome: Waiter.Outcome) {
    var wakes = WakeList()
    guarded.withLock { guarded in
      guard guarded.queue.remove(place) else { return }
      if place.waiter.claim(outcome) { wakes.append(place.waiter) }
      settle(&guarded, &wakes)
    }
    wakes.resumeAll()
  }
}

/// Where threads and tasks wait for one object: the performing half of every primitive.
///
/// A primitive says by two pure functions over its state what is granted: `admit`, whether a newcomer gets
/// its request at once, and `settle`, which waiters are served now. This type does the rest, once for all: it
/// registers, parks or suspends, and ends a wait by grant, deadline, cancellation or close.
///
/// It is inlinable, so that a primitive's code is made for its user's types.
///
/// - Invariant: after every change, nobody is left waiting for what `settle` would grant.
@usableFromInline
package final class WaitPoint<State: Sendable, Request: Sendable>: Sendable {
  @usableFromInline package typealias Place = WaitQueue<Request>.Place

  @usableFromInline
  package struct Guarded: ~Copyable, Sendable {
    @usableFromInline package var state: State
    @usableFromInline package var queue = WaitQueue<Request>()
    @usableFromInline package var isClosed = false
    /// What diagnosis asks about this object, from the first wait on.
    @usableFromInline var source: (any WaitSource)?

    @inlinable
    init(state: State) { self.state = state }
  }

  /// Serves, from the front, whoever can be served now.
  @usableFromInline package typealias Settle = @Sendable (inout Guarded, inout WakeList) -> Void
  /// Grants a newcomer's request, if it can be granted at once and nobody precedes.
  @usableFromInline package typealias Admit = (inout Guarded, inout Request) -> Bool

  @usableFromInline let guarded: Lock<Guarded>
  @usableFromInline let settle: Settle
  @usableFromInline let description: WaitDescription<State, Request>
  /// Whether what is waited for takes nothing away and stays a fact: that is granted even once closed.
  @usableFromInline let grantsWhenClosed: Bool
  @usableFromInline package let identity: ObjectIdentity

  @inlinable
  package init(
    _ state: State, identity: ObjectIdentity,
    description: WaitDescription<State, Request> = WaitDescription(), grantsWhenClosed: Bool = false,
    settle: @escaping Settle
  ) {
    guarded = Lock(Guarded(state: state), internalTo: identity.name ?? "")
    self.settle = settle
    self.description = description
    self.grantsWhenClosed = grantsWhenClosed
    self.identity = identity
  }

  deinit {
    // A waiter holds the object it waits for, so the queue is empty here.
    let source = guarded.withLock { guarded in
      checkContract(guarded.queue.isEmpty, "\(identity) ended with waiters")
      // The source keeps what is guarded: taken out, or neither would ever end.
      return guarded.source.take()
    }
    if let source { WaitSources.unregister(source) }
  }

  /// How many threads and tasks wait.
  @inlinable
  package var waiterCount: Int { guarded.withLock { $0.queue.count } }

  @inlinable
  package var isClosed: Bool { guarded.withLock { $0.isClosed } }

  /// Runs `body` under the lock; it serves by itself whoever it can serve.
  @inlinable
  package func withLock<Result: Sendable>(_ body: (inout Guarded, inout WakeList) -> Result) -> Result {
    var wakes = WakeList()
    let result = guarded.withLock { body(&$0, &wakes) }
    wakes.resumeAll()
    return result
  }

  /// Changes the state, then serves whoever can be served.
  @inlinable
  package func update<Result: Sendable>(_ body: (inout Guarded) -> Result) -> Result {
    withLock { guarded, wakes in
      let result = body(&guarded)
      settle(&guarded, &wakes)
      return result
    }
  }

  /// Ends every wait, now and later, with ``WaitError/closed``.
  @inlinable
  package func close(_ mark: () -> Void = {}) {
    withLock { guarded, wakes in
      guarded.isClosed = true
      mark()
      guarded.queue.claimAll(as: .closed, &wakes)
    }
  }

  /// What tells this object from all others that live.
  @inlinable
  package var id: UInt { UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque()) }

  // MARK: Waiting

  /// Blocks the calling thread until the request is granted.
  ///
  /// - Parameter didEnter: is called, under no lock, once the request stands in the queue.
  /// - Returns: the request, with what was handed over in it.
  @available(*, noasync)
  @inlinable
  package func wait<C: DeadlineClock>(
    for request: Request, until deadline: C.Instant?, clock: C, at source: SourcePlace, admit: Admit,
    didEnter: () -> Void = {}
  ) throws(WaitError) -> Request {
    let asker = Asker(at: source, isTimed: deadline != nil, isThread: true)
    let place = Place(asker: asker, request: request)
    if let early = enter(place, admit) {
      try early.get()
    } else {
      didEnter()
      noteBlocking(at: source)
      try park(place, until: deadline, clock: clock).get()
    }
    return place.request
  }

  /// Suspends the calling task until the request is granted.
  ///
  /// A task that is cancelled already, or whose deadline has passed, is refused only where it would have to
  /// wait.
  ///
  /// - Returns: the request, with what was handed over in it.
  @inlinable
  package func wait<C: DeadlineClock>(
    for request: Request, until deadline: C.Instant?, clock: C, at source: SourcePlace, admit: Admit,
    didEnter: () -> Void = {}
  ) async throws(WaitError) -> Request {
    let asker = Asker(at: source, isTimed: deadline != nil, isThread: false)
    let place = Place(asker: asker, request: request)
    var timer: ScheduledAction?
    var early: Waiter.Outcome?
    let isLate = deadline.map { $0 <= clock.now } ?? false
    await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        place.waiter.continuation = continuation
        // The flag is read under the lock that the cancellation takes: either it is seen here, or the place
        // there.
        early = enter(place, admit) { Task.isCancelled ? .cancelled : isLate ? .timedOut : nil }
        if early != nil {
          Waiter.resume(continuation)
        } else {
          didEnter()
          timer = deadline.map { clock.schedule(at: $0) { self.abandon(place, as: .timedOut) } }
        }
      }
    } onCancel: {
      abandon(place, as: .cancelled)
    }
    timer?.cancel()
    try (early ?? place.waiter.outcome!).get()
    return place.request
  }

  /// Grants or refuses at once, or puts the place into the queue and returns `nil`.
  @inlinable
  package func enter(
    _ place: Place, _ admit: Admit, orRefuse refusal: () -> Waiter.Outcome? = { nil }
  ) -> Waiter.Outcome? {
    var firstSource: (any WaitSource)?
    let early = withLock { guarded, wakes -> Waiter.Outcome? in
      if guarded.isClosed, !grantsWhenClosed { return .closed }
      let isAdmitted = admit(&guarded, &place.request)
      let outcome = isAdmitted ? .granted : guarded.isClosed ? .closed : refusal()
      if outcome == nil {
        guarded.queue.append(place)
        if guarded.source == nil {
          guarded.source = WaitPointSource(of: self)
          firstSource = guarded.source
        }
      } else {
        // What was admitted may have made room for others; a refusal may have prepared the state for a wait.
        settle(&guarded, &wakes)
      }
      return outcome
    }
    if let firstSource { WaitSources.register(firstSource) }
    return early
  }

  @usableFromInline
  func noteBlocking(at source: SourcePlace) {
    identity.noteBlocking(at: source)
  }

  @inlinable
  func park<C: DeadlineClock>(_ place: Place, until deadline: C.Instant?, clock: C) -> Waiter.Outcome {
    place.waiter.block(until: deadline, clock: clock) { self.abandon(place, as: .timedOut) }
  }

  /// Ends a wait from outside, unless it has ended. Whoever stood behind may be served now.
  @inlinable
  package func abandon(_ place: Place, as outcome: Waiter.Outcome) {
    withLock { guarded, wakes in
      guard guarded.queue.remove(place) else { return }
      if place.waiter.claim(outcome) { wakes.append(place.waiter) }
      settle(&guarded, &wakes)
    }
  }
}

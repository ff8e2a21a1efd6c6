internal import HeapModule
public import SkeinSync

/// A clock that stands still until a test moves it.
///
/// Threads and tasks wait on it as on any ``DeadlineClock``. Moving it runs what has become due, in the order
/// of the deadlines and then of the scheduling, on the caller's thread; an action may schedule further ones,
/// which run too if they are due. A test waits until the code under test has scheduled its wait, and moves
/// the clock then: no real time passes, and nothing depends on the speed of the machine.
///
/// ```swift
/// let clock = ManualClock()
/// let nap = Task { try await clock.sleep(until: .init(offset: .seconds(60))) }
/// try await clock.waitUntilScheduled()
/// clock.advance(by: .seconds(60))
/// try await nap.value
/// ```
///
/// - Invariant: time never goes back; nothing is scheduled for a time that has passed, but what is being run.
public final class ManualClock: DeadlineClock {
  /// A point in the time of a manual clock, counted from its creation.
  public struct Instant: InstantProtocol, Hashable, Sendable, CustomStringConvertible {
    /// The time since the clock was created.
    public let offset: Duration

    /// Creates an instant.
    public init(offset: Duration) {
      self.offset = offset
    }

    /// The instant `duration` later.
    public func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }

    /// The span from this instant to another one.
    public func duration(to other: Instant) -> Duration { other.offset - offset }

    /// Tells which of two instants is earlier.
    public static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }

    /// The offset with its unit.
    public var description: String { "\(offset)" }
  }

  private struct Entry: Comparable, Sendable {
    var deadline: Instant
    var id: Int

    static func < (left: Entry, right: Entry) -> Bool {
      (left.deadline, left.id) < (right.deadline, right.id)
    }
  }

  private struct State: Sendable {
    var now = Instant(offset: .zero)
    var entries = Heap<Entry>()
    /// What is still wanted; an entry of the heap without an action was cancelled.
    var actions: [Int: @Sendable () -> Void] = [:]
    var nextID = 0

    /// Drops cancelled entries from the front.
    mutating func nextDeadline() -> Instant? {
      while let first = entries.min {
        if actions[first.id] != nil { return first.deadline }
        entries.removeMin()
      }
      return nil
    }
  }

  /// Those who wait for a number of scheduled actions.
  private let state: WaitPoint<State, Int>

  /// Creates a clock that stands at zero.
  public init() {
    state = WaitPoint(State(), identity: ObjectIdentity("ManualClock", name: nil, place: SourcePlace())) {
      guarded, wakes in
      let count = guarded.state.actions.count
      guarded.queue.claimAll(as: .granted, where: { $0 <= count }, &wakes)
    }
  }

  /// The instant at which the clock stands.
  public var now: Instant { state.update { $0.state.now } }

  /// The smallest step of the clock.
  public var minimumResolution: Duration { .nanoseconds(1) }

  /// How many actions are scheduled, timed waits of threads and tasks included.
  public var scheduledCount: Int { state.update { $0.state.actions.count } }

  /// When the next action is due; `nil` when nothing is scheduled.
  public var nextDeadline: Instant? { state.update { $0.state.nextDeadline() } }

  /// Runs `action` when the clock is moved to `instant` or past it; at once, on the caller's thread, when it
  /// stands there already.
  ///
  /// - Complexity: O(log n) in what is scheduled.
  @discardableResult
  public func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> ScheduledAction {
    let id: Int? = state.update { guarded in
      guard instant > guarded.state.now else { return nil }
      defer { guarded.state.nextID += 1 }
      guarded.state.entries.insert(Entry(deadline: instant, id: guarded.state.nextID))
      guarded.state.actions[guarded.state.nextID] = action
      return guarded.state.nextID
    }
    guard let id else {
      action()
      return ScheduledAction {}
    }
    return ScheduledAction { [weak self] in self?.cancel(id) }
  }

  private func cancel(_ id: Int) {
    // The action is let go after the lock: what it captured may itself cancel something when it ends.
    withExtendedLifetime(state.update { $0.state.actions.removeValue(forKey: id) }) {}
  }

  // MARK: Moving

  /// Moves the clock on, and runs what becomes due.
  ///
  /// - Precondition: `duration` is not negative.
  public func advance(by duration: Duration) {
    precondition(duration >= .zero, "a manual clock does not go back by \(duration)")
    advance(to: now.advanced(by: duration))
  }

  /// Moves the clock to `target` and runs what becomes due; while an action runs, the clock shows the
  /// action's deadline.
  ///
  /// An instant that has passed moves nothing. Several threads may move the clock: each action runs once, but
  /// their order is kept only within one call.
  public func advance(to target: Instant) {
    while let action = takeAction(dueBy: target) { action() }
  }

  /// Moves the clock to the next deadline and runs what is due then.
  ///
  /// - Returns: that deadline; `nil` when nothing is scheduled, and nothing happens.
  @discardableResult
  public func advanceToNext() -> Instant? {
    guard let deadline = nextDeadline else { return nil }
    advance(to: deadline)
    return deadline
  }

  private func takeAction(dueBy target: Instant) -> (@Sendable () -> Void)? {
    state.update { guarded in
      guard let deadline = guarded.state.nextDeadline(), deadline <= target else {
        guarded.state.now = max(guarded.state.now, target)
        return nil
      }
      guarded.state.now = max(guarded.state.now, deadline)
      return guarded.state.entries.popMin().flatMap { guarded.state.actions.removeValue(forKey: $0.id) }
    }
  }

  // MARK: Waiting for the code under test

  /// Suspends the task until at least `count` actions are scheduled at once.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - limit: how much real time that may take; generous, for it is reached only when the code under test
  ///     is wrong.
  /// - Throws: ``WaitError/timedOut`` past the limit, ``WaitError/cancelled``.
  public func waitUntilScheduled(count: Int = 1, limit: Duration = .seconds(60)) async throws(WaitError) {
    let clock = MonotonicClock()
    _ = try await state.wait(
      for: count, until: clock.now.advanced(by: limit), clock: clock, at: SourcePlace()
    ) { guarded, _ in
      guarded.state.actions.count >= count
    }
  }

  /// Blocks the thread until at least `count` actions are scheduled at once.
  ///
  /// - Throws: ``WaitError/timedOut`` past the limit of real time.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func waitUntilScheduled(count: Int = 1, limit: Duration = .seconds(60)) throws(WaitError) {
    let clock = MonotonicClock()
    _ = try state.wait(for: count, until: clock.now.advanced(by: limit), clock: clock, at: SourcePlace()) {
      guarded, _ in
      guarded.state.actions.count >= count
    }
  }

  /// Runs `body`, and moves the clock to the next deadline whenever something is scheduled.
  ///
  /// This suits code in which one thing waits at a time, such as a loop that retries. Where several wait on
  /// the same clock, the first to schedule may be let go before the second has scheduled: move the clock by
  /// hand there.
  ///
  /// - Returns: what `body` returns; the clock stands at the last deadline then.
  /// - Throws: what `body` throws.
  public func run<Result>(_ body: () async throws -> Result) async rethrows -> Result {
    let mover = Task.detached { [self] in
      while !Task.isCancelled {
        do { try await waitUntilScheduled() } catch { continue }
        advanceToNext()
      }
    }
    defer { mover.cancel() }
    return try await body()
  }
}

internal import Synchronization

/// A flag that threads and tasks wait for.
///
/// Setting it lets go everybody who waits, and everybody who comes until it is cleared. Reading it and
/// waiting for a set event are one atomic load.
///
/// ```swift
/// let isReady = Event()
/// Task { isReady.set() }
/// try await isReady.wait()
/// ```
///
/// - Source: behaviour after CPython's `threading.Event`.
public final class Event: Sendable {
  private let flag: Flag
  let waiters: WaitPoint<Void, Void>

  /// Creates an event that is not set.
  ///
  /// - Parameter name: what diagnosis calls it.
  public init(name: String? = nil, file: StaticString = #fileID, line: UInt = #line) {
    let flag = Flag()
    self.flag = flag
    let identity = ObjectIdentity("Event", name: name, place: SourcePlace(file, line))
    let description = WaitDescription<Void, Void>(state: { flag.isSet ? "set" : "not set" })
    waiters = WaitPoint(
      (), identity: identity, description: description, grantsWhenClosed: true
    ) { guarded, wakes in
      if flag.isSet { guarded.queue.claimAll(as: .granted, &wakes) }
    }
  }

  /// Whether the event is set at this instant.
  public var isSet: Bool { flag.isSet }

  /// How many threads and tasks wait for it at this instant.
  public var waiterCount: Int { waiters.waiterCount }

  /// Sets the event and lets go everybody who waits. Setting it again changes nothing.
  ///
  /// - Complexity: O(waiters).
  public func set() {
    waiters.update { _ in flag.isSet = true }
  }

  /// Clears the event: who comes from now on waits.
  public func reset() {
    waiters.update { _ in flag.isSet = false }
  }

  /// Ends every wait, now and later, with ``WaitError/closed``, unless the event is set.
  public func close() {
    waiters.close()
  }

  /// Suspends the task until the event is set.
  ///
  /// - Throws: ``WaitError/cancelled`` or ``WaitError/closed``.
  /// - Cancellation: the task leaves the queue; nothing else changes.
  public func wait(file: StaticString = #fileID, line: UInt = #line) async throws(WaitError) {
    if isSet { return }
    try await waiters.wait(
      for: (), until: nil, clock: MonotonicClock(), at: SourcePlace(file, line), admit: admit)
  }

  /// Suspends the task until the event is set, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Throws: ``WaitError``.
  /// - Cancellation: the task leaves the queue; nothing else changes.
  public func wait<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) async throws(WaitError) {
    try await wait(until: clock.now.advanced(by: timeout), clock: clock, file: file, line: line)
  }

  /// Suspends the task until the event is set, or until `deadline` on `clock`.
  ///
  /// - Throws: ``WaitError``.
  /// - Cancellation: the task leaves the queue; nothing else changes.
  public func wait<C: DeadlineClock>(
    until deadline: C.Instant, clock: C, file: StaticString = #fileID, line: UInt = #line
  ) async throws(WaitError) {
    if isSet { return }
    try await waiters.wait(for: (), until: deadline, clock: clock, at: SourcePlace(file, line), admit: admit)
  }

  /// Blocks the thread until the event is set.
  ///
  /// - Throws: ``WaitError/closed``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func wait(file: StaticString = #fileID, line: UInt = #line) throws(WaitError) {
    if isSet { return }
    try waiters.wait(
      for: (), until: nil, clock: MonotonicClock(), at: SourcePlace(file, line), admit: admit)
  }

  /// Blocks the thread until the event is set, or until `timeout` has passed.
  ///
  /// - Throws: ``WaitError/timedOut`` or ``WaitError/closed``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func wait<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) throws(WaitError) {
    try wait(until: clock.now.advanced(by: timeout), clock: clock, file: file, line: line)
  }

  /// Blocks the thread until the event is set, or until `deadline` on `clock`.
  ///
  /// - Throws: ``WaitError/timedOut`` or ``WaitError/closed``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func wait<C: DeadlineClock>(
    until deadline: C.Instant, clock: C, file: StaticString = #fileID, line: UInt = #line
  ) throws(WaitError) {
    if isSet { return }
    try waiters.wait(for: (), until: deadline, clock: clock, at: SourcePlace(file, line), admit: admit)
  }

  func admit(_: inout WaitPoint<Void, Void>.Guarded, _: inout Void) -> Bool { flag.isSet }
}

/// The flag of an event; written under the wait point's lock alone.
private final class Flag: Sendable {
  private let word = Atomic(false)

  var isSet: Bool {
    get { word.load(ordering: .acquiring) }
    set { word.store(newValue, ordering: .releasing) }
  }
}

internal import Synchronization

/// A value that is made when it is first asked for, by exactly one of those who ask.
///
/// The others wait, threads as well as tasks. If whoever makes the value fails, or is cancelled, the error
/// goes to that caller alone, and the next one who waits tries with its own initialiser. Once there is a
/// value, asking for it is one atomic load.
///
/// ```swift
/// let configuration = Once<Configuration>()
/// let limits = try await configuration.get { try await Configuration.load() }.limits
/// ```
///
/// Asking from inside the initialiser, in the same task or thread or in a structured child of the task,
/// would wait for ever: it is found, and reported as ``OnceError/wouldDeadlock(_:)``. ``AsyncLock`` says
/// what exactly can be found.
///
/// - Invariant: at most one initialiser runs at a time, and none once there is a value.
/// - Source: behaviour after Rust's `tokio::sync::OnceCell`.
public final class Once<Value: Sendable>: @unchecked Sendable {
  // Sendable because `cell` is written by the one whose turn it is, before the flag is set, and read after
  // it.
  private typealias Point = WaitPoint<HolderNote?, OnceCall>

  private let isMade: OnceFlag
  private let cell: UnsafeMutablePointer<Value>
  private let hold: AsyncHold
  private let waiters: Point

  /// Creates a value that is yet to be made.
  ///
  /// - Parameter name: what errors and diagnosis call it.
  public init(name: String? = nil, file: StaticString = #fileID, line: UInt = #line) {
    let isMade = OnceFlag()
    self.isMade = isMade
    cell = .allocate(capacity: 1)
    let identity = ObjectIdentity("Once", name: name, place: SourcePlace(file, line))
    hold = AsyncHold(of: identity)
    let description = WaitDescription<HolderNote?, OnceCall>(
      holders: { .all($0.map { [$0.holder] } ?? []) }, purpose: { _ in "for the value" })
    waiters = WaitPoint(nil, identity: identity, description: description, grantsWhenClosed: true) {
      guarded, wakes in
      Self.settle(&guarded, &wakes, isMade: isMade.isSet)
    }
  }

  deinit {
    if isMade.isSet { cell.deinitialize(count: 1) }
    cell.deallocate()
  }

  /// The value; `nil` as long as none was made.
  ///
  /// - Complexity: O(1): one atomic load.
  public var value: Value? { isMade.isSet ? cell.pointee : nil }

  /// How many threads and tasks wait for the value at this instant.
  public var waiterCount: Int { waiters.waiterCount }

  /// Ends every wait, now and later, with ``WaitError/closed``. A value that there is, or that is being made,
  /// can still be had.
  public func close() {
    waiters.close()
  }

  // MARK: Getting

  /// Gives the value; makes it with `initialise` if nobody has, or suspends the task while somebody does.
  ///
  /// - Parameter initialise: makes the value, on the caller's actor. It runs at most once in a call.
  /// - Throws: ``OnceError/wouldDeadlock(_:)`` when called from inside the initialiser;
  ///   ``WaitError/cancelled`` or ``WaitError/closed``; else what `initialise` throws, to this caller alone.
  /// - Cancellation: a waiting task leaves the queue; an initialiser that runs sees the cancellation itself,
  ///   and if it gives up, the next one who waits takes over.
  public func get(
    file: StaticString = #fileID, line: UInt = #line, _ initialise: () async throws -> Value
  ) async throws -> Value {
    if isMade.isSet { return cell.pointee }
    return try await get(until: nil, MonotonicClock(), SourcePlace(file, line), initialise)
  }

  /// Gives the value; makes it if nobody has, or suspends the task while somebody does, until `timeout` has
  /// passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait for another's initialiser at the longest; zero or less only looks. The
  ///     caller's own takes the time that it takes.
  ///   - clock: what measures it.
  ///   - initialise: makes the value, on the caller's actor. It runs at most once in a call.
  /// - Throws: ``OnceError/wouldDeadlock(_:)``; ``WaitError``; else what `initialise` throws.
  /// - Cancellation: as for `get`.
  public func get<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line,
    _ initialise: () async throws -> Value
  ) async throws -> Value {
    if isMade.isSet { return cell.pointee }
    return try await get(
      until: clock.now.advanced(by: timeout), clock, SourcePlace(file, line), initialise)
  }

  /// Gives the value; makes it with `initialise` if nobody has, or blocks the thread while somebody does.
  ///
  /// - Throws: ``OnceError/wouldDeadlock(_:)``; ``WaitError/closed``; else what `initialise` throws, to this
  ///   caller alone.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @_disfavoredOverload
  public func get(
    file: StaticString = #fileID, line: UInt = #line, _ initialise: () throws -> Value
  ) throws -> Value {
    if isMade.isSet { return cell.pointee }
    return try get(until: nil, MonotonicClock(), SourcePlace(file, line), initialise)
  }

  /// Gives the value; makes it if nobody has, or blocks the thread while somebody does, until `timeout` has
  /// passed.
  ///
  /// - Throws: ``OnceError/wouldDeadlock(_:)``; ``WaitError``; else what `initialise` throws.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @_disfavoredOverload
  public func get<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line,
    _ initialise: () throws -> Value
  ) throws -> Value {
    if isMade.isSet { return cell.pointee }
    return try get(until: clock.now.advanced(by: timeout), clock, SourcePlace(file, line), initialise)
  }

  private func get<C: DeadlineClock>(
    until deadline: C.Instant?, _ clock: C, _ place: SourcePlace, _ initialise: () async throws -> Value
  ) async throws -> Value {
    try rejectReentry()
    hold.noteWanted(at: place)
    let call = OnceCall(by: HolderNote(at: place))
    let turn = try await waiters.wait(for: call, until: deadline, clock: clock, at: place, admit: admit)
    guard turn.isToInitialise else { return cell.pointee }
    hold.begin(at: place)
    defer { finish() }
    let value = try await initialise()
    keep(value)
    return value
  }

  @available(*, noasync)
  private func get<C: DeadlineClock>(
    until deadline: C.Instant?, _ clock: C, _ place: SourcePlace, _ initialise: () throws -> Value
  ) throws -> Value {
    try rejectReentry()
    hold.noteWanted(at: place)
    let call = OnceCall(by: HolderNote(at: place))
    let turn = try waiters.wait(for: call, until: deadline, clock: clock, at: place, admit: admit)
    guard turn.isToInitialise else { return cell.pointee }
    hold.begin(at: place)
    defer { finish() }
    let value = try initialise()
    keep(value)
    return value
  }

  private func rejectReentry() throws(OnceError) {
    if hold.isHeldAround { throw .wouldDeadlock(waiters.identity.name) }
  }

  private func keep(_ value: Value) {
    cell.initialize(to: value)
    isMade.set()
  }

  private func finish() {
    hold.end()
    waiters.update { $0.state = nil }
  }

  // MARK: Deciding

  private func admit(_ guarded: inout Point.Guarded, _ call: inout OnceCall) -> Bool {
    if isMade.isSet { return true }
    // Somebody waits only while an initialiser runs.
    guard guarded.state == nil, !guarded.isClosed else { return false }
    guarded.state = call.caller
    call.isToInitialise = true
    return true
  }

  /// With a value, lets go everybody; without, and with nobody at work, gives the work to the first.
  private static func settle(_ guarded: inout Point.Guarded, _ wakes: inout WakeList, isMade: Bool) {
    while let first = guarded.queue.first, isMade || guarded.state == nil {
      _ = guarded.queue.remove(first)
      first.request.isToInitialise = !isMade
      guard first.waiter.claim(.granted) else { continue }
      if !isMade { guarded.state = first.request.caller }
      wakes.append(first.waiter)
    }
  }
}

/// What somebody asks for, and whether it is its turn to make the value.
private struct OnceCall: Sendable {
  let caller: HolderNote
  var isToInitialise = false

  init(by caller: HolderNote) { self.caller = caller }
}

/// Whether a value was made.
private final class OnceFlag: Sendable {
  private let word = Atomic(false)

  var isSet: Bool { word.load(ordering: .acquiring) }
  func set() { word.store(true, ordering: .releasing) }
}

/// Why a value was not waited for.
public enum OnceError: Error, Hashable, Sendable {
  /// The caller is what makes the value: waiting would never end; with the name of the ``Once``.
  case wouldDeadlock(String?)
}

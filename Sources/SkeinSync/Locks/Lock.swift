public import CSkein
internal import Synchronization

/// A mutual-exclusion lock that owns the state it guards.
///
/// The state can be reached only through ``withLock(file:line:_:)``, so that code which compiles can not
/// forget the lock. The lock belongs to the *thread* that took it and is meant to be held for a few
/// instructions: never across `await` (the body is synchronous), never around anything that waits.
///
/// An uncontended lock and unlock are one atomic operation each. A contended one spins for a moment, then
/// sleeps in the kernel. A thread that arrives while the lock is free may take it ahead of sleepers (barging,
/// which keeps throughput); a thread that slept for a millisecond is served before any newcomer, so that none
/// starves.
///
/// ```swift
/// let hits = Lock(0)
/// hits.withLock { $0 += 1 }
/// ```
///
/// - Invariant: only the thread whose id the word carries touches the state.
public final class Lock<State: ~Copyable>: @unchecked Sendable {
  // Sendable because `state` is touched only by the thread whose id the word carries, between an acquiring
  // and a releasing operation on the word. One allocation holds both, and the word's address is the futex.
  // They are not one struct: changing a part of it would be, to the compiler and to ThreadSanitizer, an
  // access to the word as well.
  @usableFromInline let word: OwnerWord
  @usableFromInline let state: UnsafeMutablePointer<State>
  /// What the primitives keep for themselves is not observed: it is never held around anything that waits.
  private let isObserved: Bool
  private let orderClassWord = Atomic<UInt32>(0)

  package let identity: ObjectIdentity

  /// Creates a lock around a state.
  ///
  /// - Parameters:
  ///   - state: what the lock guards; the lock is its only owner from here on.
  ///   - name: what traps and diagnosis call this lock.
  public convenience init(
    _ state: consuming sending State, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(state, identity: ObjectIdentity("Lock", name: name, place: SourcePlace(file, line)))
  }

  /// Creates a lock that a primitive keeps for its own state.
  @usableFromInline
  package convenience init(_ state: consuming sending State, internalTo owner: String) {
    let identity = ObjectIdentity("Lock", name: owner, place: SourcePlace())
    self.init(state, identity: identity, isObserved: false)
  }

  /// Creates a lock that traps and diagnosis know as the object that it is a part of.
  init(_ state: consuming sending State, identity: ObjectIdentity, isObserved: Bool = true) {
    let alignment = max(MemoryLayout<Atomic<UInt32>>.alignment, MemoryLayout<State>.alignment)
    let offset = max(MemoryLayout<Atomic<UInt32>>.size, alignment)
    // A state without size gets a byte: its address is its own.
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: offset + max(1, MemoryLayout<State>.size), alignment: alignment)
    word = OwnerWord(at: memory)
    self.state = (memory + offset).initializeMemory(as: State.self, to: state)
    self.identity = identity
    self.isObserved = isObserved
  }

  deinit {
    state.deinitialize(count: 1)
    UnsafeMutableRawPointer(word.address).deallocate()
  }

  /// The name that traps and diagnosis show.
  public var name: String? { identity.name }

  /// Runs `body` with exclusive access to the state; waits for the lock as long as it takes.
  ///
  /// - Parameter body: gets the state for the length of the call. It must not wait for anything.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; the lock is released then too.
  /// - Precondition: the calling thread does not hold this lock already.
  /// - Complexity: O(1) uncontended.
  @inlinable
  public func withLock<Result: ~Copyable, Failure: Error>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: (inout sending State) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    if skein_observed() != 0 || !word.tryAcquire() { acquireContended(at: SourcePlace(file, line)) }
    defer { if skein_observed() != 0 || !word.tryRelease() { releaseContended() } }
    return try body(&state.pointee)
  }

  /// Runs `body` if the lock is free at this instant.
  ///
  /// - Returns: what `body` returns; `nil` when another thread holds the lock.
  /// - Throws: ``LockError/wouldDeadlock(_:)`` when the calling thread holds it already, else what `body`
  ///   throws.
  public func tryLock<Result>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: (inout sending State) throws -> sending Result
  ) throws -> sending Result? {
    try rejectReentry()
    guard word.tryAcquire() else { return nil }
    noteAcquired(at: SourcePlace(file, line))
    defer { releaseContended() }
    return try body(&state.pointee)
  }

  /// Runs `body` with exclusive access, unless the lock can not be had in time.
  ///
  /// - Parameter timeout: how long to wait at the longest; negative counts as zero, and a span past what the
  ///   clock can express as no limit.
  /// - Throws: ``LockError/timedOut(_:)``; ``LockError/wouldDeadlock(_:)`` when the calling thread holds the
  ///   lock already; else what `body` throws.
  @available(*, noasync, message: "a timed lock blocks its thread; wait on an AsyncLock instead")
  public func withLock<Result>(
    timeout: Duration, file: StaticString = #fileID, line: UInt = #line,
    _ body: (inout sending State) throws -> sending Result
  ) throws -> sending Result {
    try rejectReentry()
    let place = SourcePlace(file, line)
    let deadline = MonotonicClock().now.advanced(by: max(.zero, timeout)).nanoseconds
    guard acquire(until: deadline, at: place) else { throw LockError.timedOut(name) }
    noteAcquired(at: place)
    defer { releaseContended() }
    return try body(&state.pointee)
  }

  private func rejectReentry() throws(LockError) {
    if word.isMine { throw .wouldDeadlock(name) }
  }
}

extension Lock where State == Void {
  /// Creates a lock that guards no value of its own.
  public convenience init(name: String? = nil, file: StaticString = #fileID, line: UInt = #line) {
    self.init((), name: name, file: file, line: line)
  }
}

// MARK: - Off the fast path

extension Lock where State: ~Copyable {
  @usableFromInline
  func acquireContended(at place: SourcePlace) {
    announce(at: place)
    takeAnnounced(at: place)
  }

  @usableFromInline
  func announce(at place: SourcePlace) {
    checkContract(
      !word.isMine, "\(identity) is taken again by the thread that holds it: this would wait for ever")
    if isObserved { SyncObservation.observer(of: .locks)?.willAcquire(self, at: place) }
  }

  @usableFromInline
  func takeAnnounced(at place: SourcePlace) {
    if !word.tryAcquire() { _ = acquire(until: -1, at: place) }
    noteAcquired(at: place)
  }

  private func acquire(until deadline: Int64, at place: SourcePlace) -> Bool {
    // The registry of waits is made of such locks itself.
    guard isObserved else { return word.acquire(until: deadline) }
    return ThreadWait.during(self, purpose: "to hold it", at: place, isTimed: deadline >= 0) { announce in
      word.acquire(until: deadline, sleeping: announce)
    }
  }

  private func noteAcquired(at place: SourcePlace) {
    if isObserved { SyncObservation.observer(of: .locks)?.didAcquire(self, at: place) }
  }

  @usableFromInline
  func releaseContended() {
    // Told before the lock is free: what holds a lock is never missing from what is told.
    if isObserved { SyncObservation.observer(of: .locks)?.didRelease(self) }
    checkContract(
      word.releaseContended(), "\(identity) is released by a thread that does not hold it")
  }
}

// MARK: - For diagnosis

extension Lock: WaitableLock where State: ~Copyable {
  var observed: ObservedObject {
    let owner = word.owner
    return ObservedObject(
      id: UInt(bitPattern: ObjectIdentifier(self)), kind: "\(identity.kind)", name: name,
      place: identity.place,
      holders: owner == 0 ? .all([]) : .all([.init(.thread(owner))]))
  }
}

extension Lock: ObservedLock where State: ~Copyable {
  package var orderClass: UInt32 {
    get { orderClassWord.load(ordering: .relaxed) }
    set { orderClassWord.store(newValue, ordering: .relaxed) }
  }
}

/// Why a lock was not taken.
public enum LockError: Error, Hashable, Sendable {
  /// The lock was held by another thread or task for as long as the caller was ready to wait; with the lock's name.
  case timedOut(String?)
  /// The calling thread or task holds the lock already: waiting would never end; with the lock's name.
  case wouldDeadlock(String?)
}

extension LockError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .timedOut(let name): "\(Self.title(name)) was held elsewhere for too long"
    case .wouldDeadlock(let name):
      "\(Self.title(name)) is held by the caller already: the wait would never end"
    }
  }

  private static func title(_ name: String?) -> String { name.map { "the lock \($0)" } ?? "the lock" }
}

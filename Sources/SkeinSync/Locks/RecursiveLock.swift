public import CSkein
internal import Synchronization

/// A mutual-exclusion lock that the thread which holds it may take again, to any depth.
///
/// It is for code that calls itself, or calls back, with the lock held: a walk over a tree, an object whose
/// methods use one another. Where that can be avoided, ``Lock`` is simpler: inside it the state is never seen
/// half changed.
///
/// Two bodies that are nested can not both have the state for their whole length. So a body gets a handle, and
/// each use of its ``Held/state`` is an exclusive access of its own, as short as the expression it stands in.
/// An access that overlaps another one of the same thread traps.
///
/// ```swift
/// let visited = RecursiveLock([String]())
/// func walk(_ node: Node) {
///   visited.withLock { held in
///     held.state.append(node.name)
///     node.children.forEach(walk)
///   }
/// }
/// ```
///
/// The state is `Sendable`, because a copy of what ``Held/state`` gives may leave the body.
///
/// - Invariant: only the thread whose id the word carries touches the state and the depth.
/// - Source: behaviour after CPython's `threading.RLock`; the word is that of ``Lock``, with its fairness.
public final class RecursiveLock<State: ~Copyable & Sendable>: @unchecked Sendable {
  // Sendable because state and marks are touched only by the thread whose id the word carries, between an
  // acquiring and a releasing operation on the word.
  @usableFromInline let word: OwnerWord
  @usableFromInline let marks: UnsafeMutablePointer<RecursionMarks>
  @usableFromInline let state: UnsafeMutablePointer<State>
  /// How often the holder can take it again: as far as the count goes, but in tests.
  @usableFromInline let depthLimit: UInt32
  private let orderClassWord = Atomic<UInt32>(0)

  package let identity: ObjectIdentity

  /// Creates a lock around a state.
  ///
  /// - Parameters:
  ///   - state: what the lock guards; the lock is its only owner from here on.
  ///   - name: what traps and diagnosis call this lock.
  public convenience init(
    _ state: consuming State, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(state, name: name, depthLimit: .max, at: SourcePlace(file, line))
  }

  package init(_ state: consuming State, name: String?, depthLimit: UInt32, at place: SourcePlace) {
    let memory = LockMemory(state)
    word = OwnerWord(at: memory.words)
    marks = (memory.words + 8).initializeMemory(as: RecursionMarks.self, to: RecursionMarks())
    self.state = memory.state
    self.depthLimit = depthLimit
    identity = ObjectIdentity("RecursiveLock", name: name, place: place)
  }

  deinit {
    state.deinitialize(count: 1)
    UnsafeMutableRawPointer(word.address).deallocate()
  }

  /// The name that traps and diagnosis show.
  public var name: String? { identity.name }

  /// Whether the calling thread holds the lock.
  package var isHeldByCurrentThread: Bool { word.isMine }

  /// How many bodies of the calling thread are inside, one in the other.
  package var depth: Int { word.isMine ? Int(marks.pointee.nested) + 1 : 0 }

  /// Runs `body` while the calling thread holds the lock; waits for the lock as long as it takes, and not at
  /// all when the thread holds it already.
  ///
  /// - Parameter body: gets the handle through which it reaches the state. It must not wait for anything.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws. This call's hold ends then too.
  /// - Precondition: no more than 2³² bodies are nested.
  /// - Complexity: O(1) uncontended; a nested call costs a load.
  @inlinable
  public func withLock<Result: ~Copyable, Failure: Error>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: (borrowing Held) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if word.isMine {
      enterAgain()
    } else if skein_observed() != 0 || !word.tryAcquire() {
      acquireContended(at: SourcePlace(file, line))
    }
    defer { leave() }
    return try body(Held(self))
  }

  /// Runs `body` if the lock is free at this instant, or held by the calling thread.
  ///
  /// - Returns: what `body` returns; `nil` when another thread holds the lock.
  /// - Throws: what `body` throws.
  public func tryLock<Result, Failure: Error>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: (borrowing Held) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    if word.isMine {
      enterAgain()
    } else {
      guard word.tryAcquire() else { return nil }
      noteAcquired(at: SourcePlace(file, line))
    }
    defer { leave() }
    return try body(Held(self))
  }

  /// Runs `body` while the calling thread holds the lock, unless the lock can not be had in time.
  ///
  /// - Parameter timeout: how long to wait at the longest; negative counts as zero, and a span past what the
  ///   clock can express as no limit.
  /// - Throws: ``LockError/timedOut(_:)``, else what `body` throws.
  @available(*, noasync, message: "a timed lock blocks its thread; wait on an AsyncLock instead")
  public func withLock<Result>(
    timeout: Duration, file: StaticString = #fileID, line: UInt = #line,
    _ body: (borrowing Held) throws -> Result
  ) throws -> Result {
    if word.isMine {
      enterAgain()
    } else {
      let place = SourcePlace(file, line)
      let deadline = MonotonicClock().now.advanced(by: max(.zero, timeout)).nanoseconds
      guard acquire(until: deadline, at: place) else { throw LockError.timedOut(name) }
      noteAcquired(at: place)
    }
    defer { leave() }
    return try body(Held(self))
  }
}

extension RecursiveLock where State == Void {
  /// Creates a lock that guards no value of its own.
  public convenience init(name: String? = nil, file: StaticString = #fileID, line: UInt = #line) {
    self.init((), name: name, file: file, line: line)
  }
}

// MARK: - Taking and leaving

/// What a recursive lock notes about the thread that holds it.
@usableFromInline
struct RecursionMarks {
  /// How often the holder has taken the lock again.
  @usableFromInline var nested: UInt32 = 0
  /// How many accesses to the state there are: reading ones, or -1 for one that changes it.
  @usableFromInline var accesses: Int32 = 0

  @usableFromInline
  init() {}
}

extension RecursiveLock where State: ~Copyable {
  @inlinable
  func enterAgain() {
    if marks.pointee.nested >= depthLimit { trapDepth() }
    marks.pointee.nested += 1
  }

  @usableFromInline
  func trapDepth() -> Never {
    breakContract("\(identity) is taken more than \(depthLimit) times over by the thread that holds it")
  }

  @inlinable
  func leave() {
    if marks.pointee.nested > 0 {
      marks.pointee.nested -= 1
    } else if skein_observed() != 0 || !word.tryRelease() {
      releaseContended()
    }
  }

  @usableFromInline
  func acquireContended(at place: SourcePlace) {
    SyncObservation.observer(of: .locks)?.willAcquire(self, at: place)
    if !word.tryAcquire() { _ = acquire(until: -1, at: place) }
    noteAcquired(at: place)
  }

  private func acquire(until deadline: Int64, at place: SourcePlace) -> Bool {
    ThreadWait.during(self, purpose: "to hold it", at: place, isTimed: deadline >= 0) { announce in
      word.acquire(until: deadline, sleeping: announce)
    }
  }

  private func noteAcquired(at place: SourcePlace) {
    SyncObservation.observer(of: .locks)?.didAcquire(self, at: place)
  }

  @usableFromInline
  func releaseContended() {
    // Told before the lock is free: what holds a lock is never missing from what is told.
    SyncObservation.observer(of: .locks)?.didRelease(self)
    checkContract(word.releaseContended(), "\(identity) is released by a thread that does not hold it")
  }
}

// MARK: - For diagnosis

extension RecursiveLock: WaitableLock where State: ~Copyable {
  var observed: ObservedObject {
    let owner = word.owner
    return ObservedObject(
      id: UInt(bitPattern: ObjectIdentifier(self)), kind: "\(identity.kind)", name: name,
      place: identity.place,
      holders: owner == 0 ? .all([]) : .all([.init(.thread(owner))]))
  }
}

extension RecursiveLock: ObservedLock where State: ~Copyable {
  package var orderClass: UInt32 {
    get { orderClassWord.load(ordering: .relaxed) }
    set { orderClassWord.store(newValue, ordering: .relaxed) }
  }
}

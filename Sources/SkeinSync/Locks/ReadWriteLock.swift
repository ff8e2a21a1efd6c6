internal import Synchronization

/// A lock that many readers hold at once, or one writer alone.
///
/// It pays where reads are long or come from many threads at once; for a few instructions ``Lock`` costs as
/// little or less. Readers get the state borrowed: no copy is made. Like ``Lock`` it belongs to threads, and is
/// never held across `await`.
///
/// A writer that waits holds up the readers that come after it, so that a stream of readers can not starve
/// writers. When a writer leaves, all readers that came meanwhile have their turn before the next writer, so
/// that writers can not starve readers. Reading costs one atomic operation to come and one to leave, as long as
/// no writer is about.
///
/// ```swift
/// let routes = ReadWriteLock(["/": "index"])
/// let page = routes.withReadLock { $0["/"] }
/// routes.withWriteLock { $0["/about"] = "about" }
/// ```
///
/// A thread must not come as a reader while it is a reader already: a writer that came in between waits for the
/// outer read, and holds up the inner one. While the observation of locks is on, that traps, as does a reader
/// that comes as a writer; without it, such a thread waits for ever.
///
/// - Invariant: while a writer is inside, nobody else is.
/// - Source: phase-fair locks; see `ReadWriteWord`.
public final class ReadWriteLock<State: ~Copyable & Sendable>: @unchecked Sendable {
  // Sendable because `state` is changed by the writer that holds `writers` while the word says that no reader
  // is inside, and read by readers that the word counts; State is Sendable, so that many may read it at once.
  /// The mutex among writers: who has it is the next to write, or writes.
  @usableFromInline let writers: OwnerWord
  @usableFromInline let word: ReadWriteWord
  @usableFromInline let state: UnsafeMutablePointer<State>
  /// The readers that came while locks were observed.
  let knownReaders = Lock<[UInt32: SourcePlace]>([:], internalTo: "ReadWriteLock")
  private let orderClassWord = Atomic<UInt32>(0)

  package let identity: ObjectIdentity

  /// Creates a lock around a state.
  ///
  /// - Parameters:
  ///   - state: what the lock guards; the lock is its only owner from here on.
  ///   - name: what traps and diagnosis call this lock.
  public init(
    _ state: consuming State, name: String? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    let memory = LockMemory(state)
    writers = OwnerWord(at: memory.words)
    word = ReadWriteWord(at: memory.words + 8)
    self.state = memory.state
    identity = ObjectIdentity("ReadWriteLock", name: name, place: SourcePlace(file, line))
  }

  deinit {
    state.deinitialize(count: 1)
    UnsafeMutableRawPointer(writers.address).deallocate()
  }

  /// The name that traps and diagnosis show.
  public var name: String? { identity.name }

  /// How many readers are inside, how many wait for their turn, and whether it is a writer's turn.
  package var counts: (readers: Int, waitingReaders: Int, isWritePhase: Bool) {
    let seen = word.seen
    return (Int(seen.inside), Int(seen.waiting), seen.isWritePhase)
  }

  // MARK: Reading

  /// Runs `body` as a reader; waits, as long as it takes, for a writer that is inside or came before.
  ///
  /// - Parameter body: gets the state for the length of the call. It must not wait for anything.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; the lock is left then too.
  /// - Precondition: the calling thread does not hold this lock already.
  /// - Complexity: O(1) while no writer is about: one atomic operation to come, one to leave.
  @inlinable
  public func withReadLock<Result: ~Copyable, Failure: Error>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: (borrowing State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let isKnown = beginRead(at: SourcePlace(file, line))
    defer { endRead(isKnown) }
    return try body(state.pointee)
  }

  /// Runs `body` as a reader, if no writer is inside or waits.
  ///
  /// - Returns: what `body` returns; `nil` when a writer holds the lock or waits for it.
  /// - Throws: ``LockError/wouldDeadlock(_:)`` when the calling thread is the writer, else what `body` throws.
  public func tryReadLock<Result>(
    file: StaticString = #fileID, line: UInt = #line, _ body: (borrowing State) throws -> Result
  ) throws -> Result? {
    try rejectReentry(isReader: true)
    guard word.tryBeginRead() else { return nil }
    let isKnown = noteReader(at: SourcePlace(file, line))
    defer { endRead(isKnown) }
    return try body(state.pointee)
  }

  /// Runs `body` as a reader, unless writers keep the lock for too long.
  ///
  /// - Parameter timeout: how long to wait at the longest; negative counts as zero, and a span past what the
  ///   clock can express as no limit.
  /// - Throws: ``LockError/timedOut(_:)``; ``LockError/wouldDeadlock(_:)`` when the calling thread is the
  ///   writer; else what `body` throws.
  @available(*, noasync, message: "a timed lock blocks its thread")
  public func withReadLock<Result>(
    timeout: Duration, file: StaticString = #fileID, line: UInt = #line,
    _ body: (borrowing State) throws -> Result
  ) throws -> Result {
    try rejectReentry(isReader: true)
    let place = SourcePlace(file, line)
    guard waitToRead(word.beginRead(), until: deadline(timeout), at: place) else {
      throw LockError.timedOut(name)
    }
    let isKnown = noteReader(at: place)
    defer { endRead(isKnown) }
    return try body(state.pointee)
  }

  // MARK: Writing

  /// Runs `body` as the writer; waits, as long as it takes, for readers and writers that came before.
  ///
  /// - Parameter body: gets the state for the length of the call. It must not wait for anything.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; the lock is left then too.
  /// - Precondition: the calling thread does not hold this lock already.
  /// - Complexity: O(1) uncontended.
  @inlinable
  public func withWriteLock<Result: ~Copyable, Failure: Error>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    beginWrite(at: SourcePlace(file, line))
    defer { endWrite() }
    return try body(&state.pointee)
  }

  /// Runs `write` as the writer, then `read` as a reader, with no other writer in between.
  ///
  /// Other readers come in when `write` has ended: what is slow and only looks need not keep them out.
  ///
  /// ```swift
  /// let size = routes.withWriteLock {
  ///   $0["/about"] = "about"
  /// } downgraded: {
  ///   measure($0)
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - write: gets the state alone.
  ///   - read: gets the state as `write` left it.
  /// - Returns: what `read` returns.
  /// - Throws: what `write` or `read` throws; after an error of `write`, `read` does not run.
  /// - Precondition: the calling thread does not hold this lock already.
  public func withWriteLock<Result: ~Copyable, Failure: Error>(
    file: StaticString = #fileID, line: UInt = #line,
    _ write: (inout State) throws(Failure) -> Void,
    downgraded read: (borrowing State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let place = SourcePlace(file, line)
    beginWrite(at: place)
    do {
      try write(&state.pointee)
    } catch {
      endWrite()
      throw error
    }
    let isKnown = downgrade(at: place)
    defer { endRead(isKnown) }
    return try read(state.pointee)
  }

  /// Runs `body` as the writer, if nobody is inside and no other writer waits.
  ///
  /// - Returns: what `body` returns; `nil` when another thread holds the lock.
  /// - Throws: ``LockError/wouldDeadlock(_:)`` when the calling thread holds the lock already as the writer,
  ///   else what `body` throws.
  public func tryWriteLock<Result>(
    file: StaticString = #fileID, line: UInt = #line, _ body: (inout State) throws -> Result
  ) throws -> Result? {
    try rejectReentry(isReader: false)
    guard tryBeginWrite() else { return nil }
    noteWriter(at: SourcePlace(file, line))
    defer { endWrite() }
    return try body(&state.pointee)
  }

  /// Runs `body` as the writer, unless others keep the lock for too long.
  ///
  /// A writer that gives up lets in the readers that it held up.
  ///
  /// - Parameter timeout: how long to wait at the longest; negative counts as zero, and a span past what the
  ///   clock can express as no limit.
  /// - Throws: ``LockError/timedOut(_:)``; ``LockError/wouldDeadlock(_:)`` when the calling thread holds the
  ///   lock already as the writer; else what `body` throws.
  @available(*, noasync, message: "a timed lock blocks its thread")
  public func withWriteLock<Result>(
    timeout: Duration, file: StaticString = #fileID, line: UInt = #line,
    _ body: (inout State) throws -> Result
  ) throws -> Result {
    try rejectReentry(isReader: false)
    let place = SourcePlace(file, line)
    guard waitToWrite(until: deadline(timeout), at: place) else { throw LockError.timedOut(name) }
    noteWriter(at: place)
    defer { endWrite() }
    return try body(&state.pointee)
  }

  private func deadline(_ timeout: Duration) -> Int64 {
    MonotonicClock().now.advanced(by: max(.zero, timeout)).nanoseconds
  }
}

extension ReadWriteLock where State == Void {
  /// Creates a lock that guards no value of its own.
  public convenience init(name: String? = nil, file: StaticString = #fileID, line: UInt = #line) {
    self.init((), name: name, file: file, line: line)
  }
}

extension ReadWriteLock: ObservedLock where State: ~Copyable {
  package var orderClass: UInt32 {
    get { orderClassWord.load(ordering: .relaxed) }
    set { orderClassWord.store(newValue, ordering: .relaxed) }
  }
}

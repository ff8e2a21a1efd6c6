public import CSkein

/// How threads come and leave, with what observers and diagnosis are told.
extension ReadWriteLock where State: ~Copyable {
  /// Comes as a reader. Returns whether the reader is known by name, which its leaving has to say again.
  @inlinable
  func beginRead(at place: SourcePlace) -> Bool {
    if skein_observed() != 0 { return beginObservedRead(at: place) }
    let seen = word.beginRead()
    if seen.isWritePhase { beginContendedRead(seen, at: place) }
    return false
  }

  @inlinable
  func endRead(_ isKnown: Bool) {
    if isKnown { forgetReader() }
    word.endRead()
  }

  @inlinable
  func beginWrite(at place: SourcePlace) {
    if skein_observed() != 0 || !writers.tryAcquire() {
      beginContendedWrite(at: place)
    } else if !word.beginWrite() {
      _ = waitForReaders(until: -1, at: place)
    }
  }

  @inlinable
  func endWrite() {
    if skein_observed() != 0 || !word.tryEndWrite() {
      endContendedWrite()
    } else if !writers.tryRelease() {
      leaveWriters()
    }
  }

  // MARK: Readers

  @usableFromInline
  func beginObservedRead(at place: SourcePlace) -> Bool {
    checkContract(
      !isKnownReader,
      "\(identity) is read again by a thread that reads it: a writer in between would hold up both")
    SyncObservation.observer(of: .locks)?.willAcquire(self, at: place)
    let seen = word.beginRead()
    if seen.isWritePhase { beginContendedRead(seen, at: place) }
    return noteReader(at: place)
  }

  @usableFromInline
  func beginContendedRead(_ arrival: ReadWriteWord.Seen, at place: SourcePlace) {
    trapIfWriter()
    _ = waitToRead(arrival, until: -1, at: place)
  }

  func waitToRead(_ arrival: ReadWriteWord.Seen, until deadline: Int64, at place: SourcePlace) -> Bool {
    guard arrival.isWritePhase else { return true }
    return ThreadWait.during(self, purpose: "to read", at: place, isTimed: deadline >= 0) { announce in
      word.waitToRead(arrival, until: deadline, sleeping: announce)
    }
  }

  private var isKnownReader: Bool {
    let thread = skein_thread_id()
    return knownReaders.withLock { $0[thread] != nil }
  }

  func noteReader(at place: SourcePlace) -> Bool {
    guard let observer = SyncObservation.observer(of: .locks) else { return false }
    let thread = skein_thread_id()
    knownReaders.withLock { $0[thread] = place }
    observer.didAcquire(self, at: place)
    return true
  }

  @usableFromInline
  func forgetReader() {
    let thread = skein_thread_id()
    SyncObservation.observer(of: .locks)?.didRelease(self)
    knownReaders.withLock { $0[thread] = nil }
  }

  // MARK: Writers

  @usableFromInline
  func beginContendedWrite(at place: SourcePlace) {
    trapIfWriter()
    if let observer = SyncObservation.observer(of: .locks) {
      checkContract(
        !isKnownReader, "\(identity) is written by a thread that reads it: it would wait for itself")
      observer.willAcquire(self, at: place)
    }
    _ = waitToWrite(until: -1, at: place)
    noteWriter(at: place)
  }

  func waitToWrite(until deadline: Int64, at place: SourcePlace) -> Bool {
    let isTimed = deadline >= 0
    let isNext =
      writers.tryAcquire()
      || ThreadWait.during(self, purpose: "to write", at: place, isTimed: isTimed) { announce in
        writers.acquire(until: deadline, sleeping: announce)
      }
    guard isNext else { return false }
    if word.beginWrite() || waitForReaders(until: deadline, at: place) { return true }
    leaveWriters()
    return false
  }

  @usableFromInline
  func waitForReaders(until deadline: Int64, at place: SourcePlace) -> Bool {
    let readers = ReadersInside(of: self)
    return ThreadWait.during(readers, purpose: "to write", at: place, isTimed: deadline >= 0) { announce in
      word.waitForReaders(until: deadline, sleeping: announce)
    }
  }

  func tryBeginWrite() -> Bool {
    guard writers.tryAcquire() else { return false }
    if word.tryBeginWrite() { return true }
    leaveWriters()
    return false
  }

  func noteWriter(at place: SourcePlace) {
    SyncObservation.observer(of: .locks)?.didAcquire(self, at: place)
  }

  @usableFromInline
  func endContendedWrite() {
    // Told before the lock is free: what holds a lock is never missing from what is told.
    SyncObservation.observer(of: .locks)?.didRelease(self)
    word.endWrite()
    leaveWriters()
  }

  /// Becomes a reader; observers hear of no change, as the lock stays held.
  func downgrade(at place: SourcePlace) -> Bool {
    var isKnown = false
    if SyncObservation.observer(of: .locks) != nil {
      let thread = skein_thread_id()
      knownReaders.withLock { $0[thread] = place }
      isKnown = true
    }
    word.endWrite(reading: true)
    leaveWriters()
    return isKnown
  }

  @usableFromInline
  func leaveWriters() {
    checkContract(writers.releaseContended(), "\(identity) is left by a thread that does not write")
  }

  // MARK: Broken contracts

  func rejectReentry(isReader: Bool) throws(LockError) {
    if writers.isMine { throw .wouldDeadlock(name) }
    // A reader that tries to write is known only while locks are observed.
    if !isReader && skein_observed() != 0 && isKnownReader { throw .wouldDeadlock(name) }
  }

  private func trapIfWriter() {
    checkContract(
      !writers.isMine, "\(identity) is taken again by the thread that writes: this would wait for ever")
  }
}

// MARK: - For diagnosis

extension ReadWriteLock: WaitableLock where State: ~Copyable {
  /// The lock as who waits for the writer sees it.
  var observed: ObservedObject {
    let writer = writers.owner
    return observed(holders: writer == 0 ? .all([]) : .all([.init(.thread(writer))]))
  }

  fileprivate var observedByWriter: ObservedObject {
    let known = knownReaders.withLock { $0 }
    let isComplete = known.count == Int(word.seen.inside)
    return observed(
      holders: isComplete ? .all(known.map { .init(.thread($0.key), place: $0.value) }) : .unknown)
  }

  private func observed(holders: ObservedObject.Holders) -> ObservedObject {
    let seen = word.seen
    return ObservedObject(
      id: UInt(bitPattern: ObjectIdentifier(self)), kind: "\(identity.kind)", name: name,
      place: identity.place,
      holders: holders, state: "\(seen.inside) readers inside, \(seen.waiting) wait")
  }
}

/// A read-write lock as the writer sees it whose turn it is: held by the readers inside, who are known while
/// locks are observed.
private final class ReadersInside<State: ~Copyable & Sendable>: WaitableLock {
  private let lock: ReadWriteLock<State>

  init(of lock: ReadWriteLock<State>) { self.lock = lock }

  var observed: ObservedObject { lock.observedByWriter }
}

internal import CSkein
public import Synchronization

/// The word of a read-write lock: how many readers are inside, how many wait, and whose turn it is.
///
/// Read phases (even) and write phases (odd) take turns. The one writer whose turn comes, chosen by a mutex
/// among writers, begins a write phase, waits until the readers that are inside have left, writes, and begins a
/// read phase; that lets in all readers that came meanwhile, before the next writer can begin its phase. So a
/// reader waits for one writer at most, and a writer, once chosen, for the readers inside at most.
///
/// A reader comes by adding one to the readers inside. If that was in a write phase, it moves itself to those
/// that wait, or finds that a read phase has begun, which counts it as inside.
///
/// | bits | meaning |
/// |---|---|
/// | 0–23 | readers inside |
/// | 24–46 | readers that wait for the next read phase |
/// | 47 | the writer of this phase sleeps until the readers have left |
/// | 48–63 | the phase; it wraps round |
///
/// - Invariant: the phase moves under the writers' mutex alone, and not past the next read phase while a reader
///   waits for it.
/// - Source: B. Brandenburg, J. Anderson, *Spin-Based Reader-Writer Synchronization for Multiprocessor
///   Real-Time Systems* (phase fairness); Go's `sync.RWMutex` (a mutex among writers; the leaving writer counts
///   the readers in).
@usableFromInline
struct ReadWriteWord {
  @usableFromInline let address: UnsafeMutablePointer<Atomic<UInt64>>
  /// Moves on when a read phase begins while readers wait.
  private let readPhases = FutexWord()
  /// Moves on when the last reader leaves while the writer sleeps.
  private let drains = FutexWord()

  init(at memory: UnsafeMutableRawPointer) {
    address = memory.initializeMemory(as: Atomic<UInt64>.self, to: Atomic(0))
  }

  /// What the word was at one instant.
  @usableFromInline
  struct Seen {
    @usableFromInline var bits: UInt64

    @inlinable
    init(bits: UInt64) { self.bits = bits }

    static let oneWaiting: UInt64 = 1 << 24
    static let writerSleeps: UInt64 = 1 << 47
    static let onePhase: UInt64 = 1 << 48

    @inlinable var inside: UInt64 { bits & 0xff_ffff }
    var waiting: UInt64 { bits >> 24 & 0x7f_ffff }
    var writerSleeps: Bool { bits & Self.writerSleeps != 0 }
    var phase: UInt64 { bits >> 48 }
    @inlinable var isWritePhase: Bool { bits & 1 << 48 != 0 }

    /// Whether the last reader to leave has to wake the writer.
    @inlinable var isLastBeforeSleeper: Bool { bits & 0x8000_00ff_ffff == 0x8000_0000_0001 }
  }

  @usableFromInline var seen: Seen { Seen(bits: address.pointee.load(ordering: .acquiring)) }

  private func exchange(_ seen: Seen, with bits: UInt64) -> Bool {
    address.pointee.compareExchange(
      expected: seen.bits, desired: bits, ordering: .acquiringAndReleasing
    ).exchanged
  }

  // MARK: Readers

  /// Comes as a reader; in a write phase, what is returned has to go to ``waitToRead(_:until:sleeping:)``.
  @inlinable
  func beginRead() -> Seen {
    Seen(bits: address.pointee.wrappingAdd(1, ordering: .acquiring).oldValue)
  }

  /// Comes as a reader, if it is a read phase.
  func tryBeginRead() -> Bool {
    while true {
      let seen = seen
      if seen.isWritePhase { return false }
      if exchange(seen, with: seen.bits + 1) { return true }
    }
  }

  @inlinable
  func endRead() {
    let seen = Seen(bits: address.pointee.wrappingSubtract(1, ordering: .releasing).oldValue)
    if seen.isLastBeforeSleeper { wakeWriter() }
  }

  @usableFromInline
  func wakeWriter() { drains.advance() }

  /// Waits for the read phase after the write phase that a reader came in.
  ///
  /// - Returns: whether it has begun; `false` when the deadline, in monotonic nanoseconds, passed before.
  func waitToRead(_ arrival: Seen, until deadline: Int64, sleeping: () -> Void) -> Bool {
    // Once the phase has changed, whoever changed it has counted this reader among those inside.
    while true {
      let seen = seen
      if seen.phase != arrival.phase { return true }
      if exchange(seen, with: seen.bits - 1 + Seen.oneWaiting) {
        if seen.isLastBeforeSleeper { wakeWriter() }
        break
      }
    }
    if spin(until: { $0.phase != arrival.phase }) { return true }
    var isAnnounced = false
    while true {
      let turn = readPhases.value
      let seen = seen
      if seen.phase != arrival.phase { return true }
      if deadline >= 0 && skein_monotonic_nanoseconds() >= deadline {
        if exchange(seen, with: seen.bits - Seen.oneWaiting) { return false }
        continue
      }
      if !isAnnounced {
        isAnnounced = true
        sleeping()
      }
      readPhases.wait(while: turn, until: deadline)
    }
  }

  // MARK: The writer that holds the mutex among writers

  /// Begins a write phase, in which no reader comes in any more.
  ///
  /// - Returns: whether no reader is inside either; else ``waitForReaders(until:sleeping:)`` has to follow.
  @inlinable
  func beginWrite() -> Bool {
    Seen(bits: address.pointee.wrappingAdd(1 << 48, ordering: .acquiring).oldValue).inside == 0
  }

  /// Begins a write phase, if no reader is inside.
  func tryBeginWrite() -> Bool {
    let seen = seen
    return seen.inside == 0 && exchange(seen, with: seen.bits &+ Seen.onePhase)
  }

  /// Waits until no reader is inside; `false` when the deadline passed before: the write phase has ended then.
  func waitForReaders(until deadline: Int64, sleeping: () -> Void) -> Bool {
    if spin(until: { $0.inside == 0 }) { return true }
    var isAnnounced = false
    while true {
      let drain = drains.value
      let seen = seen
      if seen.inside == 0 { return true }
      if deadline >= 0 && skein_monotonic_nanoseconds() >= deadline {
        endWrite()
        return false
      }
      if !seen.writerSleeps && !exchange(seen, with: seen.bits | Seen.writerSleeps) { continue }
      if !isAnnounced {
        isAnnounced = true
        sleeping()
      }
      drains.wait(while: drain, until: deadline)
    }
  }

  /// Ends the write phase and lets in the readers that wait; with `reading`, the writer itself as a reader too.
  func endWrite(reading: Bool = false) {
    while true {
      let seen = seen
      let inside = seen.inside + seen.waiting + (reading ? 1 : 0)
      guard exchange(seen, with: (seen.phase &+ 1) << 48 | inside) else { continue }
      if seen.waiting > 0 { readPhases.advance() }
      return
    }
  }

  /// Ends a write phase that no reader has come to; `false` leaves it to ``endWrite(reading:)``.
  @inlinable
  func tryEndWrite() -> Bool {
    let bits = address.pointee.load(ordering: .relaxed)
    guard bits & 0xffff_ffff_ffff == 0 else { return false }
    return address.pointee.compareExchange(expected: bits, desired: bits &+ 1 << 48, ordering: .releasing)
      .exchanged
  }

  private func spin(until condition: (Seen) -> Bool) -> Bool {
    var backoff = Backoff()
    repeat {
      if condition(seen) { return true }
    } while backoff.pause()
    return false
  }
}

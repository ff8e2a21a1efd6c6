internal import CSkein
internal import Synchronization

/// What SkeinDiagnostics hears of while it is switched on.
package protocol SyncObserver: AnyObject, Sendable {
  /// The calling thread is about to wait, or has taken or left a lock.
  func willAcquire(_ lock: any ObservedLock, at place: SourcePlace)
  func didAcquire(_ lock: any ObservedLock, at place: SourcePlace)
  func didRelease(_ lock: any ObservedLock)

  /// The calling task is about to wait for what it holds across `await`, while it, or tasks around it, hold others.
  func willAcquire(_ lock: any ObservedLock, inside held: [HeldAsyncLocks.Held], at place: SourcePlace)

  /// The calling thread is about to block for longer than a lock takes.
  func willBlock(for object: ObjectIdentity, at place: SourcePlace)

  /// The calling task or thread did something to an object that others may wait for.
  func didUse(_ id: UInt, as use: ObservedUse)
}

/// A lock as the lock-order graph sees it.
package protocol ObservedLock: AnyObject, Sendable {
  var identity: ObjectIdentity { get }
  /// The number of the lock's class in the order graph; zero until it has one.
  var orderClass: UInt32 { get set }
}

/// What can be done to an object without owning it. Who waits for permits waits, likely, for those who took
/// some; who waits to get waits for those who put before.
@usableFromInline
package enum ObservedUse: Sendable {
  case acquired, released, put, got
}

/// What is observed, by whom.
package struct SyncObservation: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Locks that are taken and left.
  package static let locks = SyncObservation(rawValue: 1)
  /// Threads that block.
  package static let blocking = SyncObservation(rawValue: 2)
  /// Permits and items that change hands.
  package static let uses = SyncObservation(rawValue: 4)

  /// Switches observation on. Who observes first does so for the life of the process.
  package static func start(_ what: SyncObservation, by observer: any SyncObserver) {
    let new = InstalledObserver(observer)
    let (isFirst, old) = installed.compareExchange(
      expected: 0, desired: new.address, ordering: .acquiringAndReleasing)
    if !isFirst {
      new.discard()
      checkContract(InstalledObserver(at: old).isSame(as: observer), "a process has one observer")
    }
    skein_set_observed(skein_observed() | what.rawValue)
  }

  package static func stop(_ what: SyncObservation) {
    skein_set_observed(skein_observed() & ~what.rawValue)
  }

  /// The observer, if what is asked for is observed.
  static func observer(of what: SyncObservation) -> InstalledObserver? {
    guard skein_observed() & what.rawValue != 0 else { return nil }
    let address = installed.load(ordering: .acquiring)
    return address == 0 ? nil : InstalledObserver(at: address)
  }

  private static let installed = Atomic<UInt>(0)
}

/// The process' observer, which lives as long as the process: locks of all threads talk to it, and do not
/// count references to it, which would be one word that all of them write.
struct InstalledObserver {
  private final class Box: Sendable {
    let observer: any SyncObserver
    init(_ observer: any SyncObserver) { self.observer = observer }
  }

  private let box: Unmanaged<Box>

  fileprivate init(_ observer: any SyncObserver) { box = .passRetained(Box(observer)) }

  fileprivate init(at address: UInt) { box = .fromOpaque(UnsafeRawPointer(bitPattern: address)!) }

  fileprivate var address: UInt { UInt(bitPattern: box.toOpaque()) }

  fileprivate func discard() { box.release() }

  fileprivate func isSame(as observer: any SyncObserver) -> Bool {
    box._withUnsafeGuaranteedRef { $0.observer === observer }
  }

  func willAcquire(_ lock: any ObservedLock, at place: SourcePlace) {
    box._withUnsafeGuaranteedRef { $0.observer.willAcquire(lock, at: place) }
  }

  func willAcquire(_ lock: any ObservedLock, inside held: [HeldAsyncLocks.Held], at place: SourcePlace) {
    box._withUnsafeGuaranteedRef { $0.observer.willAcquire(lock, inside: held, at: place) }
  }

  func didAcquire(_ lock: any ObservedLock, at place: SourcePlace) {
    box._withUnsafeGuaranteedRef { $0.observer.didAcquire(lock, at: place) }
  }

  func didRelease(_ lock: any ObservedLock) {
    box._withUnsafeGuaranteedRef { $0.observer.didRelease(lock) }
  }

  func willBlock(for object: ObjectIdentity, at place: SourcePlace) {
    box._withUnsafeGuaranteedRef { $0.observer.willBlock(for: object, at: place) }
  }

  func didUse(_ id: UInt, as use: ObservedUse) {
    box._withUnsafeGuaranteedRef { $0.observer.didUse(id, as: use) }
  }
}

extension ObjectIdentity {
  /// Lets it be known that the calling thread is about to block for the object, for longer than a lock takes.
  package func noteBlocking(at place: SourcePlace) {
    SyncObservation.observer(of: .blocking)?.willBlock(for: self, at: place)
  }
}

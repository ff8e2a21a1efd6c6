internal import CSkein
internal import SkeinSync
internal import Synchronization

/// What threads hold, and in which order they take it: the part of the observer that locks talk to.
///
/// It is asked at every lock, so that its usual way takes no lock itself: what a thread holds is its own, and
/// edges that are known are looked up in a table that is read without one.
final class LockWatch: Sendable {
  private let graph = Lock(LockOrderGraph(), internalTo: "lock order")
  private let known = KnownEdges()
  /// Gets the contradictions, on the thread that found one, just before it takes the lock.
  private let report: @Sendable (LockOrderInversion) -> Void

  init(report: @escaping @Sendable (LockOrderInversion) -> Void) {
    self.report = report
  }

  @inline(__always)
  func willAcquire(_ lock: any ObservedLock, at place: SourcePlace) {
    let held = HeldLocks.current
    if held.count > 0 { check(lock, at: place, held) }
  }

  @inline(__always)
  func didAcquire(_ lock: any ObservedLock, at place: SourcePlace) {
    HeldLocks.current.push(
      HeldLock(lock: Unmanaged.passUnretained(lock), orderClass: lock.orderClass, place: place))
  }

  @inline(__always)
  func didRelease(_ lock: any ObservedLock) {
    HeldLocks.current.remove(UInt(bitPattern: ObjectIdentifier(lock)))
  }

  /// As ``willAcquire(_:at:)``, for what a task holds across `await`: that is told with each call.
  func willAcquire(_ lock: any ObservedLock, inside held: [HeldAsyncLocks.Held], at place: SourcePlace) {
    if held.contains(where: { $0.lock === lock }) { return }
    let wanted = orderClass(of: lock)
    guard wanted != LockOrderGraph.unobserved else { return }
    let id = UInt(bitPattern: ObjectIdentifier(lock))
    for entry in held {
      let from = orderClass(of: entry.lock)
      let isDescending = from == wanted && UInt(bitPattern: ObjectIdentifier(entry.lock)) > id
      let edge = LockOrderGraph.Edge(from: from, to: wanted, isDescending: isDescending)
      if !known.contains(edge.key) { add(edge, .init(held: entry.place, wanted: place, party: .current)) }
    }
  }

  private func check(_ lock: any ObservedLock, at place: SourcePlace, _ held: HeldLocks) {
    let id = UInt(bitPattern: ObjectIdentifier(lock))
    // Who has the lock already waits for nothing.
    if held.contains(id) { return }
    let wanted = orderClass(of: lock)
    guard wanted != LockOrderGraph.unobserved else { return }
    for index in 0..<held.count {
      let entry = held[index]
      let from = entry.orderClass != 0 ? entry.orderClass : resolve(entry, at: index, held)
      let edge = LockOrderGraph.Edge(from: from, to: wanted, isDescending: from == wanted && entry.id > id)
      if !known.contains(edge.key) {
        add(edge, .init(held: entry.place, wanted: place, party: .currentThread))
      }
    }
  }

  private func orderClass(of lock: any ObservedLock) -> UInt32 {
    let known = lock.orderClass
    return known != 0 ? known : assignClass(lock)
  }

  @inline(never)
  private func assignClass(_ lock: any ObservedLock) -> UInt32 {
    let new = graph.withLock { $0.orderClass(of: lock.identity) }
    lock.orderClass = new
    return new
  }

  /// The class of a held lock that had none when it was taken. The calling thread holds it, so it lives.
  @inline(never)
  private func resolve(_ entry: HeldLock, at index: Int, _ held: HeldLocks) -> UInt32 {
    guard let lock = entry.lock.takeUnretainedValue() as? any ObservedLock else {
      return LockOrderGraph.unobserved
    }
    let orderClass = orderClass(of: lock)
    held.setClass(orderClass, at: index)
    return orderClass
  }

  @inline(never)
  private func add(_ edge: LockOrderGraph.Edge, _ sighting: LockOrderGraph.Sighting) {
    guard edge.from != LockOrderGraph.unobserved else { return }
    let inversion = graph.withLock { $0.add(edge, sighting) }
    known.insert(edge.key)
    if let inversion { report(inversion) }
  }
}

/// A table of edges that were seen, read and written without a lock. An edge that has fallen out of it is
/// looked up in the graph.
final class KnownEdges: @unchecked Sendable {
  // Sendable because the slots are atomic words.
  private let slots: UnsafeMutablePointer<Atomic<UInt64>>
  private static let bits: UInt64 = 13

  init() {
    slots = .allocate(capacity: 1 << Self.bits)
    for index in 0..<(1 << Int(Self.bits)) { (slots + index).initialize(to: Atomic(0)) }
  }

  deinit { slots.deallocate() }

  /// Fibonacci hashing.
  @inline(__always)
  private func slot(_ key: UInt64) -> Int { Int((key &* 0x9e37_79b9_7f4a_7c15) >> (64 - Self.bits)) }

  @inline(__always)
  func contains(_ key: UInt64) -> Bool { slots[slot(key)].load(ordering: .relaxed) == key }

  func insert(_ key: UInt64) { slots[slot(key)].store(key, ordering: .relaxed) }
}

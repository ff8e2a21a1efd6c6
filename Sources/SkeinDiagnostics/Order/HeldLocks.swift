internal import CSkein
internal import Glibc
internal import SkeinSync
internal import Synchronization

/// A lock that a thread holds, and where it took it.
struct HeldLock {
  /// The lock as an observer gets it. It is not kept alive: who holds a lock does that.
  var lock: Unmanaged<AnyObject>
  var orderClass: UInt32
  var place: SourcePlace

  /// What the lock is called in an ``ObservedObject``.
  var id: UInt { UInt(bitPattern: lock.toOpaque()) }
}

/// The locks that one thread holds, in the order in which it took them.
///
/// The thread alone changes them; a diagnosis reads them from another thread, without stopping anybody: a
/// version that is odd during a change tells the reader to look again.
///
/// | word | meaning |
/// |---|---|
/// | 0 | version |
/// | 1 | how many locks are held |
/// | 2 | the thread's id |
/// | 3 | the observation that the entries belong to; older ones have missed releases |
/// | 4… | an entry each: the lock, its class, and four words of the place |
///
/// - Source: a sequence lock, after H. Boehm, *Can Seqlocks Get Along with Programming Language Memory
///   Models?* (2012).
struct HeldLocks {
  private typealias Word = Atomic<UInt>
  /// A place without its padding.
  private typealias PlaceWords = (UInt, UInt, UInt8, UInt)

  private let words: UnsafeMutablePointer<Atomic<UInt>>

  /// Locks nested deeper than this are counted, but not known.
  static let capacity = 40
  private static let header = 4
  private static let entrySize = 6

  /// How many locks are known.
  @inline(__always)
  var count: Int { min(depth, Self.capacity) }

  private var depth: Int {
    @inline(__always) get { Int(words[1].load(ordering: .relaxed)) }
  }

  var threadID: UInt32 { UInt32(words[2].load(ordering: .relaxed)) }

  // MARK: The thread itself

  @inline(__always)
  subscript(index: Int) -> HeldLock { entry(index) }

  @inline(__always)
  private func entry(_ index: Int) -> HeldLock {
    let entry = words + (Self.header + index * Self.entrySize)
    let place: PlaceWords = (
      entry[2].load(ordering: .relaxed), entry[3].load(ordering: .relaxed),
      UInt8(truncatingIfNeeded: entry[4].load(ordering: .relaxed)), entry[5].load(ordering: .relaxed)
    )
    return HeldLock(
      lock: Unmanaged.fromOpaque(UnsafeRawPointer(bitPattern: entry[0].load(ordering: .relaxed))!),
      orderClass: UInt32(truncatingIfNeeded: entry[1].load(ordering: .relaxed)),
      place: unsafeBitCast(place, to: SourcePlace.self))
  }

  @inline(__always)
  func push(_ held: HeldLock) {
    let depth = depth
    change {
      if depth < Self.capacity { write(held, at: depth) }
      words[1].store(UInt(depth + 1), ordering: .relaxed)
    }
  }

  /// Takes out the entry for `lock` that was put in last; locks may be left in any order.
  @inline(__always)
  func remove(_ lock: UInt) {
    let (depth, known) = (depth, count)
    var index = known - 1
    while index >= 0, words[Self.header + index * Self.entrySize].load(ordering: .relaxed) != lock {
      index -= 1
    }
    // A lock that was taken before observation began, or deeper than is known.
    guard index >= 0 || depth > known else { return }
    change {
      if index >= 0 && index < known - 1 { close(index, depth: known) }
      // What is deeper than the known entries is forgotten with the first of these: none may appear twice.
      words[1].store(UInt(index >= 0 ? known - 1 : depth - 1), ordering: .relaxed)
    }
  }

  /// Whether the thread holds `lock`.
  @inline(__always)
  func contains(_ lock: UInt) -> Bool {
    (0..<count).contains { words[Self.header + $0 * Self.entrySize].load(ordering: .relaxed) == lock }
  }

  func setClass(_ orderClass: UInt32, at index: Int) {
    words[Self.header + index * Self.entrySize + 1].store(UInt(orderClass), ordering: .relaxed)
  }

  private func close(_ gap: Int, depth: Int) {
    for index in gap..<(depth - 1) { write(entry(index + 1), at: index) }
  }

  @inline(__always)
  private func write(_ held: HeldLock, at index: Int) {
    let entry = words + (Self.header + index * Self.entrySize)
    let place = unsafeBitCast(held.place, to: PlaceWords.self)
    entry[0].store(held.id, ordering: .relaxed)
    entry[1].store(UInt(held.orderClass), ordering: .relaxed)
    entry[2].store(place.0, ordering: .relaxed)
    entry[3].store(place.1, ordering: .relaxed)
    entry[4].store(UInt(place.2), ordering: .relaxed)
    entry[5].store(place.3, ordering: .relaxed)
  }

  @inline(__always)
  private func change(_ body: () -> Void) {
    let version = words[0].load(ordering: .relaxed)
    words[0].store(version &+ 1, ordering: .relaxed)
    atomicMemoryFence(ordering: .releasing)
    body()
    words[0].store(version &+ 2, ordering: .releasing)
  }

  // MARK: Another thread

  private func hasLock(at index: Int) -> Bool {
    words[Self.header + index * Self.entrySize].load(ordering: .relaxed) != 0
  }

  /// The entries at one instant; `nil` when the thread kept changing them.
  private func read() -> [HeldLock]? {
    for _ in 0..<1000 {
      let version = words[0].load(ordering: .acquiring)
      guard version & 1 == 0, words[3].load(ordering: .relaxed) == Self.epoch.load(ordering: .relaxed) else {
        if version & 1 == 0 { return [] }
        continue
      }
      // A count that is newer than the entries leads to some without a lock; the version then tells.
      let entries = (0..<count).compactMap { hasLock(at: $0) ? entry($0) : nil }
      atomicMemoryFence(ordering: .acquiring)
      if words[0].load(ordering: .relaxed) == version { return entries }
    }
    return nil
  }

  /// What every thread holds, as far as it could be read.
  static func observe() -> [(thread: UInt32, locks: [HeldLock])] {
    all.withLock { all in
      all.compactMap { record in
        let record = HeldLocks(words: record.words)
        guard let locks = record.read(), !locks.isEmpty else { return nil }
        return (record.threadID, locks)
      }
    }
  }

  // MARK: Records

  private struct Record: @unchecked Sendable {
    // Sendable because all of the memory is atomic words, freed after it was taken out of `all`.
    var words: UnsafeMutablePointer<Atomic<UInt>>
  }

  /// The records of the threads that live.
  private static let all = Lock([Record](), internalTo: "HeldLocks")
  /// Moves on when observation begins anew.
  private static let epoch = Atomic<UInt>(1)

  /// Forgets, in all threads, what is held: releases may have been missed.
  static func forgetAll() { _ = epoch.add(1, ordering: .relaxed) }

  /// The calling thread's.
  @inline(__always)
  static var current: HeldLocks {
    guard let slot = skein_get_diagnosis_slot() else { return makeRecord() }
    let held = HeldLocks(words: slot.assumingMemoryBound(to: Atomic<UInt>.self))
    if held.words[3].load(ordering: .relaxed) != epoch.load(ordering: .relaxed) { held.reset() }
    return held
  }

  private func reset() {
    change {
      words[1].store(0, ordering: .relaxed)
      words[3].store(Self.epoch.load(ordering: .relaxed), ordering: .relaxed)
    }
  }

  /// Ends a thread's record when the thread ends.
  private static let threadEnd: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { slot in
      skein_set_diagnosis_slot(nil)
      HeldLocks.remove(slot!.assumingMemoryBound(to: Atomic<UInt>.self))
    }
    return key
  }()

  @inline(never)
  private static func makeRecord() -> HeldLocks {
    let size = header + capacity * entrySize
    let words = UnsafeMutablePointer<Atomic<UInt>>.allocate(capacity: size)
    for index in 0..<size { (words + index).initialize(to: Atomic(0)) }
    words[2].store(UInt(skein_thread_id()), ordering: .relaxed)
    words[3].store(epoch.load(ordering: .relaxed), ordering: .relaxed)
    skein_set_diagnosis_slot(words)
    pthread_setspecific(threadEnd, words)
    let record = Record(words: words)
    all.withLock { $0.append(record) }
    return HeldLocks(words: words)
  }

  private static func remove(_ words: UnsafeMutablePointer<Atomic<UInt>>) {
    all.withLock { all in all.removeAll { $0.words == words } }
    words.deallocate()
  }
}

internal import Synchronization

/// The jobs that one worker has forked: it puts and takes them at one end, the others steal them at the other.
///
/// It has a fixed capacity: a worker that forks more does the work itself, as it would when nobody steals.
///
/// - Invariant: every job that was put is taken once, by the owner or by one thief.
/// - Source: D. Chase, Y. Lev, *Dynamic Circular Work-Stealing Deque* (2005); its order of accesses after N. M. Lê et al.,
///   *Correct and Efficient Work-Stealing for Weak Memory Models* (2013).
final class WorkDeque: @unchecked Sendable {
  // Sendable because everything that changes is atomic; what is only the owner's is touched by the owner alone.

  /// A job, which lives as long as it was not taken and done.
  typealias Job = UnsafeMutableRawPointer

  private static let capacity = 1 << 12
  private static let mask = capacity - 1
  private static let cacheLine = 64

  private let memory: UnsafeMutableRawPointer
  /// Where thieves take; on a cache line of its own.
  private let top: UnsafeMutablePointer<Atomic<Int>>
  /// Where the owner puts and takes.
  private let bottom: UnsafeMutablePointer<Atomic<Int>>
  private let slots: UnsafeMutablePointer<Atomic<UInt>>

  init() {
    memory = .allocate(
      byteCount: 2 * Self.cacheLine + Self.capacity * MemoryLayout<Atomic<UInt>>.stride,
      alignment: Self.cacheLine)
    top = memory.initializeMemory(as: Atomic<Int>.self, to: Atomic(0))
    bottom = (memory + Self.cacheLine).initializeMemory(as: Atomic<Int>.self, to: Atomic(0))
    slots = (memory + 2 * Self.cacheLine).bindMemory(to: Atomic<UInt>.self, capacity: Self.capacity)
    for index in 0..<Self.capacity { (slots + index).initialize(to: Atomic(0)) }
  }

  deinit { memory.deallocate() }

  var isEmpty: Bool {
    top.pointee.load(ordering: .sequentiallyConsistent)
      >= bottom.pointee.load(ordering: .sequentiallyConsistent)
  }

  /// Puts a job, as the owner; `false` when there is no room.
  func push(_ job: Job) -> Bool {
    let bottom = bottom.pointee.load(ordering: .relaxed)
    guard bottom - top.pointee.load(ordering: .acquiring) < Self.capacity else { return false }
    slots[bottom & Self.mask].store(UInt(bitPattern: job), ordering: .relaxed)
    // Ordered before the look at who sleeps.
    self.bottom.pointee.store(bottom + 1, ordering: .sequentiallyConsistent)
    return true
  }

  /// Takes the job that was put last, as the owner.
  func pop() -> Job? {
    let last = bottom.pointee.load(ordering: .relaxed) - 1
    bottom.pointee.store(last, ordering: .sequentiallyConsistent)
    let first = top.pointee.load(ordering: .sequentiallyConsistent)
    guard first <= last else {
      bottom.pointee.store(last + 1, ordering: .releasing)
      return nil
    }
    let job = Job(bitPattern: slots[last & Self.mask].load(ordering: .relaxed))
    guard first == last else { return job }
    // The only one: a thief may take it at this instant.
    let isMine = advanceTop(from: first)
    bottom.pointee.store(last + 1, ordering: .releasing)
    return isMine ? job : nil
  }

  /// Takes the job that was put first, as a thief; `nil` when there is none, or another was quicker.
  func steal() -> Job? {
    let first = top.pointee.load(ordering: .sequentiallyConsistent)
    guard first < bottom.pointee.load(ordering: .sequentiallyConsistent) else { return nil }
    let job = Job(bitPattern: slots[first & Self.mask].load(ordering: .acquiring))
    return advanceTop(from: first) ? job : nil
  }

  private func advanceTop(from first: Int) -> Bool {
    top.pointee.compareExchange(expected: first, desired: first + 1, ordering: .sequentiallyConsistent)
      .exchanged
  }
}

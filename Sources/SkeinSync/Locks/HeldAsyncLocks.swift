internal import CSkein
internal import Synchronization

/// What a task holds across `await`: a chain of task-local bindings, the innermost first.
///
/// A binding has one place in memory, which the task that made it and its structured children (`async let`,
/// the children of a group that was opened under the binding) see; a task that is not structured inherits
/// copies in places of their own. Each hold knows the place of its binding. So a task can tell for certain
/// that it, or a task that can not end before it does, holds something: what it waits for then would never
/// come.
package enum HeldAsyncLocks {
  /// A lock that is held, and where it was taken.
  package struct Held: Sendable {
    package let lock: AsyncHold
    package let place: SourcePlace
  }

  fileprivate struct Link: Sendable {
    let held: Held
    /// Where the binding around this one lies; zero when there is none, or when it is a copy.
    let outer: UInt
  }

  @TaskLocal fileprivate static var innermost: Link?

  /// What the calling task and the tasks around it hold at this moment, the innermost first.
  ///
  /// - Complexity: O(what is held).
  package static var current: [Held] {
    var all: [Held] = []
    var address = innermostAddress
    while let link = link(at: address) {
      all.append(link.held)
      address = link.outer
    }
    return all
  }

  private static var key: UnsafeMutableRawPointer { Unmanaged.passUnretained($innermost).toOpaque() }

  /// Where the innermost binding of the calling task lies.
  fileprivate static var innermostAddress: UInt { UInt(bitPattern: skein_task_local_place(key)) }

  /// Binds a link, until ``pop()``. The standard library's scoped form costs three more asynchronous calls.
  fileprivate static func push(_ link: Link) {
    withUnsafeTemporaryAllocation(of: Link?.self, capacity: 1) { buffer in
      // The runtime moves the value out of the buffer.
      buffer.initializeElement(at: 0, to: link)
      skein_task_local_push(key, buffer.baseAddress!, unsafeBitCast(Link?.self, to: UnsafeRawPointer.self))
    }
  }

  fileprivate static func pop() { skein_task_local_pop() }

  /// The link at `address`, unless it is a copy, or what it stood for was let go.
  fileprivate static func link(at address: UInt) -> Link? {
    // The address is the caller's innermost binding, which lives, or the one around a binding that was
    // found to be no copy: then the task that made that one, or a task around it, has not left the outer
    // one yet.
    guard let link = UnsafePointer<Link?>(bitPattern: address)?.pointee, link.held.lock.isBound(at: address)
    else { return nil }
    return link
  }
}

/// What a lock, or an initialiser that runs, is to the chain of what tasks hold.
package final class AsyncHold: ObservedLock {
  package let identity: ObjectIdentity
  /// The place of the binding while it is in force; zero otherwise. Written by the holder alone.
  private let binding = Atomic<UInt>(0)
  private let orderClassWord = Atomic<UInt32>(0)

  init(of identity: ObjectIdentity) {
    self.identity = identity
  }

  package var orderClass: UInt32 {
    get { orderClassWord.load(ordering: .relaxed) }
    set { orderClassWord.store(newValue, ordering: .relaxed) }
  }

  /// Tells who observes the order of locks that the calling task is about to wait for this, if it may.
  func noteWanted(at place: SourcePlace) {
    guard let observer = SyncObservation.observer(of: .locks) else { return }
    let held = HeldAsyncLocks.current
    if !held.isEmpty { observer.willAcquire(self, inside: held, at: place) }
  }

  /// Puts this into the chain of the calling task, which holds it from here on, until ``end()`` in the same
  /// function: bindings are nested as the calls are.
  func begin(at place: SourcePlace) {
    let outer = HeldAsyncLocks.innermostAddress
    let held = HeldAsyncLocks.Held(lock: self, place: place)
    HeldAsyncLocks.push(.init(held: held, outer: HeldAsyncLocks.link(at: outer) == nil ? 0 : outer))
    binding.store(HeldAsyncLocks.innermostAddress, ordering: .releasing)
  }

  /// Takes this out of the chain. Called before what is held is let go, because the next holder then begins.
  func end() {
    binding.store(0, ordering: .releasing)
    HeldAsyncLocks.pop()
  }

  fileprivate func isBound(at address: UInt) -> Bool {
    binding.load(ordering: .acquiring) == address
  }

  /// Whether the calling task holds this, or a task around it.
  var isHeldAround: Bool {
    var address = HeldAsyncLocks.innermostAddress
    while let link = HeldAsyncLocks.link(at: address) {
      if link.held.lock === self { return true }
      address = link.outer
    }
    return false
  }
}

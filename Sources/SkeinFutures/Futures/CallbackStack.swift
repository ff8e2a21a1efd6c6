internal import SkeinThreads
internal import Synchronization

/// What is to be called when a future is done: a stack without locks, which is closed when it is called.
///
/// - Invariant: what is added before the close is called by who closes, what comes after, by who adds it.
/// - Source: R. K. Treiber, *Systems Programming: Coping with Parallelism* (1986).
struct CallbackStack: ~Copyable {
  private final class Node: Sendable {
    let body: @Sendable (AnyFuture) throws -> Void
    /// What was added before; owned by this node.
    nonisolated(unsafe) var next: UInt = 0  // written before the node is shared, and by who has taken all

    init(_ body: @escaping @Sendable (AnyFuture) throws -> Void) { self.body = body }
  }

  /// The node that was added last, as a retained pointer; 1 when the stack is closed.
  private let head = Atomic<UInt>(0)
  private static let closed: UInt = 1

  deinit {
    var next = head.load(ordering: .acquiring)
    while next > Self.closed { next = Self.take(next).next }
  }

  func add(_ body: @escaping @Sendable (AnyFuture) throws -> Void, of future: AnyFuture) {
    var seen = head.load(ordering: .acquiring)
    guard seen != Self.closed else { return Self.call(body, future) }
    let node = Node(body)
    let pointer = UInt(bitPattern: Unmanaged.passRetained(node).toOpaque())
    while seen != Self.closed {
      node.next = seen
      let (exchanged, original) = head.compareExchange(
        expected: seen, desired: pointer, ordering: .acquiringAndReleasing)
      if exchanged { return }
      seen = original
    }
    node.next = 0
    Unmanaged.passUnretained(node).release()
    Self.call(body, future)
  }

  /// Calls everything that was added, in that order, and lets go of it.
  func close(with future: AnyFuture) {
    var next = head.exchange(Self.closed, ordering: .acquiringAndReleasing)
    var first: UInt = 0
    // From the last to the first, into the order in which they came.
    while next > Self.closed {
      let pointer = next
      let node = Self.look(pointer)
      next = node.next
      node.next = first
      first = pointer
    }
    while first != 0 {
      let node = Self.take(first)
      first = node.next
      Self.call(node.body, future)
    }
  }

  private static func call(_ body: (AnyFuture) throws -> Void, _ future: AnyFuture) {
    do {
      try body(future)
    } catch {
      UncaughtError(source: "a callback of the future made at \(future.place)", error: error).report()
    }
  }

  private static func look(_ pointer: UInt) -> Node {
    Unmanaged<Node>.fromOpaque(UnsafeRawPointer(bitPattern: pointer)!).takeUnretainedValue()
  }

  private static func take(_ pointer: UInt) -> Node {
    Unmanaged<Node>.fromOpaque(UnsafeRawPointer(bitPattern: pointer)!).takeRetainedValue()
  }
}

internal import CSkein
internal import SkeinSync
internal import Synchronization

/// A variable of which every thread has its own.
///
/// ```swift
/// let requestID = ThreadLocal("unknown")
/// requestID.value = "REQ-0001"          // for this thread alone
/// ```
///
/// A thread's own begins as the initial value when the thread first asks, and ends with the thread. For tasks, which
/// move between threads, it is the wrong thing: they have `@TaskLocal`.
///
/// When the variable itself goes, the values that other threads have stay until they end, or until another variable
/// takes the place: they may be of use to their threads alone.
///
/// - Invariant: a value is made, used and destroyed on one thread.
/// - Complexity: O(1), about as much as a look into an array.
/// - Source: behaviour after CPython's `threading.local`, with one variable instead of attributes.
public final class ThreadLocal<Value>: Sendable {
  private let makeInitial: @Sendable () -> Value
  private let slot = ThreadSlots.take()

  /// Creates a variable.
  ///
  /// - Parameter initial: makes what a thread begins with, once in each that asks.
  public init(_ initial: @autoclosure @escaping @Sendable () -> Value) {
    makeInitial = initial
  }

  deinit {
    ThreadValues.current?.remove(slot)
    ThreadSlots.giveBack(slot)
  }

  /// The calling thread's own value.
  @available(*, noasync, message: "a task moves between threads: use @TaskLocal")
  public var value: Value {
    get { box.value }
    _modify { yield &box.value }
  }

  /// Runs `body` with the calling thread's own value.
  ///
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws.
  @available(*, noasync, message: "a task moves between threads: use @TaskLocal")
  public func withValue<Result: ~Copyable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(&box.value)
  }

  /// Has the calling thread begin anew: its value is destroyed, and made again when it asks.
  @available(*, noasync, message: "a task moves between threads: use @TaskLocal")
  public func reset() {
    ThreadValues.current?.remove(slot)
  }

  private var box: ThreadValueBox<Value> {
    let values = ThreadValues.currentOrNew
    if let box = values[slot] { return unsafeDowncast(box, to: ThreadValueBox<Value>.self) }
    // It may ask for variables itself: nothing is held meanwhile.
    let box = ThreadValueBox(makeInitial())
    values[slot] = box
    return box
  }
}

/// One thread's value of one variable.
private final class ThreadValueBox<Value> {
  var value: Value

  init(_ value: Value) { self.value = value }
}

/// Which place a variable has in every thread's values, and which of its users in turn it is.
struct ThreadSlot: Sendable {
  let index: Int
  let generation: UInt64
}

/// The places that are in use.
enum ThreadSlots {
  private struct State {
    var free: [Int] = []
    var count = 0
    var generation: UInt64 = 0
  }

  private static let state = Lock(State(), internalTo: "ThreadSlots")

  static func take() -> ThreadSlot {
    state.withLock { state in
      state.generation += 1
      let index = state.free.popLast() ?? state.count
      state.count = max(state.count, index + 1)
      return ThreadSlot(index: index, generation: state.generation)
    }
  }

  static func giveBack(_ slot: ThreadSlot) { state.withLock { $0.free.append(slot.index) } }
}

/// All values of one thread. Only that thread touches it.
final class ThreadValues {
  private struct Entry {
    var generation: UInt64 = 0
    var box: AnyObject?
  }

  private var entries: [Entry] = []

  static var current: ThreadValues? {
    skein_get_thread_values().map { Unmanaged<ThreadValues>.fromOpaque($0).takeUnretainedValue() }
  }

  static var currentOrNew: ThreadValues {
    if let current { return current }
    let new = ThreadValues()
    skein_set_thread_values(Unmanaged.passRetained(new).toOpaque()) { values in
      Unmanaged<ThreadValues>.fromOpaque(values!).release()
    }
    return new
  }

  /// Destroys the calling thread's values, those too that come into being meanwhile, as far as that ends.
  static func destroyAll() {
    for _ in 0..<4 {
      guard let values = skein_get_thread_values() else { return }
      skein_set_thread_values(nil, nil)
      Unmanaged<ThreadValues>.fromOpaque(values).release()
    }
  }

  subscript(slot: ThreadSlot) -> AnyObject? {
    get {
      guard slot.index < entries.count, entries[slot.index].generation == slot.generation else { return nil }
      return entries[slot.index].box
    }
    set {
      while entries.count <= slot.index { entries.append(Entry()) }
      // Destroyed when the entry is whole: it may ask for values itself.
      let old = entries[slot.index].box
      entries[slot.index] = Entry(generation: slot.generation, box: newValue)
      withExtendedLifetime(old) {}
    }
  }

  func remove(_ slot: ThreadSlot) {
    if self[slot] != nil { self[slot] = nil }
  }
}

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
/// A thread's own begins as the initial value when the thread first asks, and ends with the thread; the main thread's
/// stay. For tasks, which move between threads, it is the wrong thing: they have `@TaskLocal`.
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

  /// Runs `body` with the calling thread's own value, which may be of a type that is not `Sendable`: it stays here.
  ///
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws.
  /// - Precondition: `body` does not ask for the same variable, nor does what makes its initial value.
  @available(*, noasync, message: "a task moves between threads: use @TaskLocal")
  public func withValue<Result: ~Copyable, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
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
    values.noteMaking(slot)
    // It may ask for other variables: nothing is held meanwhile.
    let box = ThreadValueBox(makeInitial())
    values[slot] = box
    return box
  }
}

extension ThreadLocal where Value: Sendable {
  /// The calling thread's own value.
  ///
  /// - Precondition: what makes its initial value does not ask for it.
  @available(*, noasync, message: "a task moves between threads: use @TaskLocal")
  public var value: Value {
    get { box.value }
    _modify { yield &box.value }
  }
}

/// One thread's value of one variable.
private final class ThreadValueBox<Value> {
  var value: Value

  init(_ value: Value) { self.value = value }
}

public import SkeinSync

/// What a queue must offer to be exercised by ``exerciseQueue(order:forms:isFair:limit:only:_:)``.
///
/// An implementation is most often wrapped: a small struct forwards each member, and maps errors of its own to
/// `WaitError`. A queue for one form of waiting alone implements the other by a trap and names the form that it
/// has in the call.
public protocol ExercisableQueue<Element>: Sendable {
  /// What it holds.
  associatedtype Element: Sendable

  /// How many elements are in the queue at this instant.
  var count: Int { get }
  /// How many threads and tasks wait to put or to get at this instant.
  var waiterCount: Int { get }

  /// Puts an element if there is room; returns whether it did.
  func tryPut(_ element: Element) -> Bool
  /// Gets an element if there is one.
  func tryGet() -> Element?
  /// Says that one of the elements that were got has been dealt with.
  func taskDone()
  /// Takes no more elements; those inside can still be got.
  func shutdownDraining()
  /// Takes no more elements, and drops those inside.
  func shutdownImmediately()

  /// Puts an element; suspends the task until there is room.
  func put(_ element: Element) async throws
  /// Puts an element; suspends the task until there is room, or until `timeout` has passed on `clock`.
  func put<C: DeadlineClock>(_ element: Element, timeout: Duration, clock: C) async throws
  /// Gets an element; suspends the task until there is one.
  func get() async throws -> Element
  /// Gets an element; suspends the task until there is one, or until `timeout` has passed on `clock`.
  func get<C: DeadlineClock>(timeout: Duration, clock: C) async throws -> Element
  /// Suspends the task until all elements that were put have been dealt with.
  func join() async throws

  /// Puts an element; blocks the thread until there is room.
  @available(*, noasync)
  func put(_ element: Element) throws
  /// Puts an element; blocks the thread until there is room, or until `timeout` has passed on `clock`.
  @available(*, noasync)
  func put<C: DeadlineClock>(_ element: Element, timeout: Duration, clock: C) throws
  /// Gets an element; blocks the thread until there is one.
  @available(*, noasync)
  func get() throws -> Element
  /// Gets an element; blocks the thread until there is one, or until `timeout` has passed on `clock`.
  @available(*, noasync)
  func get<C: DeadlineClock>(timeout: Duration, clock: C) throws -> Element
  /// Blocks the thread until all elements that were put have been dealt with.
  @available(*, noasync)
  func join() throws
}

extension ExercisableQueue {
  func put(_ element: Element, as form: WaitingForm) async throws {
    switch form {
    case .task: try await put(element)
    case .thread: try await onThread { try self.put(element) }
    }
  }

  func put(_ element: Element, timeout: Duration, as form: WaitingForm) async throws {
    switch form {
    case .task: try await put(element, timeout: timeout, clock: MonotonicClock())
    case .thread: try await onThread { try self.put(element, timeout: timeout, clock: MonotonicClock()) }
    }
  }

  func get(as form: WaitingForm) async throws -> Element {
    switch form {
    case .task: try await get()
    case .thread: try await onThread { try self.get() }
    }
  }

  func get(timeout: Duration, as form: WaitingForm) async throws -> Element {
    switch form {
    case .task: try await get(timeout: timeout, clock: MonotonicClock())
    case .thread: try await onThread { try self.get(timeout: timeout, clock: MonotonicClock()) }
    }
  }

  func join(as form: WaitingForm) async throws {
    switch form {
    case .task: try await join()
    case .thread: try await onThread { try self.join() }
    }
  }

  /// Starts to get, and returns once that waits.
  func startGetting(as form: WaitingForm) async throws -> Task<Element, any Error> {
    try await startWaiting({ waiterCount }) { try await get(as: form) }
  }

  /// Starts to put, and returns once that waits.
  func startPutting(_ element: Element, as form: WaitingForm) async throws -> Task<Void, any Error> {
    try await startWaiting({ waiterCount }) { try await put(element, as: form) }
  }
}

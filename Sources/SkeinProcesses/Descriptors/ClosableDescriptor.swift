internal import CSkein
internal import Glibc
internal import SkeinSync

/// A descriptor that can be closed while threads and tasks wait for it.
///
/// Who uses it holds it: the system's own close comes when the last one has let go of it.
final class ClosableDescriptor: Sendable {
  private struct State: Sendable {
    /// `nil` once it was closed.
    var descriptor: OwnedDescriptor?
    /// Ends the waits of threads; made for the first of them.
    var signal: OwnedDescriptor?
    /// End the waits of tasks.
    var waitingTasks: [Event] = []
    var waitingThreads = 0
  }

  private let state: Lock<State>
  private let identity: ObjectIdentity

  init(_ descriptor: OwnedDescriptor, identity: ObjectIdentity) {
    state = Lock(State(descriptor: descriptor), internalTo: "ClosableDescriptor")
    self.identity = identity
  }

  /// The descriptor, to be held while it is used; `nil` once it was closed.
  var current: OwnedDescriptor? { state.withLock { $0.descriptor } }

  /// Whether somebody waits for it at this instant.
  var isWaitedFor: Bool {
    state.withLock { $0.waitingThreads > 0 || $0.waitingTasks.contains { $0.waiterCount > 0 } }
  }

  /// Ends all waits, and lets go of the descriptor.
  func close() {
    // What may be the last reference is let go of outside the lock.
    let former = state.withLock { state -> State in
      defer { state = State(waitingThreads: state.waitingThreads) }
      return state
    }
    if let signal = former.signal { _ = skein_signal_event(signal.rawValue) }
    for event in former.waitingTasks { event.set() }
  }

  /// Blocks the thread until the descriptor is ready, or was closed.
  ///
  /// - Returns: whether that is so; `false` when the deadline has come.
  @available(*, noasync)
  func wait(
    for direction: DescriptorMonitor.Direction, until deadline: MonotonicClock.Instant?, at place: SourcePlace
  ) -> Bool {
    let (descriptor, signal) = state.withLock { state in
      if state.descriptor != nil, state.signal == nil { state.signal = Self.makeSignal() }
      if state.descriptor != nil { state.waitingThreads += 1 }
      return (state.descriptor, state.signal)
    }
    guard let descriptor else { return true }
    defer { state.withLock { $0.waitingThreads -= 1 } }
    var waited = [(descriptor.rawValue, direction)]
    if let signal { waited.append((signal.rawValue, .reading)) }
    let ready = DescriptorWait.ready(among: waited, until: deadline, for: identity, at: place)
    withExtendedLifetime((descriptor, signal)) {}
    return !ready.isEmpty
  }

  private static func makeSignal() -> OwnedDescriptor? {
    let descriptor = skein_make_event()
    return descriptor >= 0 ? OwnedDescriptor(owning: descriptor) : nil
  }

  /// Suspends the task until the descriptor is ready, or was closed.
  func wait<C: DeadlineClock>(
    for direction: DescriptorMonitor.Direction, until deadline: C.Instant?, clock: C
  ) async throws(WaitError) {
    let isReady = Event()
    let descriptor = state.withLock { state in
      if state.descriptor != nil { state.waitingTasks.append(isReady) }
      return state.descriptor
    }
    guard let descriptor else { return }
    defer { state.withLock { $0.waitingTasks.removeAll { $0 === isReady } } }
    try await DescriptorMonitor.shared.wait(
      for: descriptor.rawValue, direction, isReady: isReady, until: deadline, clock: clock)
    withExtendedLifetime(descriptor) {}
  }
}

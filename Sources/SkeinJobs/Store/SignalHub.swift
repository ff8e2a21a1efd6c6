internal import SkeinSync

/// Turns a signal that threads sleep on into calls: one thread for all who listen, as long as somebody does.
///
/// Listeners are also called once a second without news, so that a signal that was lost (its process died between its
/// commit and the signal) delays nothing for longer.
final class SignalHub: Sendable {
  static let pollInterval = Duration.seconds(1)

  private struct State {
    var listeners: [UInt64: @Sendable () -> Void] = [:]
    var nextID: UInt64 = 0
    var hasThread = false
  }

  private let signal: StoreSignal
  private let state = Lock(State(), name: "signal listeners")

  init(_ signal: StoreSignal) {
    self.signal = signal
  }

  /// Calls `action`, on the hub's thread, whenever there may be news. It must not wait.
  ///
  /// - Returns: ends the listening.
  func listen(_ action: @escaping @Sendable () -> Void) -> ScheduledAction {
    let id = state.withLock { state in
      let id = state.nextID
      state.nextID += 1
      state.listeners[id] = action
      if !state.hasThread {
        state.hasThread = true
        let seen = signal.value
        startDetachedThread(name: "skein-signals") { [self] in run(from: seen) }
      }
      return id
    }
    return ScheduledAction { [weak self] in self?.state.withLock { $0.listeners[id] = nil } }
  }

  private func run(from first: UInt32) {
    var seen = first
    while hasListeners() {
      signal.wait(while: seen, timeout: Self.pollInterval)
      seen = signal.value
      // Asked for after the wait: who came during it wants this news too.
      for listener in state.withLock({ Array($0.listeners.values) }) { listener() }
    }
  }

  /// Whether anybody listens. If nobody does, this was the thread's end.
  private func hasListeners() -> Bool {
    state.withLock { state in
      state.hasThread = !state.listeners.isEmpty
      return state.hasThread
    }
  }
}

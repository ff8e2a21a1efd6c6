internal import CSkein
internal import HeapModule

/// One thread that runs actions at their deadlines.
///
/// The thread starts with the first action and lives as long as the process. A forked child has one of its own,
/// and nothing of what its parent had scheduled.
package final class TimerHeap: Sendable {
  static let shared = TimerHeap()

  package init() {}

  private struct Entry: Comparable {
    var deadline: Int64
    var id: UInt64

    static func < (left: Entry, right: Entry) -> Bool {
      (left.deadline, left.id) < (right.deadline, right.id)
    }
  }

  private struct State {
    var entries = Heap<Entry>()
    /// What is still wanted; an entry of the heap without an action was cancelled.
    var actions: [UInt64: @Sendable () -> Void] = [:]
    var nextID: UInt64 = 0
    var thread = ServiceThread()
  }

  private let state = Lock(State(), internalTo: "timers")
  /// Moves on whenever the earliest deadline may have changed; the thread sleeps on it.
  private let revision = FutexWord()

  @discardableResult
  package func schedule(at deadline: Int64, _ action: @escaping @Sendable () -> Void) -> ScheduledAction {
    let (id, isEarliest, outdated) = state.withLock { state in
      var outdated: [UInt64: @Sendable () -> Void] = [:]
      switch state.thread.begin() {
      case .none: break
      case .startInChild:
        swap(&outdated, &state.actions)
        state.entries = Heap()
        fallthrough
      case .start: startDetachedThread(name: "skein-timers") { [self] in run() }
      }
      let id = state.nextID
      state.nextID += 1
      let isEarliest = state.entries.min.map { deadline < $0.deadline } ?? true
      state.entries.insert(Entry(deadline: deadline, id: id))
      state.actions[id] = action
      return (id, isEarliest, outdated)
    }
    withExtendedLifetime(outdated) {}
    if isEarliest { revision.advance() }
    return ScheduledAction { [weak self] in self?.cancel(id) }
  }

  private func cancel(_ id: UInt64) {
    let action = state.withLock { state in
      let action = state.actions.removeValue(forKey: id)
      // Cancelled entries are dropped when they come up; a heap that is mostly cancelled is built anew.
      if state.entries.count > 64, state.entries.count > 2 * state.actions.count {
        state.entries = Heap(state.entries.unordered.filter { state.actions[$0.id] != nil })
      }
      return action
    }
    // Let go after the lock: what the action captured may cancel something itself when it ends.
    withExtendedLifetime(action) {}
  }

  private func run() {
    while true {
      let seen = revision.value
      let (due, next) = takeDue(now: skein_monotonic_nanoseconds())
      if let due { due() } else { revision.wait(while: seen, until: next ?? -1) }
    }
  }

  /// Takes one action that is due, else tells when the next one is. One at a time: an action that is
  /// cancelled while an earlier one runs must not start.
  private func takeDue(now: Int64) -> (due: (@Sendable () -> Void)?, next: Int64?) {
    state.withLock { state in
      while let first = state.entries.min {
        let isWanted = state.actions[first.id] != nil
        if isWanted && first.deadline > now { return (nil, first.deadline) }
        state.entries.removeMin()
        if isWanted { return (state.actions.removeValue(forKey: first.id), nil) }
      }
      return (nil, nil)
    }
  }
}

internal import CSkein
internal import SkeinSync
internal import SkeinThreads

/// The children of this process that live, in the order of their births.
enum LiveChildren {
  private struct State: Sendable {
    var children: [ChildProcess] = []
    /// In which process the children are this one's: a fork has none.
    var forks: UInt32 = 0
    var isAwaitedAtExit = false
  }

  private static let state = Lock(State(), internalTo: "LiveChildren")

  static var all: [ChildProcess] {
    state.withLock { $0.forks == skein_fork_count() ? $0.children : [] }
  }

  static func add(_ child: ChildProcess) {
    let awaits = state.withLock { state in
      if state.forks != skein_fork_count() { state = State(forks: skein_fork_count()) }
      state.children.append(child)
      defer { state.isAwaitedAtExit = true }
      return !state.isAwaitedAtExit
    }
    if awaits { LiveThreads.afterLast { LiveChildren.endWithProcess() } }
  }

  static func remove(_ child: ChildProcess) {
    // The last reference may go with it: not under the lock.
    let removed = state.withLock { state in
      state.children.firstIndex { $0 === child }.map { state.children.remove(at: $0) }
    }
    withExtendedLifetime(removed) {}
  }

  /// How long daemons have to end, which have been asked to. One that does not ends with its line to this process.
  private static let patience = Duration.seconds(2)

  /// Waits for everybody but daemons, which are terminated.
  @available(*, noasync)
  private static func endWithProcess() {
    let children = all
    for child in children where !child.isDaemon { _ = try? child.join() }
    for child in children where child.isDaemon { child.terminate() }
    let deadline = MonotonicClock().now.advanced(by: patience)
    for child in children where child.isDaemon {
      _ = try? child.join(timeout: MonotonicClock().now.duration(to: deadline))
    }
  }
}

extension ChildProcess {
  /// The children of this process that live, in the order of their births.
  public static var active: [ChildProcess] { LiveChildren.all }
}

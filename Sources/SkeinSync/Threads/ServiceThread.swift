internal import CSkein

/// Whether a singleton's thread has been started in this process: a forked child has none of its parent's.
package struct ServiceThread: Sendable {
  private var forksAtStart: UInt32?

  package init() {}

  /// What a thread that is needed now takes.
  package enum Need: Sendable {
    /// Nothing: it runs.
    case none
    /// To be started.
    case start
    /// To be started, in a forked child: what its parent's was to do is not for this one.
    case startInChild
  }

  /// Tells what has to be done for the thread to run; from then on it counts as started.
  package mutating func begin() -> Need {
    let forks = skein_fork_count()
    defer { forksAtStart = forks }
    return forksAtStart == nil ? .start : forksAtStart == forks ? .none : .startInChild
  }
}

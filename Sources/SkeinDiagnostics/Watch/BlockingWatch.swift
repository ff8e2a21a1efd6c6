internal import CSkein
internal import SkeinSync

/// A task that blocks its thread.
struct BlockedTask: Sendable, CustomStringConvertible {
  var task: Party
  var object: ObjectIdentity
  var place: SourcePlace

  var description: String {
    """
    Blocking call in a task: \(task) blocks its thread at \(place), waiting for \(object).
    The cooperative pool has as many threads as the machine has cores: when all of them block, no task runs
    any more. Await the suspending form, or give the task an executor with threads of its own.
    """
  }
}

/// Finds calls that block a thread of the default cooperative pool, once for each place in the source.
final class BlockingWatch: Sendable {
  private let reported = Lock<Set<SourcePlace>>([], internalTo: "blocking calls")
  private let isSpared: @Sendable () -> Bool
  private let report: @Sendable (BlockedTask) -> Void

  /// - Parameter isSpared: whether the calling task may block where it runs.
  init(
    isSpared: @escaping @Sendable () -> Bool = { !CooperativePool.runsCaller },
    report: @escaping @Sendable (BlockedTask) -> Void
  ) {
    self.isSpared = isSpared
    self.report = report
  }

  /// The calling thread is about to block.
  func willBlock(for object: ObjectIdentity, at place: SourcePlace) {
    guard skein_current_task() != 0, let task = Party.currentTask else { return }
    guard !reported.withLock({ $0.contains(place) }), !isSpared() else { return }
    guard reported.withLock({ $0.insert(place).inserted }) else { return }
    report(BlockedTask(task: task, object: object, place: place))
  }
}

/// The threads that run tasks which have no executor of their own.
enum CooperativePool {
  /// Whether the caller is a task on a thread of the pool.
  static var runsCaller: Bool {
    let hasExecutor = withUnsafeCurrentTask { $0?.unownedTaskExecutor != nil }
    // Actors can have executors with threads of their own, which the task does not tell.
    return !hasExecutor && isMember(name: Party.currentThread.name ?? "")
  }

  /// Whether a thread is one of the pool's: libdispatch names them after its queues, and the kernel keeps the
  /// end of "com.apple.root.default-qos". The queues that may have more threads end in "overcommit".
  static func isMember(name: String) -> Bool { name.hasSuffix("-qos") }
}

internal import CSkein

/// Who waits, where and since when, kept with each waiter: cheap to make, readable from outside.
@usableFromInline
package struct Asker: Sendable {
  /// The thread that sleeps; zero when it is a task that is suspended.
  private let threadID: UInt32
  /// The task that waits, or that the sleeping thread runs.
  private let task: UInt
  private let taskName: String?
  private let since: Int64
  private let place: SourcePlace
  private let isTimed: Bool

  /// Describes the caller.
  @usableFromInline
  package init(at place: SourcePlace, isTimed: Bool, isThread: Bool) {
    threadID = isThread ? skein_thread_id() : 0
    task = skein_current_task()
    taskName = task == 0 ? nil : Task.name
    since = skein_coarse_nanoseconds()
    self.place = place
    self.isTimed = isTimed
  }

  package func wait(for object: ObservedObject, purpose: String) -> ObservedWait {
    let task = task == 0 ? nil : Party(kind: .task, id: UInt64(task), name: taskName)
    return ObservedWait(
      party: threadID == 0 ? task! : .thread(threadID), runningTask: threadID == 0 ? nil : task,
      object: object, purpose: purpose, place: place,
      since: MonotonicClock.Instant(nanoseconds: since), isTimed: isTimed)
  }
}

internal import CSkein

/// Who holds something, and where it was taken: cheap to make, described only when diagnosis asks.
///
/// It is kept only as long as that task lives.
struct HolderNote: @unchecked Sendable {
  // Sendable because the name is never written, and lives as long as the task, which ends after this note.

  /// The address of the task's record; zero outside of tasks.
  let task: UInt
  private let threadID: UInt32
  private let taskName: UnsafePointer<CChar>?
  private let place: SourcePlace

  /// Notes the calling task, else the thread.
  init(at place: SourcePlace) {
    task = skein_current_task()
    threadID = task == 0 ? skein_thread_id() : 0
    taskName = task == 0 ? nil : skein_current_task_name()
    self.place = place
  }

  /// The holder; a thread is yet to be named, under no lock.
  var holder: ObservedObject.Holder {
    let party: Party =
      task == 0
      ? .unnamedThread(threadID)
      : Party(kind: .task, id: UInt64(task), name: taskName.map { String(cString: $0) })
    return ObservedObject.Holder(party, place: place)
  }
}

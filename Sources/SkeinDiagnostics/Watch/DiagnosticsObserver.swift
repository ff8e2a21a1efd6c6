internal import SkeinSync

/// What the primitives tell their news to.
final class DiagnosticsObserver: SyncObserver {
  static let shared = DiagnosticsObserver(submit: { make in ReportQueue.shared.submit(make) })

  let locks: LockWatch
  let blocking: BlockingWatch
  let uses = UseLog()

  init(submit: @escaping @Sendable (@escaping @Sendable () -> Diagnostics.Report) -> Void) {
    locks = LockWatch { inversion in
      submit { .init(kind: .lockOrder, message: inversion.description) }
    }
    blocking = BlockingWatch { blocked in submit { .init(kind: .blocking, message: blocked.description) } }
  }

  func willAcquire(_ lock: any ObservedLock, at place: SourcePlace) { locks.willAcquire(lock, at: place) }
  func willAcquire(_ lock: any ObservedLock, inside held: [HeldAsyncLocks.Held], at place: SourcePlace) {
    locks.willAcquire(lock, inside: held, at: place)
  }
  func didAcquire(_ lock: any ObservedLock, at place: SourcePlace) { locks.didAcquire(lock, at: place) }
  func didRelease(_ lock: any ObservedLock) { locks.didRelease(lock) }
  func willBlock(for object: ObjectIdentity, at place: SourcePlace) {
    blocking.willBlock(for: object, at: place)
  }
  func didUse(_ id: UInt, as use: ObservedUse) { uses.note(id, use, by: .currentUnnamed) }
}

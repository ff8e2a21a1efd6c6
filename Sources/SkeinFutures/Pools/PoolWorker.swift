internal import CSkein
internal import SkeinSync
internal import SkeinThreads
internal import Synchronization

/// A thread of a pool, as what it runs sees it.
@usableFromInline
class PoolWorker {
  let poolID: UInt32

  init(poolID: UInt32) { self.poolID = poolID }

  /// The worker that calls; `nil` on threads that belong to no pool.
  static var current: PoolWorker? {
    skein_get_worker_slot().map { Unmanaged<PoolWorker>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Runs `body` as this worker.
  func whileCurrent(_ body: () -> Void) {
    skein_set_worker_slot(Unmanaged.passUnretained(self).toOpaque())
    body()
    skein_set_worker_slot(nil)
  }

  /// Waits, with `park`, for work of the own pool, which this very worker may be needed for.
  ///
  /// - Throws: what `park` throws; ``FutureError/wouldStarve(pool:workers:)``.
  @available(*, noasync)
  func wait(for future: AnyFuture, isTimed: Bool, _ park: () throws -> Void) throws { try park() }
}

/// The pools of the process by their numbers, so that a future can name its pool without keeping it.
enum PoolRegistry {
  /// What is asked of a pool.
  protocol Member: AnyObject, Sendable {
    var workerThreadIDs: [UInt32] { get }
    /// A job of the pool was cancelled: it may stand in the pool's queue.
    func noteCancellation()
    /// The process ends.
    func shutDownAtExit()
  }

  private struct Entry {
    weak let member: (any Member)?
  }

  private struct State {
    var pools: [UInt32: Entry] = [:]
    /// In which process of a line of forks the end is watched; a child has to begin anew.
    var watchedFork: UInt32?
  }

  private static let state = Lock(State(), internalTo: "PoolRegistry")
  private static let lastID = Atomic<UInt32>(0)

  static func newID() -> UInt32 { lastID.add(1, ordering: .relaxed).newValue }

  static func add(_ member: any Member, as id: UInt32) {
    let isFirst = state.withLock { state in
      let fork = skein_fork_count()
      defer { state.watchedFork = fork }
      state.pools[id] = Entry(member: member)
      return state.watchedFork != fork
    }
    if isFirst { LiveThreads.atExit { for member in members { member.shutDownAtExit() } } }
  }

  static func remove(_ id: UInt32) { _ = state.withLock { $0.pools.removeValue(forKey: id) } }

  private static var members: [any Member] { state.withLock { $0.pools.values.compactMap(\.member) } }

  private static func member(_ id: UInt32) -> (any Member)? {
    id == 0 ? nil : state.withLock { $0.pools[id]?.member }
  }

  /// The kernel's ids of a pool's workers; `nil` when there is no such pool.
  static func workers(of id: UInt32) -> [UInt32]? { member(id)?.workerThreadIDs }

  static func noteCancellation(in id: UInt32) { member(id)?.noteCancellation() }
}

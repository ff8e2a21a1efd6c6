internal import CSkein
internal import Glibc
internal import SkeinSync
internal import Synchronization

/// The threads of ``OSThread`` that live, and the end of the process, which waits for those that are no daemons.
///
/// A forked child begins with none: of its parent's threads it has the one that forked, which is its first now.
package enum LiveThreads {
  /// All that live, in the order of their making.
  package static var records: [ThreadRecord] { ThreadRegistry.current.records }

  /// Has `farewell` run at the end of the process while it waits for threads, whenever one has started or ended: it
  /// must not mind to be called again.
  package static func atExit(_ farewell: @escaping @Sendable () -> Void) {
    ThreadRegistry.current.add(farewell)
  }

  /// Has `body` run at the end of the process, once no thread is left that is waited for.
  package static func afterLast(_ body: @escaping @Sendable () -> Void) {
    ThreadRegistry.current.addLast(body)
  }

  /// Counts a thread among those that live, before it is created: the end of the process must not miss it.
  static func add(_ record: ThreadRecord) throws(ThreadError) {
    try ThreadRegistry.current.add(record)
    record.census?.add(record)
  }

  static func remove(_ record: ThreadRecord) {
    ThreadRegistry.current.remove(record)
    record.census?.remove(record)
  }

  /// Keeps an error that nobody has taken yet, for the end of the process, unless its owner ends before.
  static func keep(_ error: @escaping @Sendable () -> UncaughtError?, of number: UInt64) {
    ThreadRegistry.current.setError(error, of: number)
  }

  static func forgetError(of number: UInt64) { ThreadRegistry.current.setError(nil, of: number) }
}

/// The threads of one process.
///
/// ```text
///  open ── exit() ──► waiting ── no other thread is left that is no daemon ──► closed
///                      │   ▲     (nothing is started any more)
///                      └───┘ one has started or ended: farewells
/// ```
private final class ThreadRegistry: Sendable {
  private struct State {
    var records: [UInt64: ThreadRecord] = [:]
    var errors: [UInt64: @Sendable () -> UncaughtError?] = [:]
    var farewells: [@Sendable () -> Void] = []
    var lasts: [@Sendable () -> Void] = []
    /// Those that called `exit`, and so never end by themselves.
    var leaving: Set<UInt64> = []
    /// The kernel's id of the thread that did so first.
    var exiting: UInt32?
    /// Moves on whenever a thread starts or ends.
    var revision: UInt64 = 0
    var isRegistered = false
    var isClosed = false

    var awaited: [ThreadRecord] { records.values.filter { !$0.isDaemon && !leaving.contains($0.number) } }
  }

  /// Who ends the process waits here, for another revision than the one that was seen.
  private let point: WaitPoint<State, UInt64>
  private let forks = skein_fork_count()

  private init() {
    let description = WaitDescription<State, UInt64>(
      holders: { .all($0.awaited.compactMap(\.kernelID).map { .init(.unnamedThread($0)) }) },
      state: { "\($0.awaited.count) threads run" }, purpose: { _ in "for threads that are no daemons" })
    point = WaitPoint(
      State(), identity: ObjectIdentity("Process", name: "end of the process", place: SourcePlace()),
      description: description
    ) { guarded, wakes in
      let revision = guarded.state.revision
      guarded.queue.claimAll(as: .granted, where: { $0 != revision }, &wakes)
    }
  }

  private static let place = Atomic<Unmanaged<ThreadRegistry>?>(nil)

  /// This process's: whatever the parent of a forked child was about when it forked, its child finds no lock taken.
  static var current: ThreadRegistry {
    while true {
      let seen = place.load(ordering: .acquiring)
      if let registry = seen?.takeUnretainedValue(), registry.forks == skein_fork_count() { return registry }
      // The parent's stays: other threads may have been in the midst of it.
      let new = Unmanaged.passRetained(ThreadRegistry())
      if place.compareExchange(expected: seen, desired: new, ordering: .acquiringAndReleasing).exchanged {
        return new.takeUnretainedValue()
      }
      new.release()
    }
  }

  var records: [ThreadRecord] {
    point.withLock { guarded, _ in Array(guarded.state.records.values) }.sorted { $0.number < $1.number }
  }

  // MARK: Changes

  func add(_ record: ThreadRecord) throws(ThreadError) {
    let isRefused = point.update { guarded in
      if guarded.state.isClosed { return true }
      registerForExit(&guarded.state)
      guarded.state.records[record.number] = record
      guarded.state.revision += 1
      return false
    }
    if isRefused { throw .processEnds(name: record.name) }
  }

  func remove(_ record: ThreadRecord) {
    let removed = point.update { guarded in
      guarded.state.revision += 1
      return guarded.state.records.removeValue(forKey: record.number)
    }
    withExtendedLifetime(removed) {}
  }

  func add(_ farewell: @escaping @Sendable () -> Void) {
    point.withLock { guarded, _ in guarded.state.farewells.append(farewell) }
  }

  func addLast(_ body: @escaping @Sendable () -> Void) {
    point.withLock { guarded, _ in
      guarded.state.lasts.append(body)
      registerForExit(&guarded.state)
    }
  }

  private func registerForExit(_ state: inout State) {
    guard !state.isRegistered else { return }
    state.isRegistered = true
    Self.waitAtNextExit()
  }

  func setError(_ error: (@Sendable () -> UncaughtError?)?, of number: UInt64) {
    point.withLock { guarded, _ in guarded.state.errors[number] = error }
  }

  // MARK: The end of the process

  private static func waitAtNextExit() { atexit { ThreadRegistry.current.waitAtExit() } }

  /// Waits for all threads that are no daemons, and for those that they start meanwhile; then nothing is started.
  ///
  /// One of these may call `exit` as well. What has been begun is not done again for that call, which would end the
  /// process; so there is always one more of these handlers than calls, and the first call is the one that counts.
  private func waitAtExit() {
    guard isFirstToExit() else {
      Self.waitAtNextExit()
      while true { pause() }
    }
    var isFirstRound = true
    while let revision = nextRevision() {
      if isFirstRound { Self.waitAtNextExit() }
      isFirstRound = false
      for farewell in point.withLock({ guarded, _ in guarded.state.farewells }) { farewell() }
      _ = try? point.wait(
        for: revision, until: nil, clock: MonotonicClock(), at: SourcePlace(),
        admit: { guarded, seen in guarded.state.revision != seen })
    }
    for last in point.withLock({ guarded, _ in guarded.state.lasts }) { last() }
    reportErrors()
  }

  /// Whether the calling thread is the one that ends the process. It does not end by itself any more: nobody waits
  /// for it.
  private func isFirstToExit() -> Bool {
    let (caller, record) = (skein_thread_id(), ThreadRecord.current)
    return point.update { guarded in
      if let record, guarded.state.leaving.insert(record.number).inserted { guarded.state.revision += 1 }
      let first = guarded.state.exiting ?? caller
      guarded.state.exiting = first
      return first == caller
    }
  }

  /// What is seen now; `nil` when nobody is left to be waited for, and from now on nobody can come.
  private func nextRevision() -> UInt64? {
    point.withLock { guarded, _ in
      guard guarded.state.awaited.isEmpty else { return guarded.state.revision }
      guarded.state.isClosed = true
      return nil
    }
  }

  private func reportErrors() {
    let errors = point.withLock { guarded, _ in
      defer { guarded.state.errors = [:] }
      return guarded.state.errors
    }
    for (_, error) in errors.sorted(by: { $0.key < $1.key }) { error()?.report() }
  }
}

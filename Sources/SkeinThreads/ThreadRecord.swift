internal import CSkein
internal import Glibc
internal import SkeinSync
internal import Synchronization

/// What is known of a thread while its handle or the thread itself lives: all but its result.
package final class ThreadRecord: Sendable {
  /// Given once in a process.
  package let number: UInt64
  package let name: String
  package let isDaemon: Bool
  let census: ThreadCensus?

  private let phase = Atomic<UInt8>(Phase.new.rawValue)
  private let kernelIDWord = Atomic<UInt32>(0)
  /// In which process it was started: see `skein_fork_count`.
  private let forks = Atomic<UInt32>(0)
  private let whole: WaitPoint<ThreadID, Void>
  private let endedFlag: EndedFlag

  private enum Phase: UInt8 {
    case new, started, ended
  }

  init(name: String?, isDaemon: Bool?, place: SourcePlace) {
    number = Self.lastNumber.add(1, ordering: .relaxed).newValue
    self.name = name ?? "Thread-\(number)"
    self.isDaemon = isDaemon ?? ThreadRecord.current?.isDaemon ?? false
    census = ThreadCensus.current ?? ThreadRecord.current?.census
    let flag = EndedFlag()
    endedFlag = flag
    let id = ThreadID()
    // Who waits for the end waits for the thread itself.
    let description = WaitDescription<ThreadID, Void>(
      holders: { $0.value == 0 ? .unknown : .all([.init(.unnamedThread($0.value))]) },
      state: { _ in flag.isSet ? "ended" : "not ended" }, purpose: { _ in "for its end" })
    whole = WaitPoint(
      id, identity: ObjectIdentity("OSThread", name: self.name, place: place), description: description
    ) { guarded, wakes in
      if flag.isSet { guarded.queue.claimAll(as: .granted, &wakes) }
    }
  }

  private static let lastNumber = Atomic<UInt64>(0)

  // MARK: Its life

  /// Moves on from new; `false` when the thread was started before.
  func markStarted() -> Bool {
    guard !isStarted else { return false }
    // Before the move: who sees a started thread sees where.
    forks.store(skein_fork_count(), ordering: .relaxed)
    return move(from: .new, to: .started)
  }

  /// Takes the start back: the system gave no thread. Who waits for its end already learns of it.
  func markRefused() {
    _ = move(from: .started, to: .new)
    whole.withLock { guarded, wakes in guarded.queue.claimAll(as: .granted, &wakes) }
  }

  private func move(from: Phase, to: Phase) -> Bool {
    phase.compareExchange(
      expected: from.rawValue, desired: to.rawValue, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// The thread's first act.
  func markRunning() {
    let id = skein_thread_id()
    skein_set_thread_name(name)
    skein_set_thread_slot(Unmanaged.passUnretained(self).toOpaque())
    whole.withLock { guarded, _ in guarded.state.value = id }
    kernelIDWord.store(id, ordering: .releasing)
  }

  /// The thread's last act.
  func markEnded() {
    skein_set_thread_slot(nil)
    _ = move(from: .started, to: .ended)
    whole.update { _ in endedFlag.set() }
  }

  /// The thread that calls, if it is one of these.
  package static var current: ThreadRecord? {
    skein_get_thread_slot().map { Unmanaged<ThreadRecord>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: At this instant

  package var isStarted: Bool { phase.load(ordering: .acquiring) != Phase.new.rawValue }
  package var hasEnded: Bool { endedFlag.isSet }
  package var isAlive: Bool { isStarted && !hasEnded && !isLost }

  /// Whether it runs in the process that this one was forked from, and not here.
  private var isLost: Bool {
    forks.load(ordering: .relaxed) != skein_fork_count() && isStarted && !hasEnded
      && ThreadRecord.current !== self
  }
  var waiterCount: Int { whole.waiterCount }

  /// The kernel's id; `nil` until the thread runs.
  package var kernelID: UInt32? {
    // A thread that has forked has another one in the child.
    if ThreadRecord.current === self { return skein_thread_id() }
    let id = kernelIDWord.load(ordering: .acquiring)
    return id == 0 ? nil : id
  }

  package var state: ThreadState {
    guard isStarted else { return .new }
    if hasEnded || isLost { return .terminated }
    guard let kernelID else { return .runnable }
    // The kernel may have seen its end in between.
    return ThreadState.ofThread(kernelID) ?? .terminated
  }

  // MARK: Waiting for its end

  func checkJoin() throws(ThreadError) {
    guard isStarted else { throw .notStarted(name: name) }
    if ThreadRecord.current === self { throw .joinsItself(name: name) }
    if isLost { throw .lostByFork(name: name) }
  }

  /// Blocks until it has ended, or until a start of it was refused.
  @available(*, noasync)
  func waitForEnd<C: DeadlineClock>(until deadline: C.Instant?, clock: C, at place: SourcePlace)
    throws(WaitError)
  {
    if hasEnded { return }
    try whole.wait(for: (), until: deadline, clock: clock, at: place, admit: { _, _ in isOver })
  }

  func waitForEnd<C: DeadlineClock>(
    until deadline: C.Instant?, clock: C, at place: SourcePlace
  ) async throws(WaitError) {
    if hasEnded { return }
    try await whole.wait(for: (), until: deadline, clock: clock, at: place, admit: { _, _ in isOver })
  }

  private var isOver: Bool { hasEnded || !isStarted }
}

/// The kernel's id of a thread, zero until it runs.
struct ThreadID: Sendable {
  var value: UInt32 = 0
}

/// Whether a thread has ended; set under its wait point's lock alone.
private final class EndedFlag: Sendable {
  private let word = Atomic(false)

  var isSet: Bool { word.load(ordering: .acquiring) }
  func set() { word.store(true, ordering: .releasing) }
}

internal import CSkein
internal import Glibc
internal import SkeinSync

/// Waits for descriptors on behalf of tasks: one thread for the whole process, made for the first of them.
///
/// - Invariant: the kernel's set holds exactly the descriptors of the table, each armed for what its waiters want.
final class DescriptorMonitor: Sendable {
  enum Direction: Sendable {
    case reading, writing
  }

  /// What somebody wants to know, once.
  final class Interest: Sendable {
    let direction: Direction
    let onReady: @Sendable () -> Void

    init(_ direction: Direction, onReady: @escaping @Sendable () -> Void) {
      self.direction = direction
      self.onReady = onReady
    }
  }

  /// The monitor of this process. A forked child has none of its parent's threads, and makes one of its own.
  static var shared: DescriptorMonitor {
    made.withLock { made in
      let forks = skein_fork_count()
      if let made, made.forks == forks { return made.monitor }
      let monitor = DescriptorMonitor()
      made = (monitor, forks)
      return monitor
    }
  }

  private static let made = Lock<(monitor: DescriptorMonitor, forks: UInt32)?>(
    nil, internalTo: "DescriptorMonitor")

  private struct Watched: Sendable {
    let descriptor: Int32
    var interests: [Interest]
  }

  /// By the marks that the kernel gives back: a descriptor's number may mean another file by the time that the kernel's
  /// word of it is heard, a mark never does.
  private struct Table: Sendable {
    var watched: [UInt64: Watched] = [:]
    var marks: [Int32: UInt64] = [:]
    var lastMark: UInt64 = 0
  }

  private let set: Int32
  private let table = Lock(Table(), internalTo: "DescriptorMonitor")

  private init() {
    set = skein_make_poll_set()
    checkContract(set >= 0, "no descriptor is left to wait for others: raise the limit (ulimit -n)")
    startDetachedThread(name: "skein-descriptors") { [self] in run() }
  }

  /// Suspends the task until the descriptor can be read or written, or its other end is closed.
  ///
  /// - Parameter isReady: is set then; whoever sets it sooner ends the wait. The descriptor has to stay open meanwhile.
  func wait<C: DeadlineClock>(
    for descriptor: Int32, _ direction: Direction, isReady: Event, until deadline: C.Instant?, clock: C
  ) async throws(WaitError) {
    let interest = Interest(direction) { isReady.set() }
    add(interest, to: descriptor)
    defer { remove(interest, from: descriptor) }
    if let deadline {
      try await isReady.wait(until: deadline, clock: clock)
    } else {
      try await isReady.wait()
    }
  }

  /// Has somebody called, on the monitor's thread, when the descriptor is ready, which has to stay open until then.
  ///
  /// What can not be watched, such as a plain file, is always ready.
  func add(_ interest: Interest, to descriptor: Int32) {
    let isWatched = table.withLock { table in
      if let mark = table.marks[descriptor] {
        let interests = table.watched[mark]!.interests + [interest]
        table.watched[mark]!.interests = interests
        return arm(descriptor, mark, for: interests, isNew: false)
      }
      table.lastMark += 1
      guard arm(descriptor, table.lastMark, for: [interest], isNew: true) else { return false }
      table.marks[descriptor] = table.lastMark
      table.watched[table.lastMark] = Watched(descriptor: descriptor, interests: [interest])
      return true
    }
    if !isWatched { interest.onReady() }
  }

  func remove(_ interest: Interest, from descriptor: Int32) {
    table.withLock { table in
      guard let mark = table.marks[descriptor] else { return }
      keep(mark, in: &table) { $0 !== interest }
    }
  }

  /// Keeps some of those who wait for a descriptor; returns the others.
  @discardableResult
  private func keep(
    _ mark: UInt64, in table: inout Table, where isKept: (Interest) -> Bool
  ) -> [Interest] {
    guard let watched = table.watched[mark] else { return [] }
    let kept = watched.interests.filter(isKept)
    if kept.isEmpty {
      _ = skein_unwatch(set, watched.descriptor)
      table.watched[mark] = nil
      table.marks[watched.descriptor] = nil
    } else {
      table.watched[mark]!.interests = kept
      _ = arm(watched.descriptor, mark, for: kept, isNew: false)
    }
    return watched.interests.filter { !isKept($0) }
  }

  private func arm(_ descriptor: Int32, _ mark: UInt64, for interests: [Interest], isNew: Bool) -> Bool {
    let reads = interests.contains { $0.direction == .reading }
    let writes = interests.contains { $0.direction == .writing }
    return skein_watch(set, descriptor, mark, reads, writes, isNew) == 0
  }

  private func run() {
    while true {
      var (mark, reads, writes) = (UInt64(0), false, false)
      guard skein_next_ready(set, &mark, &reads, &writes) == 0 else { continue }
      let (canRead, canWrite) = (reads, writes)
      let ready = table.withLock { table in
        keep(mark, in: &table) { $0.direction == .reading ? !canRead : !canWrite }
      }
      for interest in ready { interest.onReady() }
    }
  }
}

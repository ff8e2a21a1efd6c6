internal import Glibc
internal import SkeinSync
internal import Synchronization

extension LockAdaptor {
  /// One of the lock's forms, made alike: `nil` means that the lock was not taken.
  typealias Form = @Sendable (Body) throws -> Int?

  /// All forms with their names, the blocking one first.
  var forms: [(name: String, take: Form)] {
    let (withLock, tryLock, withLockInTime) = (withLock, tryLock, withLockInTime)
    return [
      ("the blocking form", { try withLock($0) }),
      ("the trying form", { try tryLock($0) }),
      ("the timed form", { try withLockInTime(.seconds(30), $0) }),
    ]
  }

  /// Runs `body` on one thread while another one holds the lock.
  ///
  /// - Parameter depth: 2 when the holder shall have taken the lock a second time and released it once.
  func whileHeld<Result: Sendable>(
    depth: Int = 1, _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    let (isHeld, mayEnd) = (Event(), Event())
    async let holder = onThread {
      defer { isHeld.set() }
      return try withLock {
        if depth == 2 { _ = try withLock { 0 } }
        isHeld.set()
        try mayEnd.wait()
        return 0
      }
    }
    do {
      try await isHeld.wait()
      let result = try await onThread(body)
      mayEnd.set()
      _ = try await holder
      return result
    } catch {
      mayEnd.set()
      throw error
    }
  }
}

/// A place for one at a time, which notices when two are in it.
///
/// Its count is read and written in two steps, so that it is short of visits when two are inside at once;
/// atomic all the same, for a broken lock must not make the exercise itself undefined.
final class Room: Sendable {
  private let isTaken = Atomic(false)
  private let clock = MonotonicClock()
  private let count = Atomic(0)
  private let hasClashed = Atomic(false)

  var visits: Int { count.load(ordering: .relaxed) }
  var wasShared: Bool { hasClashed.load(ordering: .relaxed) }

  /// Stays inside for a moment; answers 1, for the caller to count.
  ///
  /// - Parameter stay: how long to look out for others from the inside.
  func enter(stay: Duration = .zero) -> Int {
    if isTaken.exchange(true, ordering: .relaxed) { hasClashed.store(true, ordering: .relaxed) }
    let (seen, end) = (visits, clock.now.advanced(by: stay))
    while !wasShared && clock.now < end { sched_yield() }
    count.store(seen + 1, ordering: .relaxed)
    isTaken.store(false, ordering: .relaxed)
    return 1
  }
}

/// A flag that one side sets and another one polls.
final class Flag: Sendable {
  private let value = Atomic(false)

  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }
}

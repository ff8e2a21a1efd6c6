internal import CSkein
internal import Glibc
internal import SkeinSync

/// A lock between the threads of several processes, which outlives its owner.
///
/// It belongs to the thread that took it. When a process dies while one of its threads has the lock, the next one gets it:
/// what the lock guards may be half changed then. ``ownerDeathCount`` tells how often that was, and `recover` is where to
/// repair it.
///
/// ```swift
/// let lock = try SharedLock()
/// try lock.withLock(recover: { rebuildIndex() }) { addToIndex(entry) }
/// ```
///
/// Waiters are served in no order. Without contention, taking and giving back are one atomic operation each, and no system
/// call.
///
/// - Invariant: at most one thread of all processes runs a body.
/// - Source: robust mutexes of POSIX; CPython's `multiprocessing.Lock` is the model, but hangs after an owner's death.
public final class SharedLock: Sendable, Codable {
  let region: SharedRegion
  let waitingTasks = LockWaitingTasks()

  var mutex: UnsafeMutableRawPointer { region.address + SharedLayout.words }
  /// Behind the lock itself: how many owners died, and whether that is not repaired yet.
  private var deaths: UnsafeMutableRawPointer { mutex + 64 }
  private var damage: UnsafeMutableRawPointer { mutex + 68 }

  /// Makes a lock.
  ///
  /// - Throws: ``SharedMemoryError`` when the system has no memory or no descriptor left.
  public init() throws(SharedMemoryError) {
    region = try .make(SharedLayout(kind: .lock, count: 0)) { region throws(SharedMemoryError) in
      try Self.prepare(region)
    }
  }

  /// The lock in a region that holds more.
  init(_ region: SharedRegion) { self.region = region }

  static func prepare(_ region: SharedRegion) throws(SharedMemoryError) {
    checkContract(skein_shared_mutex_size() <= 64, "a lock of the C library does not fit into its place")
    let failure = skein_shared_mutex_make(region.address + SharedLayout.words)
    guard failure == 0 else { throw .system(-failure) }
  }

  /// How many owners died with the lock in their hands, as far as it was taken again since.
  public var ownerDeathCount: Int { Int(skein_load_u32(deaths)) }

  // MARK: Scoped

  /// Runs `body` with the lock; blocks the thread until it has it.
  ///
  /// - Throws: what `body` throws; the lock is given back then too.
  /// - Precondition: the calling thread does not have the lock already.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @_disfavoredOverload
  public func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
    takeOrTrap()
    defer { release() }
    return try body()
  }

  /// The same with a repair.
  ///
  /// - Parameters:
  ///   - recover: is run before `body`, with the lock, when an owner died since it last came to its end.
  ///   - body: is run with the lock.
  /// - Throws: what `recover` or `body` throws; the lock is given back then too.
  /// - Precondition: the calling thread does not have the lock already.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @_disfavoredOverload
  public func withLock<Result>(recover: () throws -> Void, _ body: () throws -> Result) throws -> Result {
    takeOrTrap()
    defer { release() }
    try repair(recover)
    return try body()
  }

  /// Runs `body` with the lock, unless the thread would have to wait for it for too long.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - recover: is run before `body`, with the lock, when an owner died since it last came to its end; `nil` for nothing.
  ///   - body: is run with the lock.
  /// - Throws: `LockError.timedOut`; `LockError.wouldDeadlock` when the calling thread has the lock already; else what
  ///   `recover` or `body` throws.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func withLock<Result>(
    timeout: Duration, recover: (() throws -> Void)? = nil, _ body: () throws -> Result
  ) throws -> Result {
    let result = take(until: MonotonicClock().now.advanced(by: max(.zero, timeout)).nanoseconds)
    if result == -EDEADLK { throw LockError.wouldDeadlock(nil) }
    if result == -ETIMEDOUT { throw LockError.timedOut(nil) }
    defer { release() }
    if let recover { try repair(recover) }
    return try body()
  }

  /// Runs `body` if the lock is free at this instant.
  ///
  /// - Returns: what `body` returns; `nil` when another thread has the lock.
  /// - Throws: `LockError.wouldDeadlock` when the calling thread has the lock already; else what `recover` or `body` throws.
  public func tryLock<Result>(
    recover: (() throws -> Void)? = nil, _ body: () throws -> Result
  ) throws -> Result? {
    guard try tryTake() else { return nil }
    defer { release() }
    if let recover { try repair(recover) }
    return try body()
  }

  /// Runs `body` with the lock; suspends the task until it has it.
  ///
  /// - Throws: `WaitError.cancelled`; `LockError.wouldDeadlock` when the calling thread has the lock already; else what
  ///   `recover` or `body` throws.
  /// - Cancellation: a waiting task gives up; a lock that is free is taken all the same.
  public func withLock<Result>(
    recover: (() throws -> Void)? = nil, _ body: () throws -> Result
  ) async throws -> Result {
    // The body runs on the thread that takes the lock, with no suspension between the two.
    while true {
      if try tryTake() { break }
      try await waitingTasks.waitUntilFree(self)
    }
    defer { release() }
    if let recover { try repair(recover) }
    return try body()
  }

  // MARK: Messages

  /// Takes the lock that came with a message.
  ///
  /// - Throws: ``SharedMemoryError`` when something else came.
  public init(from decoder: any Decoder) throws { region = try .decode(from: decoder, as: .lock) }

  /// Puts the lock beside the message that is being encoded.
  public func encode(to encoder: any Encoder) throws { try region.encode(to: encoder) }

  // MARK: The mutex

  /// Takes the lock: zero, -EDEADLK or -ETIMEDOUT.
  func take(until deadline: Int64) -> Int32 { noted(skein_shared_mutex_lock(mutex, deadline)) }

  private func tryTake() throws(LockError) -> Bool {
    let result = noted(skein_shared_mutex_try(mutex))
    if result == -EDEADLK { throw .wouldDeadlock(nil) }
    return result == 0
  }

  func takeOrTrap() {
    checkContract(
      take(until: -1) != -EDEADLK,
      "a SharedLock is taken again by the thread that has it: this would wait for ever")
  }

  func release() {
    let failure = skein_shared_mutex_unlock(mutex)
    checkContract(failure == 0, "a SharedLock is given back by a thread that does not have it")
  }

  /// Records an owner's death, with the lock in hand. Whoever dies in between leaves it to be recorded twice at worst.
  private func noted(_ result: Int32) -> Int32 {
    if result == 1 {
      _ = skein_exchange_u32(damage, 1)
      _ = skein_add_u32(deaths, 1)
      return 0
    }
    checkContract(
      [0, -EDEADLK, -ETIMEDOUT, -EBUSY].contains(result), "a SharedLock failed with error \(-result)")
    return result
  }

  private func repair(_ recover: () throws -> Void) rethrows {
    guard skein_load_u32(damage) != 0 else { return }
    try recover()
    _ = skein_exchange_u32(damage, 0)
  }
}

public import SkeinSync

/// What a semaphore must offer to be exercised by ``exerciseSemaphore(forms:isFair:limit:only:_:)``.
///
/// An implementation is most often wrapped: a small struct forwards each member, and maps errors of its own to
/// `WaitError`.
///
/// ```swift
/// struct SemaphoreUnderTest: ExercisableSemaphore {
///   let base: Semaphore
///   func acquire(_ count: Int) async throws { try await base.acquire(count) }
///   func acquire(_ count: Int) throws { try base.acquire(count) }
///   // ... and so on
/// }
/// ```
///
/// A semaphore for one form of waiting alone, say for threads, implements the other by a trap and names the
/// form that it has in the call.
public protocol ExercisableSemaphore: Sendable {
  /// How many permits are free at this instant.
  var freePermits: Int { get }
  /// How many threads and tasks wait at this instant.
  var waiterCount: Int { get }

  /// Takes permits if they are free and nobody waits.
  func tryAcquire(_ count: Int) -> Bool
  /// Gives permits back.
  func release(_ count: Int)
  /// Ends every wait, now and later.
  func close()

  /// Takes permits; suspends the task until they are free.
  func acquire(_ count: Int) async throws
  /// Takes permits; suspends the task until they are free, or until `timeout` has passed on `clock`.
  func acquire<C: DeadlineClock>(_ count: Int, timeout: Duration, clock: C) async throws

  /// Takes permits; blocks the thread until they are free.
  @available(*, noasync)
  func acquire(_ count: Int) throws
  /// Takes permits; blocks the thread until they are free, or until `timeout` has passed on `clock`.
  @available(*, noasync)
  func acquire<C: DeadlineClock>(_ count: Int, timeout: Duration, clock: C) throws
}

extension ExercisableSemaphore {
  /// Takes permits, in either form.
  func acquire(_ count: Int = 1, as form: WaitingForm) async throws {
    switch form {
    case .task: try await acquire(count)
    case .thread: try await onThread { try self.acquire(count) }
    }
  }

  /// Takes permits in time, in either form.
  func acquire(_ count: Int = 1, timeout: Duration, as form: WaitingForm) async throws {
    switch form {
    case .task: try await acquire(count, timeout: timeout, clock: MonotonicClock())
    case .thread:
      try await onThread { try self.acquire(count, timeout: timeout, clock: MonotonicClock()) }
    }
  }

  /// Starts a wait for permits, and returns once it stands in the queue.
  func startAcquiring(_ count: Int = 1, as form: WaitingForm) async throws -> Task<Void, any Error> {
    try await startWaiting({ waiterCount }) { try await acquire(count, as: form) }
  }
}

internal import CSkein
internal import SkeinSync

/// Two words of a primitive, by default those at its beginning, on which the threads and tasks of all processes wait for a change.
///
/// Whoever waits first counts himself, then reads the number of changes, then looks whether he is served, and sleeps while
/// the number stays. Whoever changes something does so first, and then looks whether anybody is counted. All of these are
/// sequentially consistent, so either he sees the waiter, or the waiter what he changed.
///
/// Everybody is woken by each change: a process that dies, or gives up, with a wake in its hands thus takes nothing from
/// others. A process that dies while it waits stays counted, which costs later changes a system call and nothing else. One
/// that dies between a change and the call that wakes is made up for by `SharedObjects.sweep`, which wakes all.
struct SharedChanges: Sendable {
  let region: SharedRegion
  /// Where they are behind the header.
  var offset = 0

  private var number: UnsafeMutableRawPointer { region.address + SharedLayout.words + offset }
  private var waiters: UnsafeMutableRawPointer { number + 4 }

  var waiterCount: Int { Int(skein_load_u32(waiters)) }

  /// Wakes all, after a change.
  func announce() {
    if skein_load_u32(waiters) != 0 { wakeAll() }
  }

  func wakeAll() {
    _ = skein_add_u32(number, 1)
    _ = skein_futex_wake(number, .max, true)
  }

  /// Blocks the thread until `attempt` has a result; `nil` when the deadline has passed (negative: there is none).
  @available(*, noasync)
  func wait<Result, Failure: Error>(
    until deadline: Int64, _ attempt: () throws(Failure) -> Result?
  ) throws(Failure) -> Result? {
    _ = skein_add_u32(waiters, 1)
    defer { _ = skein_add_u32(waiters, .max) }
    while true {
      let seen = skein_load_u32(number)
      if let result = try attempt() { return result }
      if deadline >= 0, skein_monotonic_nanoseconds() >= deadline { return nil }
      _ = skein_futex_wait(number, seen, deadline, true)
    }
  }

  /// Suspends the task until `attempt` has a result.
  ///
  /// Nothing is granted to a task but what it takes itself, so a wait that ends by cancellation or deadline has nothing to
  /// pass on.
  func wait<Result, C: DeadlineClock>(
    until deadline: C.Instant?, clock: C, _ attempt: () -> Result?
  ) async throws(WaitError) -> Result {
    _ = skein_add_u32(waiters, 1)
    defer { _ = skein_add_u32(waiters, .max) }
    while true {
      let seen = skein_load_u32(number)
      if let result = attempt() { return result }
      try await SharedWordMonitor.waitForChange(
        of: SharedWord(region: region, address: number), from: seen, until: deadline, clock: clock)
    }
  }
}

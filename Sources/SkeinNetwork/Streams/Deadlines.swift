internal import SkeinSync

extension Event {
  /// Waits, until a deadline if there is one.
  func wait<C: DeadlineClock>(until deadline: C.Instant?, _ clock: C) async throws(WaitError) {
    if let deadline {
      try await wait(until: deadline, clock: clock)
    } else {
      try await wait()
    }
  }
}

extension Semaphore {
  /// Takes a permit, waiting until a deadline if there is one.
  func acquire<C: DeadlineClock>(until deadline: C.Instant?, _ clock: C) async throws {
    if tryAcquire() { return }
    if let deadline {
      try await acquire(timeout: clock.now.duration(to: deadline), clock: clock)
    } else {
      try await acquire()
    }
  }
}

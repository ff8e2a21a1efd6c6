internal import SkeinSync

/// Until when to wait for futures, on some clock.
protocol FutureDeadline: Sendable {
  func wait(for future: AnyFuture) async throws
  @available(*, noasync) func wait(for future: AnyFuture) throws
}

extension FutureDeadline {
  func result<Value: Sendable>(of future: Future<Value>) async throws -> Value {
    try await wait(for: future)
    return try future.currentResult!.get()
  }

  @available(*, noasync)
  func result<Value: Sendable>(of future: Future<Value>) throws -> Value {
    try wait(for: future)
    return try future.currentResult!.get()
  }
}

struct ClockDeadline<C: DeadlineClock>: FutureDeadline {
  private let instant: C.Instant?
  private let clock: C

  /// - Parameter instant: `nil` for no limit.
  init(_ instant: C.Instant?, on clock: C) {
    self.instant = instant
    self.clock = clock
  }

  func wait(for future: AnyFuture) async throws {
    try await future.wait(until: instant, clock: clock, at: future.place)
  }

  @available(*, noasync)
  func wait(for future: AnyFuture) throws {
    try future.wait(until: instant, clock: clock, at: future.place)
  }
}

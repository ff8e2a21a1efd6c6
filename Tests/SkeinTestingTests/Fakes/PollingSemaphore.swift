import SkeinSync
import SkeinTesting

/// A semaphore that polls, right or with one fault.
final class PollingSemaphore: ExercisableSemaphore {
  enum Fault {
    case losesPermits, inventsPermits, grantsAtTimeout, takesAtTimeout, takesAtCancellation
    case ignoresCancellation, isUnfair, letsTriesOvertake, ignoresClose, giftAfterClose

    /// Whether the fault shows in somebody who waits for ever.
    var makesWait: Bool { self == .ignoresCancellation || self == .ignoresClose }
  }

  private struct State: Sendable {
    var free: Int
    var isClosed = false

    mutating func take(_ count: Int) throws -> Bool? {
      if isClosed { throw WaitError.closed }
      guard free >= count else { return nil }
      free -= count
      return true
    }
  }

  private let point: PollingPoint<State>
  private let fault: Fault?

  init(permits: Int, fault: Fault? = nil) {
    point = PollingPoint(State(free: permits), isFair: fault != .isUnfair)
    self.fault = fault
  }

  var freePermits: Int { point.update { $0.free } }
  var waiterCount: Int { point.waiterCount }

  func tryAcquire(_ count: Int) -> Bool {
    let waiters = fault == .letsTriesOvertake ? 0 : point.waiterCount
    return point.update { state in
      if state.isClosed && fault == .giftAfterClose { return true }
      guard waiters == 0, !state.isClosed, state.free >= count else { return false }
      state.free -= count
      return true
    }
  }

  func release(_ count: Int) {
    point.update { state in
      state.free += fault == .losesPermits && count > 1 ? count - 1 : count
      if fault == .inventsPermits { state.free += 1 }
    }
  }

  func close() {
    if fault != .ignoresClose { point.update { $0.isClosed = true } }
  }

  func acquire(_ count: Int) async throws {
    try await acquire(count, timeout: nil)
  }

  func acquire<C: DeadlineClock>(_ count: Int, timeout: Duration, clock: C) async throws {
    try await acquire(count, timeout: timeout as Duration?)
  }

  private func acquire(_ count: Int, timeout: Duration?) async throws {
    do {
      let isCancellable = fault != .ignoresCancellation
      _ = try await point.wait(timeout: timeout, isCancellable: isCancellable) { try $0.take(count) }
    } catch {
      try atEnd(error)
    }
  }

  @available(*, noasync)
  func acquire(_ count: Int) throws {
    _ = try point.wait { try $0.take(count) }
  }

  @available(*, noasync)
  func acquire<C: DeadlineClock>(_ count: Int, timeout: Duration, clock: C) throws {
    do { _ = try point.wait(timeout: timeout) { try $0.take(count) } } catch { try atEnd(error) }
  }

  private func atEnd(_ error: any Error) throws {
    switch (error as? WaitError, fault) {
    case (.timedOut, .grantsAtTimeout): return
    case (.timedOut, .takesAtTimeout), (.cancelled, .takesAtCancellation): point.update { $0.free -= 1 }
    default: break
    }
    throw error
  }
}

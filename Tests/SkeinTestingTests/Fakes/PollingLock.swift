import Glibc
import SkeinSync
import SkeinTesting

/// A lock that polls, right or with one fault.
final class PollingLock: Sendable {
  enum Fault {
    case excludesNobody, staysTakenAfterError, losesValue, triesWait, triesAlwaysFail, timedFormWaits
    case timedFormEnters, freesNobody, starvesSleepers

    /// Whether the fault shows in somebody who waits for ever.
    var makesWait: Bool {
      switch self {
      case .triesWait, .timedFormWaits, .freesNobody, .starvesSleepers: true
      default: false
      }
    }
  }

  struct WouldDeadlock: Error {}
  struct GivenUp: Error {}

  private struct State: Sendable {
    var holder: UInt?
    var depth = 0
    /// The first two threads that had the lock.
    var favourites: Set<UInt> = []
  }

  /// Long enough that a busy machine does not look like a fault, nor a fault like the end of a wait.
  private static var patience: Duration { .seconds(20) }

  private let state = Lock(State())
  private let fault: Fault?
  private let reentry: LockReentry
  private let freesTooEarly: Bool

  init(fault: Fault? = nil, reentry: LockReentry = .wouldDeadlock, freesTooEarly: Bool = false) {
    self.fault = fault
    self.reentry = reentry
    self.freesTooEarly = freesTooEarly
  }

  var adaptor: LockAdaptor {
    LockAdaptor(
      withLock: { body in
        guard let value = try self.run(timeout: Self.patience, body) else { throw GivenUp() }
        return value
      },
      tryLock: { body in
        try self.run(timeout: self.fault == .triesWait ? Self.patience : .zero, isTry: true, body)
      },
      withLockInTime: { timeout, body in
        let longer = self.fault == .timedFormWaits ? Self.patience : timeout
        if let value = try self.run(timeout: longer, body) { return value }
        if self.fault == .timedFormEnters { return try body() }
        throw WaitError.timedOut
      })
  }

  private func run(timeout: Duration, isTry: Bool = false, _ body: LockAdaptor.Body) throws -> Int? {
    if isTry && fault == .triesAlwaysFail { return nil }
    guard try acquire(timeout) else { return nil }
    let value: Int
    do { value = try body() } catch {
      if fault != .staysTakenAfterError { release() }
      throw error
    }
    release()
    return fault == .losesValue ? 0 : value
  }

  private func acquire(_ timeout: Duration) throws -> Bool {
    let (me, deadline) = (UInt(pthread_self()), MonotonicClock().now.advanced(by: timeout))
    for round in 0... {
      let isTaken = try state.withLock { state in
        guard try canTake(state, me) else { return false }
        if state.favourites.count < 2 { state.favourites.insert(me) }
        state.holder = me
        state.depth += 1
        return true
      }
      if isTaken { return true }
      if MonotonicClock().now >= deadline { return false }
      // Less and less often, so that who waits for ever costs little.
      usleep(20 << UInt32(min(round / 8, 8)))
    }
    return false
  }

  private func canTake(_ state: State, _ me: UInt) throws -> Bool {
    // Who comes third starves, whoever is quick and whoever is slow.
    let isThird = state.favourites.count == 2 && !state.favourites.contains(me)
    if fault == .starvesSleepers && isThird { return false }
    if fault == .excludesNobody || state.holder == nil { return true }
    guard state.holder == me else { return false }
    if reentry != .recursive { throw WouldDeadlock() }
    return true
  }

  private func release() {
    state.withLock { state in
      if fault == .freesNobody { return }
      state.depth -= 1
      if state.depth <= 0 || freesTooEarly || fault == .excludesNobody {
        state.depth = 0
        state.holder = nil
      }
    }
  }
}

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
    var changes = 0
  }

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
        guard let value = try self.run(timeout: .seconds(2), body) else { throw GivenUp() }
        return value
      },
      tryLock: { body in
        try self.run(timeout: self.fault == .triesWait ? .seconds(2) : .zero, isTry: true, body)
      },
      withLockInTime: { timeout, body in
        let longer = self.fault == .timedFormWaits ? .seconds(2) : timeout
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
    var changesSeen = -1
    while true {
      let isTaken = try state.withLock { state in
        defer { changesSeen = state.changes }
        guard try canTake(state, me) else { return false }
        // The one who starves waits for two looks between which nobody else took the lock.
        if fault == .starvesSleepers && changesSeen >= 0 && state.changes != changesSeen { return false }
        state.holder = me
        state.depth += 1
        state.changes += 1
        return true
      }
      if isTaken { return true }
      if MonotonicClock().now >= deadline { return false }
      usleep(fault == .starvesSleepers ? 2000 : 20)
    }
  }

  private func canTake(_ state: State, _ me: UInt) throws -> Bool {
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

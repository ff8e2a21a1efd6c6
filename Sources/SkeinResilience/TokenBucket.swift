internal import DequeModule
public import SkeinSync

/// A limit on how often something is done: so many times in a while, with a burst after a quiet time.
///
/// ```swift
/// let bucket = TokenBucket(100, per: .seconds(60), burst: 10)
/// try await bucket.acquire()
/// let page = try await fetch(url)
/// ```
///
/// The bucket is full at first, with `burst` tokens. Each call takes some, and they come again one by one, evenly. Who finds
/// too few reserves the instant at which there will be enough, and waits for that: in the order of asking, so that nobody is
/// overtaken, and woken alone.
///
/// - Invariant: in any span of time, no more tokens are given than `burst` and those that came in it; tokens are given in
///   the order of asking.
/// - Source: the token bucket of RFC 2697, in the form of the generic cell rate algorithm.
public final class TokenBucket<C: DeadlineClock>: Sendable {
  private struct Waiter: Sendable {
    let number: UInt64
    let tokens: Int
    /// When it gets them.
    var instant: C.Instant
    /// Is set when the instant has changed.
    let hasChanged: Event
  }

  private struct State: Sendable {
    /// When the bucket is, or was, empty: in the future while tokens are promised that have not come yet.
    var emptyAt: C.Instant
    var waiters: Deque<Waiter> = []
    var lastNumber: UInt64 = 0
  }

  /// How many tokens come in each `period`.
  public let rate: Int
  /// The time in which `rate` tokens come.
  public let period: Duration
  /// How many tokens the bucket holds.
  public let burst: Int
  private let clock: C
  /// What a token takes to come.
  private let interval: Duration
  private let state: Lock<State>

  /// Creates a full bucket.
  ///
  /// - Parameters:
  ///   - rate: how many tokens come in each period.
  ///   - period: the time in which they come.
  ///   - burst: how many tokens the bucket holds; by default one, so that what is done is spread evenly.
  ///   - clock: what measures time.
  ///   - name: what diagnosis calls it.
  /// - Precondition: all three are positive.
  public init(
    _ rate: Int, per period: Duration, burst: Int = 1, clock: C = MonotonicClock(), name: String? = nil
  ) {
    precondition(
      rate > 0 && burst > 0 && period / rate > .zero,
      "a token bucket needs a rate, a period and a burst, and not \(rate) per \(period) with \(burst)")
    (self.rate, self.period, self.burst, self.clock) = (rate, period, burst, clock)
    interval = period / rate
    state = Lock(
      State(emptyAt: clock.now.advanced(by: .zero - interval * burst)), name: name ?? "token bucket")
  }

  // MARK: Without waiting

  /// How many whole tokens are there at this instant; none while somebody waits.
  public var availableTokens: Int {
    let now = clock.now
    return state.withLock { state in
      let since = state.emptyAt.duration(to: now)
      guard since > .zero else { return 0 }
      return min(burst, Int(since / interval))
    }
  }

  /// How many wait for tokens.
  public var waiterCount: Int { state.withLock { $0.waiters.count } }

  /// Takes tokens if they are there at this instant, and nobody waits. Never waits.
  ///
  /// - Returns: whether they were.
  /// - Throws: ``TokenBucketError/exceedsBurst(tokens:burst:)``.
  /// - Precondition: `tokens` is positive.
  /// - Complexity: O(1).
  public func tryAcquire(_ tokens: Int = 1) throws(TokenBucketError) -> Bool {
    if case .now = try reserve(tokens, within: .zero) { true } else { false }
  }

  /// How long somebody would wait who asked for tokens at this instant: for a `Retry-After`, say. Nothing is taken.
  ///
  /// - Throws: ``TokenBucketError/exceedsBurst(tokens:burst:)``.
  /// - Complexity: O(1).
  public func delay(for tokens: Int = 1) throws(TokenBucketError) -> Duration {
    try check(tokens)
    let now = clock.now
    return state.withLock { state in max(.zero, now.duration(to: grant(of: tokens, state, now))) }
  }

  // MARK: Waiting

  /// Takes tokens; suspends the task until they are there.
  ///
  /// - Parameters:
  ///   - tokens: how many.
  ///   - timeout: how long to wait at the longest; `nil` is without limit. Who would have to wait longer is told at once.
  /// - Throws: ``TokenBucketError/exceedsBurst(tokens:burst:)``; `WaitError.timedOut`, `WaitError.cancelled`, and no token was
  ///   taken.
  /// - Cancellation: the tokens go back, and who asked later moves up.
  /// - Precondition: `tokens` is positive.
  /// - Complexity: O(1); O(waiters) for a cancellation.
  public func acquire(_ tokens: Int = 1, timeout: Duration? = nil) async throws {
    guard case .later(let number, let event) = try reserved(tokens, within: timeout) else { return }
    do {
      while let instant = turn(of: number, event) {
        do { try await event.wait(until: instant, clock: clock) } catch .timedOut {}
      }
    } catch {
      withdraw(number)
      throw error
    }
  }

  /// Takes tokens; blocks the thread until they are there.
  ///
  /// - Parameters:
  ///   - tokens: how many.
  ///   - timeout: how long to wait at the longest; `nil` is without limit. Who would have to wait longer is told at once.
  /// - Throws: ``TokenBucketError/exceedsBurst(tokens:burst:)``; `WaitError.timedOut`, and no token was taken.
  /// - Precondition: `tokens` is positive.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func acquire(_ tokens: Int = 1, timeout: Duration? = nil) throws {
    guard case .later(let number, let event) = try reserved(tokens, within: timeout) else { return }
    while let instant = turn(of: number, event) {
      do { try event.wait(until: instant, clock: clock) } catch .timedOut {} catch {
        withdraw(number)
        throw error
      }
    }
  }

  // MARK: Deciding

  private enum Reservation {
    case now
    case later(UInt64, Event)
    case tooLate
  }

  private func check(_ tokens: Int) throws(TokenBucketError) {
    precondition(tokens > 0, "\(tokens) tokens are none to take")
    guard tokens <= burst else { throw .exceedsBurst(tokens: tokens, burst: burst) }
  }

  /// When so many tokens, behind all that are promised, are there.
  private func grant(of tokens: Int, _ state: State, _ now: C.Instant) -> C.Instant {
    let fullBefore = now.advanced(by: .zero - interval * burst)
    return max(state.emptyAt, fullBefore).advanced(by: interval * tokens)
  }

  private func reserved(_ tokens: Int, within timeout: Duration?) throws -> Reservation {
    let reservation = try reserve(tokens, within: timeout)
    if case .tooLate = reservation { throw WaitError.timedOut }
    return reservation
  }

  private func reserve(
    _ tokens: Int, within timeout: Duration?
  ) throws(TokenBucketError) -> Reservation {
    try check(tokens)
    let now = clock.now
    return state.withLock { state -> Reservation in
      let instant = grant(of: tokens, state, now)
      if let timeout, now.duration(to: instant) > max(.zero, timeout) { return .tooLate }
      state.emptyAt = instant
      guard instant > now else { return .now }
      state.lastNumber += 1
      let event = Event(name: "tokens")
      state.waiters.append(
        Waiter(number: state.lastNumber, tokens: tokens, instant: instant, hasChanged: event))
      return .later(state.lastNumber, event)
    }
  }

  /// The instant that a waiter waits for; `nil` when it has come, and its tokens are its.
  private func turn(of number: UInt64, _ event: Event) -> C.Instant? {
    let now = clock.now
    return state.withLock { state in
      guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
      if state.waiters[index].instant > now {
        event.reset()
        return state.waiters[index].instant
      }
      state.waiters.remove(at: index)
      return nil
    }
  }

  /// Gives the tokens of a waiter back: those behind it move up.
  private func withdraw(_ number: UInt64) {
    let moved = state.withLock { state -> [Event] in
      guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return [] }
      let gain = interval * state.waiters.remove(at: index).tokens
      state.emptyAt = state.emptyAt.advanced(by: .zero - gain)
      for behind in index..<state.waiters.count {
        state.waiters[behind].instant = state.waiters[behind].instant.advanced(by: .zero - gain)
      }
      return state.waiters[index...].map(\.hasChanged)
    }
    for event in moved { event.set() }
  }
}

/// Why a bucket never gives so many tokens.
public enum TokenBucketError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The bucket never holds so many.
  case exceedsBurst(tokens: Int, burst: Int)

  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch self {
    case .exceedsBurst(let tokens, let burst):
      "\(tokens) tokens are more than the bucket ever holds (\(burst)): ask for fewer at a time, or give it a greater burst"
    }
  }
}

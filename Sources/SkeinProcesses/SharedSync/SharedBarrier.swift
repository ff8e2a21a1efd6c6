internal import CSkein
public import SkeinSync

/// A place at which a number of threads and tasks of several processes wait for each other.
///
/// ```swift
/// let barrier = try SharedBarrier(parties: 3)
/// let index = try await barrier.wait()
/// ```
///
/// A party that gives up, by its deadline or by cancellation, breaks the barrier for all others, and so does a process that
/// dies while the barrier counts it. A broken barrier stays so until it is reset.
///
/// - Invariant: a round lets go all its parties or none.
/// - Source: behaviour after CPython's `multiprocessing.Barrier`.
public final class SharedBarrier: Sendable, Codable {
  private let core: BarrierCore

  /// Makes a barrier.
  ///
  /// - Parameter parties: how many have to arrive; at least one.
  /// - Throws: ``SharedMemoryError``: such a number can not be, or the system has no memory or no descriptor left.
  public init(parties: Int) throws(SharedMemoryError) {
    guard (1...65_536).contains(parties) else { throw .invalidCount(parties) }
    let layout = SharedLayout(kind: .barrier, elementStride: 8, count: parties)
    core = BarrierCore(
      region: try .make(layout) { region throws(SharedMemoryError) in
        let failure = skein_shared_mutex_make(BarrierCore(region: region).mutex)
        guard failure == 0 else { throw .system(-failure) }
      })
  }

  /// How many parties have to arrive.
  public var parties: Int { core.parties }

  /// How many have arrived in this round.
  public var arrivedCount: Int { core.arrivedCount }

  /// Whether the barrier is broken.
  public var isBroken: Bool { core.isBroken }

  /// Suspends the task until all parties have arrived.
  ///
  /// - Returns: a number that each party of the round has for itself, from zero on in the order of arrival.
  /// - Throws: `BarrierError.broken` or `BarrierError.cancelled`.
  /// - Cancellation: the barrier is broken, unless the round was complete.
  public func wait() async throws(BarrierError) -> Int {
    try await wait(until: nil, clock: MonotonicClock())
  }

  /// Suspends the task until all parties have arrived, or until `timeout` has passed, which breaks the barrier.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures the time.
  /// - Returns: a number that each party of the round has for itself, from zero on in the order of arrival.
  /// - Throws: `BarrierError.broken`, `BarrierError.timedOut` or `BarrierError.cancelled`.
  /// - Cancellation: the barrier is broken, unless the round was complete.
  public func wait<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock()
  ) async throws(BarrierError) -> Int {
    try await wait(until: clock.now.advanced(by: timeout), clock: clock)
  }

  private func wait<C: DeadlineClock>(
    until deadline: C.Instant?, clock: C
  ) async throws(BarrierError) -> Int {
    guard let place = core.arrive() else { throw .broken }
    if place.isLast { return place.index }
    do throws(WaitError) {
      let isMet = try await core.changes.wait(until: deadline, clock: clock) { core.outcome(of: place.round) }
      if isMet { return place.index }
    } catch {
      // It may have been decided in the meantime.
      if let isMet = core.breakRound(place.round) {
        if isMet { return place.index }
      } else {
        throw error == .cancelled ? .cancelled : .timedOut
      }
    }
    throw .broken
  }

  /// Blocks the thread until all parties have arrived.
  ///
  /// - Parameter timeout: how long to wait at the longest, after which the barrier is broken; `nil` for no limit.
  /// - Returns: a number that each party of the round has for itself, from zero on in the order of arrival.
  /// - Throws: `BarrierError.broken` or `BarrierError.timedOut`.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func wait(timeout: Duration? = nil) throws(BarrierError) -> Int {
    guard let place = core.arrive() else { throw .broken }
    if place.isLast { return place.index }
    let deadline = timeout.map { MonotonicClock().now.advanced(by: max(.zero, $0)).nanoseconds } ?? -1
    let outcome = core.changes.wait(until: deadline) { core.outcome(of: place.round) }
    guard let isMet = outcome ?? core.breakRound(place.round) else { throw .timedOut }
    if isMet { return place.index }
    throw .broken
  }

  /// Breaks the barrier: who waits, and who comes, gets `BarrierError.broken`.
  public func abort() { core.abort() }

  /// Makes the barrier usable again; who waits at this instant gets `BarrierError.broken`.
  public func reset() { core.reset() }

  /// Takes the barrier that came with a message.
  ///
  /// - Throws: ``SharedMemoryError`` when something else came.
  public init(from decoder: any Decoder) throws {
    core = BarrierCore(region: try .decode(from: decoder, as: .barrier, elementStride: 8))
  }

  /// Puts the barrier beside the message that is being encoded.
  public func encode(to encoder: any Encoder) throws { try core.region.encode(to: encoder) }
}

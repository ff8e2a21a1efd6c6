internal import CSkein
public import SkeinSync

/// A flag for which the threads and tasks of several processes wait.
///
/// ```swift
/// let isReady = try SharedEvent()
/// try await isReady.wait(timeout: .seconds(5))
/// ```
///
/// Whoever waits when the flag is set is let go, also when it is cleared again at once.
///
/// - Source: behaviour after CPython's `multiprocessing.Event`.
public final class SharedEvent: Sendable, Codable {
  private let region: SharedRegion
  private let changes: SharedChanges
  private var flag: UnsafeMutableRawPointer { region.address + SharedLayout.words + 8 }
  /// How often the flag was set.
  private var rounds: UnsafeMutableRawPointer { region.address + SharedLayout.words + 12 }

  /// Makes an event that is not set.
  ///
  /// - Throws: ``SharedMemoryError`` when the system has no memory or no descriptor left.
  public init() throws(SharedMemoryError) {
    region = try .make(SharedLayout(kind: .event, count: 0))
    changes = SharedChanges(region: region)
  }

  /// Whether the event is set at this instant.
  public var isSet: Bool { skein_load_u32(flag) != 0 }

  /// How many threads and tasks of all processes wait at this instant; those of processes that died while they waited are
  /// counted too.
  public var waiterCount: Int { changes.waiterCount }

  /// Sets the flag, and lets all go who wait.
  public func set() {
    // The flag first: whoever sees another round may rely on that it was set.
    guard skein_replace_u32(flag, 0, 1) else { return }
    _ = skein_add_u32(rounds, 1)
    changes.announce()
  }

  /// Takes the flag back: who comes from now on waits.
  public func clear() { _ = skein_exchange_u32(flag, 0) }

  private func isServed(since round: UInt32) -> Bool? {
    isSet || skein_load_u32(rounds) != round ? true : nil
  }

  /// Blocks the thread until the event is set.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func wait() {
    let round = skein_load_u32(rounds)
    if isSet { return }
    _ = changes.wait(until: -1) { isServed(since: round) }
  }

  /// Blocks the thread until the event is set, or until `timeout` has passed.
  ///
  /// - Throws: `WaitError.timedOut`.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func wait(timeout: Duration) throws(WaitError) {
    let round = skein_load_u32(rounds)
    if isSet { return }
    let deadline = MonotonicClock().now.advanced(by: max(.zero, timeout)).nanoseconds
    guard changes.wait(until: deadline, { isServed(since: round) }) != nil else { throw .timedOut }
  }

  /// Suspends the task until the event is set.
  ///
  /// - Throws: `WaitError.cancelled`.
  /// - Cancellation: the task gives up; nothing else changes.
  public func wait() async throws(WaitError) {
    let round = skein_load_u32(rounds)
    if isSet { return }
    _ = try await changes.wait(until: nil, clock: MonotonicClock()) { isServed(since: round) }
  }

  /// Suspends the task until the event is set, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures the time.
  /// - Throws: `WaitError.timedOut` or `WaitError.cancelled`.
  /// - Cancellation: the task gives up; nothing else changes.
  public func wait<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock()
  ) async throws(WaitError) {
    let round = skein_load_u32(rounds)
    if isSet { return }
    let deadline = clock.now.advanced(by: timeout)
    _ = try await changes.wait(until: deadline, clock: clock) { isServed(since: round) }
  }

  /// Takes the event that came with a message.
  ///
  /// - Throws: ``SharedMemoryError`` when something else came.
  public init(from decoder: any Decoder) throws {
    region = try .decode(from: decoder, as: .event)
    changes = SharedChanges(region: region)
  }

  /// Puts the event beside the message that is being encoded.
  public func encode(to encoder: any Encoder) throws { try region.encode(to: encoder) }
}

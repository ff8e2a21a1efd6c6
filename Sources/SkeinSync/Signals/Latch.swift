internal import Synchronization

/// A gate that opens, for good, once a number of things has happened.
///
/// Whoever finishes one counts down; threads and tasks that wait go on when the count is zero. Counting down,
/// and waiting at an open latch, are one atomic operation.
///
/// ```swift
/// let isLoaded = Latch(count: shards.count)
/// for shard in shards {
///   Task { await shard.load(); isLoaded.countDown() }
/// }
/// try await isLoaded.wait()
/// ```
///
/// - Invariant: the count never grows, and is never negative.
/// - Source: behaviour after Java's `CountDownLatch` and C++'s `std::latch`.
public final class Latch: Sendable {
  private let remaining: Countdown
  private let waiters: WaitPoint<Void, Void>

  /// Creates a latch.
  ///
  /// - Parameters:
  ///   - count: how many times it is to be counted down; with zero it is open at once.
  ///   - name: what traps and diagnosis call it.
  /// - Precondition: `count` is not negative.
  public init(count: Int, name: String? = nil, file: StaticString = #fileID, line: UInt = #line) {
    let identity = ObjectIdentity("Latch", name: name, place: SourcePlace(file, line))
    checkContract(count >= 0, "\(identity) can not count down from \(count)")
    let remaining = Countdown(from: count)
    self.remaining = remaining
    let description = WaitDescription<Void, Void>(state: { "\(remaining.value) to count down" })
    waiters = WaitPoint(
      (), identity: identity, description: description, grantsWhenClosed: true
    ) { guarded, wakes in
      if remaining.value == 0 { guarded.queue.claimAll(as: .granted, &wakes) }
    }
  }

  /// How many times it is still to be counted down, at this instant.
  public var count: Int { remaining.value }

  /// Whether the count has come to zero.
  public var isOpen: Bool { remaining.value == 0 }

  /// How many threads and tasks wait at this instant.
  public var waiterCount: Int { waiters.waiterCount }

  /// Counts down; at zero, lets go everybody who waits.
  ///
  /// - Parameter count: by how much.
  /// - Precondition: `count` is positive, and at most what is left.
  /// - Complexity: O(1), and O(waiters) for the one that opens the latch.
  public func countDown(_ count: Int = 1) {
    checkContract(count > 0, "\(waiters.identity) can not be counted down by \(count)")
    guard let left = remaining.subtract(count) else {
      breakContract("\(waiters.identity) is counted down by \(count) with only \(self.count) left")
    }
    if left == 0 { waiters.update { _ in } }
  }

  /// Ends every wait, now and later, with ``WaitError/closed``, unless the latch is open.
  public func close() {
    waiters.close()
  }

  // MARK: Waiting

  /// Suspends the task until the latch is open.
  ///
  /// - Throws: ``WaitError/cancelled`` or ``WaitError/closed``.
  /// - Cancellation: the task leaves the queue; the count stays as it is.
  public func wait(file: StaticString = #fileID, line: UInt = #line) async throws(WaitError) {
    if isOpen { return }
    try await waiters.wait(
      for: (), until: nil, clock: MonotonicClock(), at: SourcePlace(file, line), admit: admit)
  }

  /// Suspends the task until the latch is open, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Throws: ``WaitError``.
  /// - Cancellation: the task leaves the queue; the count stays as it is.
  public func wait<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) async throws(WaitError) {
    if isOpen { return }
    let deadline = clock.now.advanced(by: timeout)
    try await waiters.wait(for: (), until: deadline, clock: clock, at: SourcePlace(file, line), admit: admit)
  }

  /// Blocks the thread until the latch is open.
  ///
  /// - Throws: ``WaitError/closed``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func wait(file: StaticString = #fileID, line: UInt = #line) throws(WaitError) {
    if isOpen { return }
    try waiters.wait(
      for: (), until: nil, clock: MonotonicClock(), at: SourcePlace(file, line), admit: admit)
  }

  /// Blocks the thread until the latch is open, or until `timeout` has passed.
  ///
  /// - Throws: ``WaitError/timedOut`` or ``WaitError/closed``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func wait<C: DeadlineClock>(
    timeout: Duration, clock: C = MonotonicClock(), file: StaticString = #fileID, line: UInt = #line
  ) throws(WaitError) {
    if isOpen { return }
    let deadline = clock.now.advanced(by: timeout)
    try waiters.wait(for: (), until: deadline, clock: clock, at: SourcePlace(file, line), admit: admit)
  }

  private func admit(_: inout WaitPoint<Void, Void>.Guarded, _: inout Void) -> Bool { isOpen }
}

/// The count of a latch.
private final class Countdown: Sendable {
  private let word: Atomic<Int>

  init(from count: Int) { word = Atomic(count) }

  var value: Int { word.load(ordering: .acquiring) }

  /// Takes `count` off and returns what is left; `nil` when there is less, which then stays.
  func subtract(_ count: Int) -> Int? {
    var seen = word.load(ordering: .relaxed)
    while seen >= count {
      let (exchanged, original) = word.compareExchange(
        expected: seen, desired: seen - count, ordering: .acquiringAndReleasing)
      if exchanged { return seen - count }
      seen = original
    }
    return nil
  }
}

internal import SkeinSync

/// Why a condition that was awaited did not come true.
public struct EventuallyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was awaited.
  public let expectation: String
  /// How long.
  public let limit: Duration

  /// A sentence for people.
  public var description: String { "within \(limit) it did not come about that \(expectation)" }
}

/// Looks again and again until `condition` holds: only for what gives no signal, such as a waiter count.
///
/// It yields at first, and looks every millisecond once that has not helped.
///
/// ```swift
/// try await eventually("two tasks wait") { semaphore.waiterCount == 2 }
/// ```
///
/// - Parameters:
///   - expectation: what is awaited, as the end of the sentence "it did not come about that ...".
///   - limit: how much real time that may take; generous, for it is reached only when the code under test is
///     wrong.
///   - condition: what must come true.
/// - Throws: ``EventuallyError`` past the limit, `CancellationError`, or what `condition` throws.
public func eventually(
  _ expectation: String, limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
  let clock = MonotonicClock()
  let deadline = clock.now.advanced(by: limit)
  var yields = 0
  while try await !condition() {
    guard clock.now < deadline else { throw EventuallyError(expectation: expectation, limit: limit) }
    try Task.checkCancellation()
    if yields < 100 {
      yields += 1
      await Task.yield()
    } else {
      try await clock.sleep(until: clock.now.advanced(by: .milliseconds(1)))
    }
  }
}

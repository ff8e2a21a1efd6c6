internal import SkeinThreads

/// Threads that a piece of code has left behind.
public struct ThreadLeakError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The names of those that were alive when the check gave up, in the order of their making.
  public let threadNames: [String]
  /// How long their ends were waited for.
  public let limit: Duration

  /// A sentence for people.
  public var description: String {
    let names = threadNames.map { "“\($0)”" }.joined(separator: ", ")
    return "within \(limit) these threads did not end: \(names); the code that made them must have them end"
  }
}

/// Runs `body`, and checks that every thread that is made in it ends.
///
/// Counted is each `OSThread` that `body`, its child tasks or such a thread start, those of pools and timers
/// included. A thread ends a little later than what it does: the check waits for that.
///
/// ```swift
/// try await withThreadLeakCheck {
///   let timer = RepeatingTimer(every: .seconds(1)) {}
///   try timer.start()
///   timer.cancel()
/// }
/// ```
///
/// - Parameter limit: how much real time the ends may take; generous, for it is reached only when a thread was left.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws, and nothing is checked then; ``ThreadLeakError``, which names the threads.
public func withThreadLeakCheck<Result>(
  limit: Duration = .seconds(60), _ body: () async throws -> Result
) async throws -> Result {
  let census = ThreadCensus()
  let result = try await ThreadCensus.$current.withValue(census) { try await body() }
  do {
    try await eventually("all threads have ended", limit: limit) { census.names.isEmpty }
  } catch is EventuallyError {
    throw ThreadLeakError(threadNames: census.names, limit: limit)
  }
  return result
}

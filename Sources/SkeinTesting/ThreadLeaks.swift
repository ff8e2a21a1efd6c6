internal import SkeinThreads

/// Threads that outlived what they were made in.
public struct ThreadLeak: Error, Hashable, Sendable, CustomStringConvertible {
  /// Their names.
  public let names: [String]

  /// A sentence for people.
  public var description: String {
    "\(names.count) thread\(names.count == 1 ? "" : "s") went on: \(names.joined(separator: ", "))"
  }
}

/// Runs `body`, and makes sure that every `OSThread` that was made inside has ended shortly after it.
///
/// Threads that such threads make count as well. A test that leaves a pool or a timer behind is found in this way.
///
/// ```swift
/// try await withThreadLeakCheck {
///   let pool = try ThreadPool(threads: 2)
///   // …
///   await pool.shutdown()
/// }
/// ```
///
/// - Parameters:
///   - limit: how long the threads may take to end after `body`.
///   - body: makes the threads.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws, else ``ThreadLeak``.
public func withThreadLeakCheck<Result>(
  limit: Duration = .seconds(30), _ body: () async throws -> Result
) async throws -> Result {
  let census = ThreadCensus()
  let result = try await ThreadCensus.$current.withValue(census) { try await body() }
  do {
    try await eventually("all threads have ended", limit: limit) { census.names.isEmpty }
  } catch is EventuallyError {
    throw ThreadLeak(names: census.names)
  }
  return result
}

internal import SkeinSync

/// The nearest deadline that the current task runs under.
///
/// ``withTimeout(_:clock:isolation:_:)`` sets it for its body. Code that calls out of the process reads it to
/// pass the rest of the time on, or to leave out what can not be done any more.
///
/// ```swift
/// if let deadline = TaskDeadline.current, deadline.remaining < .milliseconds(50) { return cachedPage }
/// ```
///
/// - Note: it is a task-local value. A `Task {}` that is started under a deadline and outlives it still reads
///   it, though nothing ends that task.
public struct TaskDeadline: Sendable {
  @TaskLocal private static var nearest: TaskDeadline?

  /// The nearest deadline of the current task; `nil` when it has none.
  public static var current: TaskDeadline? { nearest }

  /// How long the work was given from its start to this deadline.
  public let timeout: Duration

  private let measure: @Sendable () -> Duration

  init<C: DeadlineClock>(_ deadline: C.Instant, timeout: Duration, clock: C) {
    self.timeout = timeout
    measure = { clock.now.duration(to: deadline) }
  }

  /// How much time is left; zero or less when the deadline has passed.
  public var remaining: Duration { measure() }

  /// Runs `body` with this deadline, or with one around it that is nearer, as the current one.
  func run<Result>(
    isolation: isolated (any Actor)?, _ body: () async throws -> Result
  ) async rethrows -> Result {
    let outer = Self.nearest
    let isNearest = outer.map { remaining < $0.remaining } ?? true
    // A closure of its own, which is isolated as this function is: given `body` itself, the standard library,
    // which is not compiled with SE-0461, would run it in no isolation.
    return try await Self.$nearest.withValue(isNearest ? self : outer) {
      _ = isolation
      return try await body()
    }
  }
}

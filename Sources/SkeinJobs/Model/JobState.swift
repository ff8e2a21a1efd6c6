/// Where a job stands in its life; ``JobLife`` has the table of how it moves on.
public enum JobState: Int, Codable, Hashable, Sendable, CaseIterable {
  /// Other jobs must end first.
  case waiting
  /// It runs later: it was enqueued with a delay, or waits for its next attempt.
  case scheduled
  /// A worker may take it.
  case ready
  /// A worker has taken it.
  case running
  /// It ended well; its result is kept.
  case succeeded
  /// It ended badly, for a ``FailureReason``.
  case failed
  /// It was cancelled.
  case cancelled
  /// Its time to start ran out.
  case expired

  /// Whether the job's life is over.
  public var isFinished: Bool { self >= .succeeded }

  /// The state's name, in lower case.
  public var name: String { String(describing: self) }

  /// Finds a state by its name.
  public init?(name: String) {
    guard let state = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = state
  }
}

extension JobState: Comparable {
  /// Orders states by the usual course of a life.
  public static func < (left: JobState, right: JobState) -> Bool { left.rawValue < right.rawValue }
}

/// Why a job failed for good.
public enum FailureReason: Int, Codable, Hashable, Sendable, CaseIterable {
  /// Every attempt that its retry policy allows was used up.
  case exhausted
  /// The error was one that a repetition can not cure.
  case permanent
  /// The last attempt ran into its time limit.
  case timeLimit
  /// It was running each time when its worker died, as often as is tolerated.
  case poisoned

  /// The reason's name.
  public var name: String { String(describing: self) }
}

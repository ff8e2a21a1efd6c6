/// What must have happened to another job before a job may start.
public struct JobDependency: Hashable, Sendable {
  /// Which end of the other job is waited for. Whatever is no success counts as a failure: failed, cancelled, expired.
  public enum Condition: Int, Hashable, Sendable, CaseIterable {
    /// Its success. When it fails, the waiting job is cancelled.
    case success
    /// Its end, whichever it is.
    case end
    /// Its failure. When it succeeds, the waiting job is cancelled.
    case failure
    /// Its failure, as of ``failure``; and the waiting job takes its place: whoever waits for the success of the failed
    /// one then waits for the waiting one's, and gets its result.
    case fallback

    /// Whether an end is the one that is waited for.
    func isMet(byEnd state: JobState) -> Bool {
      switch self {
      case .success: state == .succeeded
      case .end: true
      case .failure, .fallback: state != .succeeded
      }
    }
  }

  /// The other job.
  public var job: JobID
  /// Which end is waited for.
  public var condition: Condition

  /// Creates a dependency, on the other job's success unless something else is said.
  public init(on job: JobID, _ condition: Condition = .success) {
    self.job = job
    self.condition = condition
  }
}

/// One job waits for another: a dependency as a store keeps it.
public struct JobLink: Hashable, Sendable {
  /// What has become of a link.
  public enum State: Int, Hashable, Sendable, CaseIterable {
    /// The other job has not ended, or nobody waited any more when it did.
    case pending
    /// What was waited for has happened.
    case met
    /// It can not happen any more.
    case broken
  }

  /// The number of the job that waits.
  public var job: Int64
  /// The number of the job that is waited for.
  public var needs: Int64
  /// Which end of it is waited for.
  public var condition: JobDependency.Condition
  /// What has become of it.
  public var state: State

  /// Creates a link.
  public init(job: Int64, needs: Int64, condition: JobDependency.Condition, state: State) {
    self.job = job
    self.needs = needs
    self.condition = condition
    self.state = state
  }
}

/// How a job is tied to others.
public struct JobTies: OptionSet, Hashable, Sendable {
  /// The bits, as they are stored.
  public let rawValue: Int

  /// Creates a set from its bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// It has dependencies.
  public static let needsOthers = JobTies(rawValue: 1)
  /// Others have it among their dependencies.
  public static let isNeeded = JobTies(rawValue: 2)
  /// One of its dependencies that is met suffices for its start.
  public static let startsAfterAny = JobTies(rawValue: 4)
  /// When it fails, what is unfinished of its group is cancelled.
  public static let failsTogether = JobTies(rawValue: 8)
}

/// What follows for a waiting job from what has become of its links. Pure; every store decides by it.
enum JoinVerdict: Hashable, Sendable {
  case waits, starts
  /// It can never start.
  case isHopeless

  /// Decides when one link of a job has been met or broken, which was undecided before.
  init(_ state: JobLink.State, _ ties: JobTies, hasPending: Bool) {
    let decides = ties.contains(.startsAfterAny) ? JobLink.State.met : .broken
    if state == decides {
      self = state == .met ? .starts : .isHopeless
    } else {
      self = hasPending ? .waits : state == .met ? .starts : .isHopeless
    }
  }

  /// Decides by all links of a job.
  init(_ states: some Collection<JobLink.State>, _ ties: JobTies) {
    let decides = ties.contains(.startsAfterAny) ? JobLink.State.met : .broken
    if states.contains(decides) {
      self = decides == .met ? .starts : .isHopeless
    } else if states.contains(.pending) {
      self = .waits
    } else {
      self = decides == .met ? .isHopeless : .starts
    }
  }
}

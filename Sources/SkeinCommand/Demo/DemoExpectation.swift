internal import FoundationEssentials
internal import SkeinJobs

/// What became of a job.
struct DemoOutcome: Sendable {
  var record: JobRecord
  var attempts: [AttemptRecord]
  /// How many jobs of the backlog, all submitted earlier, started later than this one.
  var overtaken = 0
  /// How many of the jobs that it waits for had succeeded when it started.
  var joined = 0

  /// When the first attempt started.
  var firstStart: Date? { attempts.first?.startedAt }
}

/// What should become of a job.
enum DemoExpectation: Hashable, Sendable {
  case success
  case successAfterFailures(Int)
  case timeLimit
  case exhausted(attempts: Int, exitCode: Int32)
  case contained
  case overtakes(least: Int)
  case survivesCrash
  case joins(Int)
  case once(asked: Int)
  case ticks

  /// For people.
  var text: String {
    switch self {
    case .success: "succeeds"
    case .successAfterFailures(let count): "succeeds after \(count) failures"
    case .timeLimit: "ended at its time limit"
    case .exhausted(let attempts, let code): "fails \(attempts) times with code \(code)"
    case .contained: "its process alone ends"
    case .overtakes(let least): "overtakes \(least) or more"
    case .survivesCrash: "finished by another"
    case .joins(let count): "joins \(count) results"
    case .once(let asked): "one job for \(asked) requests"
    case .ticks: "a job for each tick"
    }
  }

  /// Whether it came about.
  func isMet(by outcome: DemoOutcome) -> Bool {
    let state = outcome.record.state
    let ends = outcome.attempts.map(\.outcome)
    switch self {
    case .success, .once, .ticks:
      return state == .succeeded
    case .joins(let count):
      return state == .succeeded && outcome.joined == count
    case .successAfterFailures(let count):
      return state == .succeeded && ends == Array(repeating: .failed, count: count) + [.succeeded]
    case .timeLimit:
      return state == .failed && outcome.record.life.reason == .timeLimit && ends == [.timedOut]
    case .exhausted(let attempts, let code):
      return state == .failed && outcome.record.life.reason == .exhausted && ends.count == attempts
        && outcome.attempts.allSatisfy { $0.outcome == .failed && $0.error?.exitCode == code }
    case .contained:
      let error = outcome.attempts.first?.error
      return state == .failed && error?.exitCode.map { $0 < 0 } == true
        && error?.message.contains("Fatal error") == true
    case .overtakes(let least):
      return state == .succeeded && outcome.overtaken >= least
    case .survivesCrash:
      return state == .succeeded && ends == [.crashed, .succeeded]
        && outcome.attempts.first?.worker != outcome.attempts.last?.worker
    }
  }
}

import SkeinJobs
import SkeinResilience
import SkeinWork

/// The fixture's jobs, as its producers know them: what they do is written in the fixture.
protocol FixtureJob: Job where Output == Nothing {}

extension FixtureJob {
  func run(in context: JobContext) async throws -> Nothing { Nothing() }
}

/// Writes a line to a file for each attempt; the first ones may fail.
struct Note: FixtureJob {
  static let name = "note"
  var file: String
  var text = ""
  var failures: Int?

  var options: JobOptions {
    JobOptions {
      $0.retry = RetryPolicy(backoff: .fixed(.milliseconds(1)), jitter: .none, maximumAttempts: 3)
    }
  }
}

/// Kills its worker.
struct Poison: FixtureJob { static let name = "poison" }

/// Runs until the file `gate`, or the attempt's own (`gate.1`), exists.
struct Bystander: FixtureJob {
  static let name = "bystander"
  var file: String
  var gate: String
}

/// Starts a program in a group of its own, and waits for ever.
struct Spawn: FixtureJob {
  static let name = "spawn"
  var file: String
}

/// Sets its worker's wall clock ahead or back, then runs until the file `gate` exists.
struct ClockStep: FixtureJob {
  static let name = "clock-step"
  var seconds: Int64
  var gate: String
}

/// Does what a worker would rather not have in its own process; gives the id of the one that ran it.
struct Misbehave: Job {
  static let name = "misbehave"
  var how: String
  var file: String

  func run(in context: JobContext) async throws -> Int32 { 0 }
}

internal import SkeinFutures

/// What the runs of a command came to, each figure as the mean of them unless it says otherwise.
struct CommandFigures: Sendable {
  var command: [String]
  var runs: [CommandRun]
  /// How long the runs took.
  var wall: Timing
  /// How many processors the command could use.
  var processors: Int

  /// - Precondition: there is one run at least.
  init(command: [String], runs: [CommandRun], processors: Int) throws {
    self.command = command
    self.runs = runs
    self.processors = processors
    wall = try Timing(samples: runs.map(\.wall))
  }

  var user: Duration { mean(\.user) }
  var system: Duration { mean(\.system) }
  var queued: Duration { mean(\.queued) }
  var voluntarySwitches: Int { mean(\.voluntarySwitches) }
  var involuntarySwitches: Int { mean(\.involuntarySwitches) }
  /// The most of all runs.
  var threads: Int { runs.map(\.threads).max() ?? 1 }
  /// The most of all runs; what is known of one comes before what bounds another.
  var peakMemory: PeakMemory {
    let known = runs.map(\.peakMemory).filter { !$0.isBound }
    return (known.isEmpty ? runs.map(\.peakMemory) : known).max { $0.bytes < $1.bytes } ?? PeakMemory()
  }

  /// How many processors worked for it, on the average of its time.
  var busyProcessors: Double { wall.mean > .zero ? (user + system) / wall.mean : 0 }

  /// The part of the processors' time that it used, from 0 to 1.
  var processorShare: Double { min(1, busyProcessors / Double(processors)) }

  /// The part of its time that it waits; longer runs count more.
  var waitShare: Double {
    let weighed = runs.reduce(0) { $0 + $1.waitShare * ($1.wall / .seconds(1)) }
    let all = runs.reduce(0) { $0 + $1.wall / .seconds(1) }
    return all > 0 ? min(1, weighed / all) : 0
  }

  /// The part of the time in which it could have computed that it stood in the queue for a processor.
  var queuedShare: Double {
    let wanted = user + system + queued
    return wanted > .zero ? queued / wanted : 0
  }

  private func mean(_ figure: (CommandRun) -> Duration) -> Duration {
    runs.reduce(.zero) { $0 + figure($1) } / runs.count
  }

  private func mean(_ figure: (CommandRun) -> Int) -> Int {
    Int((Double(runs.reduce(0) { $0 + figure($1) }) / Double(runs.count)).rounded())
  }
}

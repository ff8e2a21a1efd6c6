internal import SkeinFutures

/// Figures and advice as JSON.
struct AdviceView: Encodable {
  struct Run: Encodable {
    var seconds, userSeconds, systemSeconds, queuedSeconds, waitShare: Double
    var voluntarySwitches, involuntarySwitches, threads: Int
    /// Left out when only a bound is known.
    var peakMemoryBytes: Int?
    var exitCode: Int32

    init(_ run: CommandRun) {
      seconds = run.wall / .seconds(1)
      userSeconds = run.user / .seconds(1)
      systemSeconds = run.system / .seconds(1)
      queuedSeconds = run.queued / .seconds(1)
      waitShare = run.waitShare
      (voluntarySwitches, involuntarySwitches) = (run.voluntarySwitches, run.involuntarySwitches)
      (threads, exitCode) = (run.threads, run.end.exitCode)
      peakMemoryBytes = run.peakMemory.isBound ? nil : run.peakMemory.bytes
    }
  }

  struct Time: Encodable {
    var mean, median, standardDeviation, minimum, maximum: Double

    init(_ timing: Timing) {
      mean = timing.mean / .seconds(1)
      median = timing.median / .seconds(1)
      standardDeviation = timing.standardDeviation / .seconds(1)
      minimum = timing.minimum / .seconds(1)
      maximum = timing.maximum / .seconds(1)
    }
  }

  struct Threads: Encodable {
    var ruleOfThumb, measured: Int
    /// What the formula gives without bounds; left out when no number suffices.
    var unbounded: Double?
    var explanation: String
  }

  var command: [String]
  var processors: Int
  var seconds: Time
  var busyProcessors, processorShare, waitShare, queuedShare: Double
  var peakMemoryBytes: Int?
  var threads: Int
  var workload: String
  var branch: String
  var why: String
  var choices: [Advice.Choice]
  var poolSize: Threads
  var notes: [String]
  var runs: [Run]

  init(_ figures: CommandFigures, _ advice: Advice) {
    (command, processors, seconds) = (figures.command, figures.processors, Time(figures.wall))
    (busyProcessors, processorShare) = (figures.busyProcessors, figures.processorShare)
    (waitShare, queuedShare) = (figures.waitShare, figures.queuedShare)
    threads = figures.threads
    peakMemoryBytes = figures.peakMemory.isBound ? nil : figures.peakMemory.bytes
    (workload, branch, why) = (advice.workload.rawValue, advice.branch.rawValue, advice.why)
    (choices, notes) = (advice.choices, advice.notes)
    let measured = advice.measured
    poolSize = Threads(
      ruleOfThumb: advice.ruleOfThumb, measured: measured.threads,
      unbounded: measured.unbounded.isFinite ? measured.unbounded : nil, explanation: "\(measured)")
    runs = figures.runs.map(Run.init)
  }
}

internal import SkeinFutures
internal import SkeinJobForms
internal import SkeinSync
internal import SkeinThreads

/// A counting loop, on one thread and on as many as there are processors.
struct ScalingExperiment: Experiment {
  let name = "scaling"
  let section = "16.1.2"
  let title = "A counting loop on one thread, and divided among as many as there are processors"
  let lesson = """
    Swift has no global lock: threads compute at the same time, and what can be divided gets faster with each \
    processor. (In CPython with its lock, they would take turns, and be no faster than one.)
    """
  let uses = ["withThreads", "OSThread.join", "AvailableProcessors", "JobTimes.sample"]

  private static let limit = 120_000_000
  private static let mostRounds = 10

  /// What the threads of a round did.
  private struct Round {
    var sum = 0
    var wall = Duration.zero
    /// A processor worked for one of them, or one of them could have used it.
    var wanted = Duration.zero
    var compute = Duration.zero

    /// How many of them were at it at once, on the average.
    var atOnce: Double { wall > .zero ? wanted / wall : 0 }
    /// How many processors they had.
    var processors: Double { wall > .zero ? compute / wall : 0 }
  }

  func run(_ notes: LabNotes) async throws {
    let processors = AvailableProcessors.current
    notes.step(nil, "this process can use \(processors)")
    let count = processors.count
    let single = try await round(threads: 1)
    notes.step(
      nil, "1 thread: \(text(single.wall)), with \(AdviceText.decimal(single.processors)) processors at work")
    // What else the machine does may start one thread when another has ended.
    let least = count > 1 ? 1.3 : 0
    var divided = try await round(threads: count)
    for _ in 1..<Self.mostRounds where divided.atOnce <= least { divided = try await round(threads: count) }
    let gain = AdviceText.decimal(divided.wall > .zero ? single.wall / divided.wall : 0)
    notes.step(
      nil,
      "\(count) thread\(count == 1 ? "" : "s"): \(text(divided.wall)), with"
        + " \(AdviceText.decimal(divided.processors)) processors at work: \(gain) times as fast")
    notes.check("the sum of the parts", is: single.sum, observed: divided.sum)
    notes.check(
      "threads that computed, or could have, at the same time",
      expected: count > 1 ? "more than 1.3 of \(count)" : "the only one",
      observed: AdviceText.decimal(divided.atOnce), divided.atOnce > least)
  }

  /// Counts, each thread its part.
  private func round(threads: Int) async throws -> Round {
    let start = Barrier(parties: threads, name: "start")
    return try await withThreads { scope in
      let parts = try (0..<threads).map { index in
        try scope.start(name: "Counter-\(index)") {
          try start.wait()
          let range = (Self.limit * index / threads)..<(Self.limit * (index + 1) / threads)
          var sum = 0
          let begin = MonotonicClock().now
          let times = try JobTimes.sample(runs: 1, warmUp: 0) { sum = Self.sum(range) }
          return (sum: sum, begin: begin, end: MonotonicClock().now, times: times)
        }
      }
      var (round, begin, end) = (Round(), MonotonicClock.Instant?.none, MonotonicClock.Instant?.none)
      for part in parts {
        let part = try await part.join()
        round.sum &+= part.sum
        round.compute += part.times.compute
        round.wanted += part.times.compute + part.times.queued
        begin = min(part.begin, begin ?? part.begin)
        end = max(part.end, end ?? part.end)
      }
      if let begin, let end { round.wall = begin.duration(to: end) }
      return round
    }
  }

  /// The numbers of a range, each mixed, so that the optimiser finds no formula for the sum.
  private static func sum(_ range: Range<Int>) -> Int {
    var sum = 0
    var number = range.lowerBound
    while number < range.upperBound {
      sum &+= (number ^ (number >> 7)) &* number
      number += 1
    }
    return sum
  }

  private func text(_ span: Duration) -> String { TimeText.span(span / .seconds(1)) }
}

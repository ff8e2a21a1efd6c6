internal import SkeinJobForms
internal import SkeinSync
internal import SkeinThreads

/// Tasks that wait and tasks that compute, one after the other and on threads.
struct ConcurrencyExperiment: Experiment {
  let name = "concurrency"
  let section = "16.1.1"
  let title = "Four tasks that wait and four that compute, one after the other and on four threads"
  let lesson = """
    Waits overlap on any machine: that is concurrency. Computing at the same time takes processors: that is \
    parallelism, and four tasks on two processors take half of the time, not a quarter.
    """
  let uses = ["withThreads", "ThreadScope.start", "OSThread.join"]

  private static let tasks = 4
  private static let wait = Duration.milliseconds(100)
  private static let limit = 20_000_000
  /// On a machine that is busy with something else.
  private static let mostRounds = 5

  /// The chapter's `io_bound_task` and `cpu_bound_task`: each returns what it was asked for.
  private static func waitingTask() -> Int {
    LabWork.wait(for: wait)
    return 1
  }

  private static func computingTask() -> Int { LabWork.count(to: limit) }

  func run(_ notes: LabNotes) async throws {
    let waits = try await compare(Self.waitingTask, until: { $0.threaded < $0.sequential / 2 })
    notes.step(nil, "I/O-bound: \(Self.tasks) waits of \(text(Self.wait)) each: \(waits)")
    let computing = try await compare(Self.computingTask, until: { _ in true })
    notes.step(nil, "CPU-bound: \(Self.tasks) loops of 20,000,000 rounds each: \(computing)")
    notes.check("results of the waits on threads", is: waits.sums.sequential, observed: waits.sums.threaded)
    notes.check(
      "results of the loops on threads", is: computing.sums.sequential, observed: computing.sums.threaded)
    notes.check(
      "overlapping waits", expected: "less than half of the \(text(waits.sequential)) one after the other",
      observed: text(waits.threaded), waits.threaded < waits.sequential / 2)
    notes.check(
      "waits one after the other", expected: "at least their sum, \(text(Self.wait * Self.tasks))",
      observed: text(waits.sequential), waits.sequential >= Self.wait * Self.tasks)
  }

  private struct Comparison: CustomStringConvertible {
    var sequential: Duration
    var threaded: Duration
    var sums: (sequential: Int, threaded: Int)

    var description: String {
      let gain = AdviceText.decimal(threaded > .zero ? sequential / threaded : 0)
      return "\(text(sequential)) one after the other, \(text(threaded)) on threads (\(gain) times as fast)"
    }
  }

  /// Runs both, again if something else held the machine up.
  private func compare(
    _ task: @escaping @Sendable () -> Int, until isFine: (Comparison) -> Bool
  ) async throws -> Comparison {
    var comparison = try await compare(task)
    for _ in 1..<Self.mostRounds where !isFine(comparison) { comparison = try await compare(task) }
    return comparison
  }

  private func compare(_ task: @escaping @Sendable () -> Int) async throws -> Comparison {
    let clock = MonotonicClock()
    let start = clock.now
    let sequential = try await onThread(named: "sequential") {
      (0..<Self.tasks).reduce(0) { sum, _ in sum &+ task() }
    }
    let middle = clock.now
    let threaded = try await withThreads { scope in
      let threads = try (0..<Self.tasks).map { index in try scope.start(name: "Task-\(index)") { task() } }
      var sum = 0
      for thread in threads { sum &+= try await thread.join() }
      return sum
    }
    return Comparison(
      sequential: start.duration(to: middle), threaded: middle.duration(to: clock.now),
      sums: (sequential, threaded))
  }
}

private func text(_ span: Duration) -> String { TimeText.span(span / .seconds(1)) }

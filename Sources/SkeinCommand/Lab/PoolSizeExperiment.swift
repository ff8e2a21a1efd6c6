internal import SkeinFutures

/// How many threads a pool should have, by the chapter's rule and by measurement.
struct PoolSizeExperiment: Experiment {
  let name = "pool-size"
  let section = "16.6.2"
  let title = "A pool's size for jobs that compute, wait, or do both: by the rule of thumb and measured"
  let lesson = """
    One thread for each processor is enough for jobs that compute. Each wait makes room for others, and how many is \
    no matter of taste: it follows from how long a job waits for each second that it computes.
    """
  let uses = [
    "PoolSizing.ruleOfThumb", "JobTimes.sample", "PoolSizing.recommendation", "AvailableProcessors",
  ]

  private static let mostRounds = 10

  private struct Job: Sendable {
    var name: String
    var workload: Workload
    var body: @Sendable () -> Void

    static let all = [
      Job(name: "computes for 10 ms", workload: .cpuBound) { LabWork.compute(for: .milliseconds(10)) },
      Job(name: "computes for 10 ms, waits for 10 ms", workload: .mixed) {
        LabWork.compute(for: .milliseconds(10))
        LabWork.wait(for: .milliseconds(10))
      },
      Job(name: "waits for 20 ms", workload: .ioBound) { LabWork.wait(for: .milliseconds(20)) },
    ]
  }

  func run(_ notes: LabNotes) async throws {
    let processors = AvailableProcessors.current
    notes.step(nil, "this process can use \(processors)")
    var sizes: [Int] = []
    for job in Job.all {
      let rule = try PoolSizing.ruleOfThumb(for: job.workload, processors: processors.count)
      notes.check(
        "threads for \(job.workload) jobs, by the rule of thumb",
        is: Self.chaptersSize(job.workload, processors.count), observed: rule)
      let times = try await measured(job)
      let size = try PoolSizing.recommendation(for: times, processors: processors.count)
      notes.step(nil, "a job that \(job.name): \(size)")
      notes.check("what it was measured to be", is: job.workload.rawValue, observed: times.workload.rawValue)
      sizes.append(size.threads)
    }
    notes.check(
      "threads by measurement, in this order", expected: "more, the more the job waits",
      observed: sizes.map { LabText.value($0) }.joined(separator: ", "),
      sizes[0] < sizes[1] && sizes[1] < sizes[2])
  }

  /// Samples a job on a thread of its own, again if something else held it up.
  private func measured(_ job: Job) async throws -> JobTimes {
    try await onThread(named: "sample") {
      var times = try JobTimes.sample(runs: 5) { job.body() }
      for _ in 1..<Self.mostRounds where times.workload != job.workload {
        times = try JobTimes.sample(runs: 5) { job.body() }
      }
      return times
    }
  }

  /// The chapter's `optimal_pool_size`, word for word.
  private static func chaptersSize(_ workload: Workload, _ count: Int) -> Int {
    switch workload {
    case .cpuBound: count
    case .ioBound: min(32, count * 5)
    case .mixed: min(16, count * 2)
    }
  }
}

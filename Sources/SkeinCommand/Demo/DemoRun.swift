internal import Foundation
internal import Logging
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinSync

/// Performs a ``DemoPlan``: two workers in this process, one in a process of its own that is killed, and a
/// fourth that takes up what that one left.
final class DemoRun: Sendable {
  /// How the demo ended.
  enum End: Sendable {
    case finished
    case outOfTime
    case interrupted
    case broken(String)
  }

  /// The demo's queue.
  let queue: JobQueue

  private let directory: String
  private let plan: DemoPlan
  private let isQuiet: Bool
  private let start = MonotonicClock().now
  private let child = Lock<DemoChild?>(nil, name: "demo child")
  private let ticks = Lock<[JobID]>([], name: "demo ticks")

  init(directory: String, plan: DemoPlan, quiet: Bool) async throws {
    self.directory = directory
    self.plan = plan
    isQuiet = quiet
    queue = try await JobQueue(directory: directory)
  }

  // MARK: The whole

  /// Runs everything until it is finished, out of time or interrupted; no process is left then.
  func run(limit: Duration, signals: AsyncStream<Int32>) async -> End {
    let watchdog = startWatchdog(at: start.advanced(by: limit + .seconds(10)))
    defer { watchdog.cancel() }
    let end = await withTaskGroup(of: End?.self) { group in
      group.addTask { await self.work() }
      group.addTask { await self.showProgress() }
      group.addTask {
        let clock = MonotonicClock()
        return (try? await clock.sleep(until: clock.now.advanced(by: limit))).map { .outOfTime }
      }
      group.addTask {
        for await _ in signals { return .interrupted }
        return nil
      }
      var end: End?
      while end == nil, let next = await group.next() { end = next }
      group.cancelAll()
      return end ?? .finished
    }
    Console.shared.show(live: "")
    if case .finished = end { return end }
    await endProcesses()
    return end
  }

  /// Ends what may be left when the plan was not carried out to its end.
  private func endProcesses() async {
    child.withLock { $0 }?.end()
    await CommandLeftovers.end()
    // A killed worker's commands live on until its jobs are taken up.
    let description = WorkerDescription(
      name: "heir", concurrency: 1, queues: [], knows: [:], processID: getpid())
    guard let membership = try? await queue.store.join(description) else { return }
    _ = try? await membership.rescue()
    try? await membership.leave()
  }

  /// Ends the process from a thread of its own, should even the end of the tasks not come.
  private func startWatchdog(at instant: MonotonicClock.Instant) -> ScheduledAction {
    MonotonicClock().schedule(at: instant) { [child, directory] in
      child.withLock { $0 }?.kill()
      Console.shared.complain("the demo stands still: it was ended. Its queue is left in \(directory)")
      _exit(ExitStatus.jobFailed.rawValue)
    }
  }

  private func work() async -> End? {
    do {
      try await performPlan()
      return .finished
    } catch is CancellationError {
      return nil
    } catch {
      return .broken("\(error)")
    }
  }

  private func performPlan() async throws {
    let workers = [
      try makeWorker("demo", queues: DemoPlan.queues, concurrency: DemoPlan.concurrency),
      try makeWorker("backlog", queues: [DemoPlan.backlogQueue], concurrency: DemoPlan.concurrency),
    ]
    try await withThrowingTaskGroup { group in
      for worker in workers { group.addTask { try await worker.run() } }
      try await self.submitAll()
      for worker in workers { worker.stop() }
      try await group.waitForAll()
    }
  }

  private func submitAll() async throws {
    _ = try await queue.enqueue((plan.steady + [plan.backlog]).flatMap(\.jobs))
    try await withThrowingTaskGroup { group in
      group.addTask { try await self.overtake() }
      group.addTask { try await self.crash() }
      group.addTask { try await self.request() }
      group.addTask { try await self.followSchedule() }
      for job in (self.plan.steady + [self.plan.backlog]).flatMap(\.jobs) {
        group.addTask { _ = try await self.queue.waitForEnd(of: job.id) }
      }
      try await group.waitForAll()
    }
  }

  // MARK: The parts

  /// Asks for the unique job several times, before and after its end.
  private func request() async throws {
    let first = plan.unique.jobs[0]
    for number in 0..<DemoPlan.requests {
      if number == DemoPlan.requests / 2 { _ = try await queue.waitForEnd(of: first.id) }
      let answer = try await queue.enqueue([number == 0 ? first : try DemoPlan.uniqueRequest()])[0]
      guard answer.id == first.id else {
        throw JobQueueError(.wrongState, "request \(number + 1) under one unique key has given another job")
      }
    }
  }

  /// Has a schedule queue jobs until some ticks have come, and waits for those.
  private func followSchedule() async throws {
    let name = "demo"
    try await queue.store.put(
      try NewSchedule(name: name, schedule: try .every(.seconds(1)), job: plan.scheduled.jobs[0]))
    var runs: [ScheduledRun] = []
    try await wait {
      runs = try await self.queue.schedules().first { $0.name == name }?.runs ?? []
      return runs.count >= DemoPlan.ticks
    }
    try await queue.removeSchedule(name)
    for run in runs.reversed() {
      guard let job = try await queue.store.job(sequence: run.sequence) else { continue }
      ticks.withLock { $0.append(job.id) }
      _ = try await queue.waitForEnd(of: job.id)
    }
  }

  /// Submits the urgent jobs when the backlog has begun.
  private func overtake() async throws {
    let first = plan.backlog.jobs[0].id
    try await wait { try await self.queue.status(of: first) > .ready }
    _ = try await queue.enqueue(plan.urgent.jobs)
    try Data().write(to: URL(filePath: plan.gate))
    for job in plan.urgent.jobs { _ = try await queue.waitForEnd(of: job.id) }
  }

  /// Kills a worker process while it runs its jobs, then lets another worker serve their queue.
  private func crash() async throws {
    let arguments = [
      "worker", "--data-dir", directory, "--queue", DemoPlan.fragileQueue, "--concurrency", "2",
    ]
    let process = try DemoChild(arguments: arguments + ["--name", "doomed"], log: directory + "/doomed.log")
    child.withLock { $0 = process }
    _ = try await queue.enqueue(plan.fragile.jobs)
    try await wait { self.plan.marks.allSatisfy { FileManager.default.fileExists(atPath: $0) } }
    process.kill()
    note("worker process \(process.processID) was killed in the middle of \(plan.fragile.jobs.count) jobs")
    let heir = try makeWorker("heir", queues: [DemoPlan.fragileQueue], concurrency: 2)
    try await withThrowingTaskGroup { group in
      group.addTask { try await heir.run() }
      for job in self.plan.fragile.jobs { _ = try await self.queue.waitForEnd(of: job.id) }
      heir.stop()
      try await group.waitForAll()
    }
  }

  private func makeWorker(_ name: String, queues: [String], concurrency: Int) throws -> Worker {
    var options = WorkerOptions()
    options.name = name
    options.concurrency = concurrency
    options.queues = queues.map { WorkerOptions.QueueShare($0) }
    options.isolation = .process
    options.passesOutputOn = false
    return try Worker(
      store: queue.store, registry: try DemoJobs.registry, options: options,
      logger: Logger(label: "skein.worker"))
  }

  /// Looks every ten milliseconds: what is awaited here is outside of the queue, or only an event among many.
  private func wait(until condition: () async throws -> Bool) async throws {
    let clock = MonotonicClock()
    while try await !condition() {
      try await clock.sleep(until: clock.now.advanced(by: .milliseconds(10)))
    }
  }

  // MARK: Progress

  private func note(_ text: String) {
    if !isQuiet { Console.shared.note("\(elapsed)  \(text)") }
  }

  private var elapsed: String {
    Text.padded(TimeText.span(start.duration(to: MonotonicClock().now) / .seconds(1)), to: 6, onLeft: true)
  }

  /// A live line on a terminal, else a line each second.
  private func showProgress() async -> End? {
    let clock = MonotonicClock()
    let total = plan.groups.reduce(0) { $0 + ($1.expected == .ticks ? DemoPlan.ticks : $1.ids.count) }
    while !isQuiet {
      if let counts = try? await queue.counts() { show(counts, total) }
      let pause = Console.shared.isLive ? Duration.milliseconds(100) : .seconds(1)
      guard (try? await clock.sleep(until: clock.now.advanced(by: pause))) != nil else { return nil }
    }
    return nil
  }

  private func show(_ counts: [QueueCounts], _ total: Int) {
    let ended = counts.reduce(0) { sum, counts in
      counts.jobs.reduce(sum) { $0 + ($1.key.isFinished ? $1.value : 0) }
    }
    let text = WorkerRun.text(counts)
    if Console.shared.isLive {
      let bar = ProgressBar(fraction: Double(ended) / Double(max(1, total)), label: text)
      Console.shared.show(live: "\(elapsed) \(bar.text(width: Console.shared.errors.width - 8))")
    } else {
      note("\(ended) of \(total) ended: \(text)")
    }
  }

  // MARK: Result

  /// What became of everything.
  func report(_ end: End) async throws -> DemoReport {
    let seconds = start.duration(to: MonotonicClock().now) / .seconds(1)
    let backlogStarts = try await plan.backlog.ids.asyncCompactMap {
      try await self.outcome(of: $0)?.firstStart
    }
    var rows: [DemoReport.Row] = []
    for var group in plan.groups {
      if group.expected == .ticks { group.ids = ticks.withLock { $0 } }
      var outcomes: [DemoOutcome] = []
      for id in group.ids {
        guard var outcome = try await outcome(of: id) else { continue }
        outcome.overtaken = backlogStarts.count { $0 > outcome.firstStart ?? .distantFuture }
        if case .joins = group.expected { outcome.joined = try await joined(by: outcome) }
        outcomes.append(outcome)
      }
      rows.append(DemoReport.Row(group: group, outcomes: outcomes))
    }
    return DemoReport(rows: rows, seconds: seconds, end: end)
  }

  /// How many of the jobs that a join waits for had succeeded when it started.
  private func joined(by join: DemoOutcome) async throws -> Int {
    guard let start = join.firstStart else { return 0 }
    let needs = try await queue.store.inputs(of: join.record.sequence)
    return try await needs.asyncCompactMap { input in
      let end = try await self.queue.job(input.job)?.finishedAt
      return input.result != nil && end.map { $0 <= start } == true ? input : nil
    }.count
  }

  private func outcome(of id: JobID) async throws -> DemoOutcome? {
    guard let record = try await queue.job(id) else { return nil }
    return DemoOutcome(record: record, attempts: try await queue.store.attempts(of: record.sequence))
  }
}

extension Array {
  fileprivate func asyncCompactMap<Value>(_ body: (Element) async throws -> Value?) async rethrows -> [Value]
  {
    var values: [Value] = []
    for element in self { if let value = try await body(element) { values.append(value) } }
    return values
  }
}

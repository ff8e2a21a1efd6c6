import BenchReport
import Foundation
import SkeinJobs
import Subprocess
import Synchronization
import SystemPackage

/// Measures Skein's job queue with a number of other jobs waiting in it.
struct SkeinJobsBenchmark {
  /// How much is done for one figure.
  struct Scale {
    var single = 5_000
    var batched = 48_000  // a whole number of batches for each of eight producers
    var batch = 100
    var done = 20_000
    var latencies = 200
    var starts = 30

    /// A tenth.
    static let quick = Scale(single: 480, batched: 4_800, done: 2_000, latencies: 50, starts: 5)
  }

  let waiting: Int
  let scale: Scale
  let places: Places
  private(set) var measurements: Measurements

  /// A benchmark for each column of the table.
  static func columns(quick: Bool, places: Places) -> [SkeinJobsBenchmark] {
    [1_000, 100_000].map { waiting in
      SkeinJobsBenchmark(
        waiting: waiting, scale: quick ? .quick : Scale(), places: places,
        measurements: Measurements(system: "Skein, \(waiting / 1000)k waiting"))
    }
  }

  /// Measures everything once, in a queue of its own.
  mutating func measure() async throws {
    let directory = "\(places.data)/queue-\(waiting)"
    let queue = try await JobQueue(directory: directory)
    try await fillBacklog(queue)

    try await measureEnqueue(queue, directory)
    try await measureWork(queue, directory)
    try await queue.close()
    try FileManager.default.removeItem(atPath: directory)
    try await measureMachine()
  }

  private mutating func measureEnqueue(_ queue: JobQueue, _ directory: String) async throws {
    record(try await enqueueOneByOne(producers: 1, queue), .enqueueOneByOne)
    record(try await enqueueOneByOne(producers: 8, queue), .enqueueByEightTasks)
    record(try await enqueueOneByOne(processes: 8, queue, directory), .enqueueByEightProcesses)
    record(try await enqueueBatched(producers: 1, queue), .enqueueBatched)
    record(try await enqueueBatched(producers: 8, queue), .enqueueBatchedByEight)
    record(try await enqueueUnique(queue), .uniqueBatched)
  }

  private mutating func measureWork(_ queue: JobQueue, _ directory: String) async throws {
    let throughput = try await endToEnd(queue, directory)
    record(throughput.rate, .endToEnd)
    record(throughput.memory, .memory)
    record(try await endToEndIsolated(queue, directory), .endToEndIsolated)
    let near = try await latencyInProcess(queue)
    record(try near.latency(percent: 50), .latencyInProcessMedian)
    record(try near.latency(percent: 99), .latencyInProcessTail)
    let far = try await latencyAcrossProcesses(queue, directory)
    record(try far.latency(percent: 50), .latencyMedian)
    record(try far.latency(percent: 99), .latencyTail)
    let flows = try await flows(queue, directory)
    record(flows.chord, .chord)
    record(flows.chain, .chain)
    record(try await underLimits(queue, directory), .limited)
  }

  /// What does not depend on the queue's length.
  private mutating func measureMachine() async throws {
    record(try await cliStartUp(places.tool), .toolStart)
    record(try await cliStartUp(places.launcher), .launcherStart)
    record(try measureDiskSync(in: places.data), .diskSync)
  }

  private mutating func record(_ value: Double, _ metric: Metric) {
    measurements.add(value, metric)
    say("  \(metric.title): \(value.shortened)")
  }

  // MARK: The queue's length

  /// Half of the jobs are ready in a queue that is paused, half are due tomorrow in the one that is measured.
  private func fillBacklog(_ queue: JobQueue) async throws {
    try await queue.pause("paused")
    for start in stride(from: 0, to: waiting / 2, by: 1000) {
      let jobs = Array(repeating: Noop(), count: min(1000, waiting / 2 - start))
      _ = try await queue.enqueue(jobs) { $0.queue = "paused" }
      _ = try await queue.enqueue(jobs) { $0.delay = .seconds(86400) }
    }
  }

  // MARK: Enqueue

  /// Jobs a second, each in a call of its own that returns when the job is on disk, from so many tasks.
  func enqueueOneByOne(producers: Int, _ queue: JobQueue) async throws -> Double {
    try await rate(jobs: scale.single, producers: producers, queue) { count in
      for _ in 0..<count { _ = try await queue.enqueue(Noop()) { $0.queue = "enqueue" } }
    }
  }

  /// The same, a batch in each call.
  func enqueueBatched(producers: Int, _ queue: JobQueue) async throws -> Double {
    let batch = Array(repeating: Noop(), count: scale.batch)
    return try await rate(jobs: scale.batched, producers: producers, queue) { count in
      for _ in 0..<count / batch.count { _ = try await queue.enqueue(batch) { $0.queue = "enqueue" } }
    }
  }

  /// The same, each job with a unique key of its own.
  private func enqueueUnique(_ queue: JobQueue) async throws -> Double {
    try await rate(jobs: scale.batched / 4, producers: 1, queue) { [batch = scale.batch] count in
      for start in stride(from: 0, to: count, by: batch) {
        let jobs = try (0..<batch).map { place in
          try NewJob(Noop()) {
            $0.queue = "enqueue"
            $0.uniqueKey = "unique-\(start + place)"
          }
        }
        _ = try await queue.enqueue(jobs)
      }
    }
  }

  private func rate(
    jobs: Int, producers: Int, _ queue: JobQueue, _ produce: @escaping @Sendable (Int) async throws -> Void
  ) async throws -> Double {
    let elapsed = try await ContinuousClock().measure {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<producers { group.addTask { try await produce(jobs / producers) } }
        try await group.waitForAll()
      }
    }
    let count = jobs / producers * producers
    try await removeEnqueued(queue, expecting: count)
    return Double(count) / elapsed.seconds
  }

  /// The same from so many processes, as the peers do it: from the first start to the last end.
  func enqueueOneByOne(processes: Int, _ queue: JobQueue, _ directory: String) async throws -> Double {
    let share = scale.single / processes
    let spans = try await withThrowingTaskGroup(of: ProduceCommand.Span.self) { group in
      for _ in 0..<processes {
        group.addTask { try await ProduceCommand.spawn(directory: directory, jobs: share) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    try await removeEnqueued(queue, expecting: share * processes)
    let nanoseconds = spans.map(\.end).max()! - spans.map(\.start).min()!
    return Double(share * processes) / (Double(nanoseconds) / 1e9)
  }

  private func removeEnqueued(_ queue: JobQueue, expecting count: Int) async throws {
    let stored = try await queue.purge("enqueue")
    guard stored == count else { throw BenchmarkError("enqueued \(count) jobs and found \(stored)") }
  }

  // MARK: Work

  /// Jobs a second from the first start to the moment when the last end is on disk, done by a worker in a process of
  /// its own, with as many more jobs ready behind them as are waiting at all; and the megabytes of that worker.
  func endToEnd(_ queue: JobQueue, _ directory: String) async throws -> (rate: Double, memory: Double) {
    let ids = try await preload(queue)
    let lastEnd = Mutex<Int64>(0)
    let report = try await WorkCommand.beside(directory: directory) { [last = ids[scale.done - 1]] in
      while try await queue.status(of: last) != .succeeded { try await pause(milliseconds: 5) }
      lastEnd.withLock { $0 = monotonicNanoseconds() }
    }
    try await checkDone(queue)
    _ = try await queue.purge(states: Set(JobState.allCases).subtracting([.scheduled]))
    let nanoseconds = lastEnd.withLock(\.self) - report.firstStart
    return (Double(scale.done) / (Double(nanoseconds) / 1e9), Double(report.memoryBytes ?? 0) / 1e6)
  }

  /// Jobs a second, each in a process beside the worker's, from when a hundred are done to the last end.
  private func endToEndIsolated(_ queue: JobQueue, _ directory: String) async throws -> Double {
    var ids: [JobID] = []
    while ids.count < max(1000, scale.done / 4) {
      ids += try await queue.enqueue(Array(repeating: Noop(), count: 1000)).map(\.id)
    }
    let ends = Mutex<[Int64]>([])
    _ = try await WorkCommand.beside(directory: directory, isolated: true) { [ids] in
      for id in [ids[99], ids[ids.count - 1]] {
        while try await queue.status(of: id) != .succeeded { try await pause(milliseconds: 1) }
        ends.withLock { $0.append(monotonicNanoseconds()) }
      }
    }
    _ = try await queue.purge(states: Set(JobState.allCases).subtracting([.scheduled]))
    let (first, last) = ends.withLock { ($0[0], $0[1]) }
    return Double(ids.count - 100) / (Double(last - first) / 1e9)
  }

  private func preload(_ queue: JobQueue) async throws -> [JobID] {
    var ids: [JobID] = []
    while ids.count < scale.done + waiting {
      let handles = try await queue.enqueue(Array(repeating: Noop(), count: 1000))
      ids += handles.map(\.id)
    }
    return ids
  }

  private func checkDone(_ queue: JobQueue) async throws {
    let done = try await queue.counts().first { $0.queue == "default" }?.jobs[.succeeded] ?? 0
    guard done >= scale.done else { throw BenchmarkError("\(scale.done) jobs should be done, not \(done)") }
  }

  /// How long after its enqueue a job starts in this process, one at a time and at odd intervals.
  func latencyInProcess(_ queue: JobQueue) async throws -> StartReport {
    let worker = try WorkCommand.worker(queue)
    async let working: Void = worker.run()
    try await sendOneByOne(queue)
    worker.stop()
    try await working
    return StartLog.take()
  }

  /// The same with the worker in a process of its own.
  func latencyAcrossProcesses(_ queue: JobQueue, _ directory: String) async throws -> StartReport {
    try await WorkCommand.beside(directory: directory) { try await sendOneByOne(queue) }
  }

  private func sendOneByOne(_ queue: JobQueue) async throws {
    _ = try await queue.enqueue(Noop()).result(timeout: .seconds(30))  // the worker is there
    for _ in 0..<scale.latencies {
      try await pause(milliseconds: .random(in: 5...60))
      _ = try await queue.enqueue(Noop(sent: monotonicNanoseconds())).result(timeout: .seconds(30))
    }
  }

  // MARK: Flows and limits

  /// Milliseconds from the enqueue of a flow to its result, with a worker in a process of its own: medians of five.
  private func flows(_ queue: JobQueue, _ directory: String) async throws -> (chord: Double, chain: Double) {
    let times = Mutex<(chord: [Double], chain: [Double])>(([], []))
    _ = try await WorkCommand.beside(directory: directory) {
      for _ in 0..<6 {
        let chord = try await milliseconds(queue) { flow in
          try flow.chord(Array(repeating: Noop(), count: 1000)) { Gather(parts: $0) }
        }
        let chain = try await milliseconds(queue) { flow in
          var last = try flow.add(Gather())
          for _ in 1..<100 { last = try flow.add(Gather(parts: [last])) }
          return last
        }
        times.withLock {
          $0.chord.append(chord)
          $0.chain.append(chain)
        }
      }
    }
    // The first ones warm up.
    return times.withLock { times in
      (
        times.chord.dropFirst().sorted().percentile(50)!, times.chain.dropFirst().sorted().percentile(50)!
      )
    }
  }

  private func milliseconds(
    _ queue: JobQueue, _ build: (inout JobFlow) throws -> JobResult<Int>
  ) async throws -> Double {
    let start = ContinuousClock.now
    var flow = JobFlow()
    let result = try build(&flow)
    _ = try await queue.enqueue(flow).value(of: result, timeout: .seconds(60))
    return (ContinuousClock.now - start) / .milliseconds(1)
  }

  /// As ``endToEnd(_:_:)``, with no other jobs behind them, where each of a thousand keys may run one job at once.
  private func underLimits(_ queue: JobQueue, _ directory: String) async throws -> Double {
    try await queue.setLimit(JobLimit(.key("bench-*"), concurrency: 1))
    var ids: [JobID] = []
    while ids.count < scale.done {
      let jobs = try (0..<1000).map { key in try NewJob(Noop()) { $0.concurrencyKey = "bench-\(key)" } }
      ids += try await queue.enqueue(jobs).map(\.id)
    }
    let lastEnd = Mutex<Int64>(0)
    let report = try await WorkCommand.beside(directory: directory) { [ids] in
      for id in ids {
        while try await queue.status(of: id) != .succeeded { try await pause(milliseconds: 5) }
      }
      lastEnd.withLock { $0 = monotonicNanoseconds() }
    }
    _ = try await queue.removeLimit(.key("bench-*"))
    _ = try await queue.purge(states: Set(JobState.allCases).subtracting([.scheduled]))
    return Double(ids.count) / (Double(lastEnd.withLock(\.self) - report.firstStart) / 1e9)
  }

  private func pause(milliseconds: Int) async throws {
    try await Task.sleep(until: .now + .milliseconds(milliseconds))
  }

  // MARK: The command line

  /// Milliseconds until a program that is asked for its version has ended.
  func cliStartUp(_ program: String) async throws -> Double {
    var times: [Double] = []
    for _ in 0..<scale.starts {
      let start = ContinuousClock.now
      let result = try await run(
        .path(FilePath(program)), arguments: ["--version"], output: .discarded, error: .discarded)
      times.append((ContinuousClock.now - start) / .milliseconds(1))
      guard result.terminationStatus.isSuccess else {
        throw BenchmarkError("'\(program) --version' failed: \(result.terminationStatus)")
      }
    }
    return times.sorted().percentile(50)!
  }
}

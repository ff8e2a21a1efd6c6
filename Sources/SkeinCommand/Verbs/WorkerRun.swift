internal import Logging
internal import SkeinDiagnostics
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinSync

/// Runs a worker in this process until a signal ends it.
///
/// The first signal lets running jobs finish, the second gives them back at once.
struct WorkerRun: Sendable {
  var queue: JobQueue
  var options: WorkerOptions
  /// Whether each job that ends is logged, whichever worker ran it.
  var logsJobs = false

  private static let logger = Logger(label: "skein")

  /// Works until the end.
  ///
  /// - Throws: ``JobQueueError`` when the worker can not work any more.
  func run() async throws {
    // For `inspect` and SIGUSR2.
    Diagnostics.start(.onDemand)
    defer { Diagnostics.stop() }
    let worker = try Worker(
      store: queue.store, registry: KnownJobs.registry, options: options,
      logger: Logger(label: "skein.worker"))
    let signals = try SignalWatch.start()
    let stopping = Task { await Self.stop(worker, on: signals) }
    let live = Task { await show() }
    let end: Result<Void, any Error>
    do { end = .success(try await worker.run()) } catch { end = .failure(error) }
    live.cancel()
    await live.value
    stopping.cancel()
    Console.shared.show(live: "")
    if await stopping.value { await CommandLeftovers.end() }
    try end.get()
  }

  /// Passes the signals on until the task is cancelled.
  ///
  /// - Returns: whether the worker was told to give its jobs back.
  private static func stop(_ worker: Worker, on signals: AsyncStream<Int32>) async -> Bool {
    var (isFirst, hasHandedBack) = (true, false)
    for await signal in signals {
      let name = SignalWatch.name(signal)
      if isFirst {
        logger.notice(
          "\(name): running jobs finish, no more are taken; a second signal gives them back at once")
      } else {
        logger.notice("\(name) again: running jobs are given back")
      }
      worker.stop(isFirst ? .finishRunning : .handBack)
      if !isFirst { hasHandedBack = true }
      isFirst = false
    }
    return hasHandedBack
  }

  private func show() async {
    do {
      if logsJobs, !Console.shared.isLive { try await logEnds() } else if logsJobs { try await showCounts() }
    } catch is CancellationError {
    } catch {
      Self.logger.warning("what happens can not be shown", metadata: ["error": "\(error)"])
    }
  }

  private func logEnds() async throws {
    for try await job in queue.events() where job.state.isFinished || job.state == .running {
      let level: Logger.Level = job.state == .running ? .debug : .info
      Self.logger.log(
        level: level, "job \(job.state.isFinished ? job.stateText : "running")",
        metadata: [
          "job": "\(job.sequence)", "name": "\(job.kind.name)", "queue": "\(job.queue)",
          "attempts": "\(job.life.attempts)",
          "ran": "\(TimeText.span(from: job.startedAt, to: job.finishedAt))",
        ])
    }
  }

  /// Keeps the live line up to date. Counting costs time in proportion to the jobs, so that it is given a
  /// twentieth of the time at the most.
  private func showCounts() async throws {
    let clock = MonotonicClock()
    var shown: Int64?
    while true {
      let start = clock.now
      let revision = try queue.store.revision()
      if revision != shown {
        Console.shared.show(live: Self.text(try await queue.counts()))
        shown = revision
      }
      let cost = start.duration(to: clock.now)
      try await clock.sleep(until: clock.now.advanced(by: max(.milliseconds(250), cost * 20)))
    }
  }

  /// The live line.
  static func text(_ queues: [QueueCounts]) -> String {
    let parts = JobState.byInterest.compactMap { state -> String? in
      let count = queues.reduce(0) { $0 + ($1.jobs[state] ?? 0) }
      return count > 0 || state == .running || state == .ready ? "\(count) \(state.name)" : nil
    }
    return parts.joined(separator: " · ")
  }
}

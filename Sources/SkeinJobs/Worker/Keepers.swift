internal import FoundationEssentials
internal import Logging
internal import SkeinSync

/// What a worker does beside its jobs: it keeps its lease, takes up the jobs of the dead, hears requests, and tells how
/// far its jobs are. Each is a loop in a task that ends when it is cancelled.
struct Keepers: Sendable {
  /// How often finished jobs that have been kept long enough are looked for.
  private static let pruneInterval = Duration.seconds(30)
  /// How often running attempts tell what is new.
  private static let reportInterval = Duration.milliseconds(100)

  let core: WorkerCore
  private let control: SignalHub

  private var store: any JobStore { core.store }

  init(core: WorkerCore) {
    self.core = core
    control = SignalHub(core.store.signals.control)
  }

  /// Runs all of them until the task is cancelled.
  func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await renewLease() }
      group.addTask { await rescue() }
      group.addTask { await watchRequests() }
      group.addTask { await report() }
      group.addTask { await prune() }
      group.addTask { await runSchedules() }
    }
  }

  // MARK: Lease

  func renewLease() async {
    while await sleep(Lease.renewal) {
      do {
        try await core.membership.renew()
      } catch let error as JobQueueError where error.endsWorker {
        core.loseStore(error)
      } catch {
        core.logger.error("the lease can not be renewed now", metadata: ["error": "\(error)"])
      }
    }
  }

  // MARK: Rescue

  /// Looks after the other workers: when one leaves a sign of its end, and once a second.
  func rescue() async {
    let sign = Event(name: "a worker's end")
    let watch = core.membership.watchEndings { sign.set() }
    defer { watch?.cancel() }
    var fruitless = 0
    repeat {
      sign.reset()
      await rescueOnce()
      do { try await sign.wait(timeout: SignalHub.pollInterval) } catch .timedOut { continue } catch {
        return
      }
      var rescued = 0
      // The sign comes an instant before the kernel drops the dead worker's lock.
      for delay in [0, 2, 10] {
        guard await sleep(.milliseconds(delay)) else { return }
        rescued += await rescueOnce()
      }
      // A rescue that fails, on a full disk for one, leaves a sign itself, which wakes all other workers.
      fruitless = rescued == 0 ? min(fruitless + 1, 6) : 0
      guard await sleep(fruitless < 2 ? .zero : .milliseconds(10 << fruitless)) else { return }
    } while !Task.isCancelled
  }

  /// Takes up the jobs of workers that are gone.
  ///
  /// - Returns: how many.
  @discardableResult
  private func rescueOnce() async -> Int {
    do {
      let rescued = try await core.membership.rescue()
      for rescue in rescued {
        core.logger.warning(
          "a job of a dead worker is taken up",
          metadata: [
            "job": "\(rescue.id)", "worker": "\(rescue.worker)", "started": "\(rescue.wasStarted)",
            "state": "\(rescue.state.name)",
          ])
      }
      return rescued.count
    } catch let error as JobQueueError where error.endsWorker {
      core.loseStore(error)
    } catch {
      core.logger.error("other workers can not be looked after now", metadata: ["error": "\(error)"])
    }
    return 0
  }

  // MARK: Finished jobs

  /// Removes what has been kept long enough: soon after the start, then every half minute. Workers that do so at once
  /// find the same jobs, and each is removed once.
  func prune() async {
    let queue = JobQueue(store: store)
    var pause = Duration.seconds(1)
    while await sleep(pause) {
      pause = Self.pruneInterval
      do {
        let removed = try await queue.prune(core.options.retention)
        if removed > 0 {
          core.logger.info("finished jobs were kept long enough", metadata: ["removed": "\(removed)"])
        }
      } catch is CancellationError {
        return
      } catch {
        core.logger.error("finished jobs can not be removed now", metadata: ["error": "\(error)"])
      }
    }
  }

  // MARK: Schedules

  /// Enqueues what schedules want, at their ticks. Every worker does, and each tick happens once.
  ///
  /// Ticks are on wall time, which may be set: it is looked at again each second.
  func runSchedules() async {
    let change = Event(name: "a schedule's change")
    let listening = control.listen { change.set() }
    defer { listening.cancel() }
    while !Task.isCancelled {
      change.reset()
      let pause = await enqueueDue()
      do { try await change.wait(timeout: pause) } catch .timedOut { continue } catch { return }
    }
  }

  /// Returns how long nothing is to be done.
  private func enqueueDue() async -> Duration {
    // As often as a listener is called without news.
    let longest = SignalHub.pollInterval
    do {
      let due = try await store.enqueueDue(now: store.now)
      if due.count > 0 {
        core.logger.info("schedules have enqueued jobs", metadata: ["jobs": "\(due.count)"])
      }
      for name in due.unreadable {
        core.logger.error(
          "a schedule was written by another version and can not be followed by this worker",
          metadata: ["schedule": "\(name)"])
      }
      return min(longest, due.next.map { .seconds(max(0, $0.timeIntervalSince(store.now))) } ?? longest)
    } catch is CancellationError {
      return longest
    } catch let error as JobQueueError where error.endsWorker {
      core.loseStore(error)
      return longest
    } catch {
      core.logger.error("schedules can not be followed now", metadata: ["error": "\(error)"])
      return longest
    }
  }

  // MARK: Requests

  /// Hears that somebody asked for the end of a running job.
  func watchRequests() async {
    let request = Event(name: "requests")
    let listening = control.listen { request.set() }
    defer { listening.cancel() }
    while (try? await request.wait()) != nil {
      request.reset()
      await core.hearRequests()
    }
  }

  // MARK: Reports

  /// Stores what attempts have to tell that have been running for a moment.
  func report() async {
    var reported: Set<ClaimToken> = []
    while (try? await core.isRunning.wait()) != nil, await sleep(Self.reportInterval) {
      let running = core.running
      reported.formIntersection(running.map(\.job.token))
      for execution in running where isDue(execution) {
        await report(execution, isFirst: reported.insert(execution.job.token).inserted)
      }
    }
  }

  private func isDue(_ execution: Execution) -> Bool {
    execution.age >= Self.reportInterval
  }

  private func report(_ execution: Execution, isFirst: Bool) async {
    // An attempt whose end is being recorded tells everything by itself.
    guard execution.reporting.tryAcquire() else { return }
    defer { execution.reporting.release() }
    let news = execution.context.notes.takeNews()
    guard isFirst || news != nil else { return }
    do {
      try await core.membership.report([execution.report(worker: core.options.name, news)])
    } catch {
      core.logger.error("the progress of a job can not be stored now", metadata: ["error": "\(error)"])
      execution.context.notes.restore(news)
    }
  }

  /// Sleeps; says whether to go on.
  private func sleep(_ duration: Duration) async -> Bool {
    let clock = MonotonicClock()
    return (try? await clock.sleep(until: clock.now.advanced(by: duration))) != nil
  }
}

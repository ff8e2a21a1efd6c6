internal import FoundationEssentials
internal import Logging
internal import SkeinSync

/// Keeps a worker's buffer filled: asks the store when there is room and there may be jobs.
struct Claimer: Sendable {
  /// How long jobs that were taken ahead may wait while no place takes one; then they are given back.
  private static let patience = Duration.milliseconds(50)

  let core: WorkerCore

  func run() async {
    var rotation = QueueRotation(core.options.queues)
    var pause: Duration?
    while core.phase == .working {
      core.bell.reset()
      guard core.phase == .working else { break }
      let wanted = wanted()
      if wanted > 0 {
        pause = await claim(wanted, from: rotation.next())
        if pause == nil { continue }
      } else {
        pause = await giveBackStuck() ? nil : Self.patience
      }
      await wait(pause)
    }
    await giveBack(core.buffer.takeAll())
  }

  private func wanted() -> Int {
    let (waiting, idle) = (core.buffer.count, core.buffer.idlePlaces)
    return core.state.withLock { state in
      state.plan.wanted(waiting: waiting, running: max(state.running.count, core.options.concurrency - idle))
    }
  }

  /// Takes jobs.
  ///
  /// - Returns: how long to wait for news at the longest; `nil` when there may be more to take now.
  private func claim(_ wanted: Int, from queues: [String]?) async -> Duration? {
    let takesSuspect = core.state.withLock { !$0.hasSuspect }
    do {
      let claim = try await core.membership.claim(
        ClaimRequest(limit: wanted, queues: queues, takesSuspect: takesSuspect, knows: core.knows))
      accept(claim)
      if claim.jobs.count >= wanted { return nil }
      guard let due = claim.nextDue else { return SignalHub.pollInterval }
      return min(SignalHub.pollInterval, .seconds(max(0.0005, due.timeIntervalSince(core.store.now))))
    } catch let error as JobQueueError where error.endsWorker {
      core.loseStore(error)
      return SignalHub.pollInterval
    } catch {
      core.logger.error("no jobs can be taken from the queue now", metadata: ["error": "\(error)"])
      return SignalHub.pollInterval
    }
  }

  private func accept(_ claim: Claim) {
    for job in claim.jobs { core.step(.claimed, job.token) }
    let news = core.state.withLock { state in
      if claim.jobs.contains(where: \.life.isSuspect) { state.hasSuspect = true }
      let news = claim.unknown.subtracting(state.reportedUnknown)
      state.reportedUnknown.formUnion(news)
      return news
    }
    core.buffer.put(claim.jobs)
    for unknown in news {
      core.logger.warning(
        "jobs wait that this worker does not know; they are left for a worker that does",
        metadata: ["name": "\(unknown.name)", "payloadVersion": "\(unknown.payloadVersion)"])
    }
  }

  private func wait(_ pause: Duration?) async {
    guard let pause else { return }
    _ = try? await core.bell.wait(timeout: pause)
  }

  /// Gives back jobs that were taken ahead in the belief that places would soon be free.
  private func giveBackStuck() async -> Bool {
    guard let stuck = core.buffer.stuckFor, stuck > Self.patience else { return false }
    await giveBack(core.buffer.takeAll())
    return true
  }

  private func giveBack(_ jobs: [ClaimedJob]) async {
    guard !jobs.isEmpty else { return }
    if jobs.contains(where: \.life.isSuspect) { core.state.withLock { $0.hasSuspect = false } }
    do {
      try await core.membership.handBack(jobs.map(\.token))
    } catch {
      // They stay this worker's; leaving gives them back, and so does its end.
      core.logger.error(
        "jobs can not be given back now", metadata: ["error": "\(error)", "jobs": "\(jobs.count)"])
      if core.phase == .working { core.buffer.put(jobs) }
    }
  }
}

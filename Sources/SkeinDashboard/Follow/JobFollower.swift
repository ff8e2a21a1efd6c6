internal import FoundationEssentials
internal import Logging
internal import SkeinJobs
internal import SkeinSync

/// Follows the changes of all jobs of a queue, once for everybody who looks: it keeps the ``JobTally``, the ``JobFeed`` and the
/// ``JobHistory`` up to date.
///
/// What it costs does not grow with the number of those who look. Changes are read at most four times a second and for a
/// seventh of the time, so that a queue at full rate hardly feels it; jobs that are removed leave no change behind, so that
/// now and then all of them are gone through, in small steps, for a twentieth of the time at the most.
final class JobFollower: Sendable {
  /// What is known.
  struct State: Sendable {
    var tally = JobTally()
    var feed = JobFeed(after: 0)
    var history = JobHistory()
    var totals = JobTotals()
    var meter: RateMeter
    /// The revision that all of this is of, at the least: not each one changes a job.
    var seen: Int64 = 0
    /// Why the queue can not be read; `nil` as long as it can.
    var failure: String?
    /// Whether all jobs have been gone through once.
    var isReady = false
    var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
    var nextListener = 0
  }

  static let interval = Duration.milliseconds(250)
  private static let batch = 500
  private static let scanBatch = 5000
  /// When there are more changes, as after a long stop, all jobs are gone through anew in their place.
  private static let mostChanges = 200_000

  private let queue: JobQueue
  private let directory: String?
  private let logger: Logger
  private let clock = MonotonicClock()
  private let state: Lock<State>

  /// Describes a follower.
  ///
  /// - Parameters:
  ///   - queue: what it follows.
  ///   - directory: where the history is kept; `nil` for one that is not.
  ///   - logger: is told when something goes wrong.
  init(queue: JobQueue, directory: String?, logger: Logger) {
    (self.queue, self.directory, self.logger) = (queue, directory, logger)
    state = Lock(State(meter: RateMeter(at: clock.now)), name: "job follower")
  }

  // MARK: Looking

  /// What is known now.
  ///
  /// - Complexity: O(1): parts that are large are shared.
  var now: State { state.withLock { $0 } }

  /// Changes, and failures, as they are noticed: many may be one.
  func news() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let number = state.withLock { state in
      state.nextListener += 1
      state.listeners[state.nextListener] = continuation
      return state.nextListener
    }
    continuation.onTermination = { [weak self] _ in
      // The continuation that is taken out is let go outside of the lock.
      _ = self?.state.withLock { $0.listeners.removeValue(forKey: number) }
    }
    return stream
  }

  private func tell() {
    for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield() }
  }

  // MARK: Following

  /// Follows until the task is cancelled; what goes wrong with the queue is tried again, and told in ``State/failure``.
  func run() async {
    let (file, stored) = await openHistory()
    var known = stored
    while !Task.isCancelled {
      do {
        try await follow(file, from: known)
      } catch is CancellationError {
        break
      } catch {
        note(failure: error)
        try? await clock.sleep(until: clock.now.advanced(by: .seconds(1)))
      }
      known = position ?? known
    }
    // In a task of its own, for this one is cancelled.
    await Task { await save(file, closes: true) }.value
    for listener in state.withLock({ Array($0.listeners.values) }) { listener.finish() }
  }

  private func note(failure: any Error) {
    let isNew = state.withLock { state in
      defer { state.failure = "\(failure)" }
      return state.failure == nil
    }
    if isNew { logger.error("the queue can not be read", metadata: ["error": "\(failure)"]) }
    tell()
  }

  /// Up to where all is known; `nil` before all jobs have been gone through.
  private var position: HistoryFile.Position? {
    state.withLock { state in
      state.isReady
        ? HistoryFile.Position(revision: state.feed.end, sequence: state.tally.last ?? 0) : nil
    }
  }

  private func follow(_ file: HistoryFile?, from known: HistoryFile.Position?) async throws {
    var position = try await begin(from: known)
    var scan = RemovalScan(at: clock.now)
    var nextSave = clock.now.advanced(by: Self.saveInterval)
    while true {
      let start = clock.now
      guard try drain(&position) else { return }
      try await scan.step(queue.store, self, batch: Self.scanBatch)
      if start >= nextSave {
        await save(file, closes: false)
        nextSave = clock.now.advanced(by: Self.saveInterval)
      }
      let pause = max(Self.interval, start.duration(to: clock.now) * 6)
      try await clock.sleep(
        until: start.advanced(by: scan.isUnderWay ? min(pause, .milliseconds(50)) : pause))
      if !scan.isUnderWay { _ = try await queue.waitForChange(after: now.seen, timeout: .seconds(1)) }
    }
  }

  private static let saveInterval = Duration.seconds(10)

  /// Goes through all jobs, and finds out what happened since the history was stored, or since the queue could be read.
  ///
  /// - Returns: the revision to go on from.
  private func begin(from known: HistoryFile.Position?) async throws -> Int64 {
    var filter = JobFilter()
    filter.limit = 1
    let latest = try await queue.store.jobs(filter).first?.sequence ?? 0
    let present = HistoryFile.Position(revision: try queue.store.revision(), sequence: latest)
    var tally = JobTally()
    var last = Int64.min
    while true {
      let outlines = try await queue.store.outlines(after: last, limit: Self.scanBatch)
      guard let end = outlines.last else { break }
      for outline in outlines { tally.note(outline) }
      last = end.sequence
    }
    let end = try queue.store.revision()
    // One that is ahead is of another queue, which was put in the place of this one.
    let isUsable = known.map { $0.revision <= present.revision } ?? false
    try await catchUp(from: isUsable ? known! : present, present: present.revision, to: end, &tally)
    state.withLock { [tally] state in
      (state.tally, state.feed, state.isReady, state.failure) = (tally, JobFeed(after: end), true, nil)
      state.seen = end
    }
    tell()
    return end
  }

  /// Takes into the history what happened while nobody looked: jobs that are not known have come, and what has changed and
  /// is at its end has ended. Where that is very much, the rest of what was before the present is passed over.
  private func catchUp(
    from known: HistoryFile.Position, present: Int64, to end: Int64, _ tally: inout JobTally
  ) async throws {
    var (position, count) = (known.revision, 0)
    while position < end {
      if count >= Self.mostChanges { position = max(position, present) }
      let changes = try queue.store.changes(after: position, limit: Self.batch)
      guard let last = changes.last else { return }
      for job in changes where job.revision <= end { tally.note(JobOutline(job)) }
      state.withLock { state in
        for job in changes where job.revision <= end {
          if job.sequence > known.sequence { state.history.noteEnqueued(job) }
          if job.state.isFinished { state.history.noteEnd(job) }
        }
      }
      (position, count) = (last.revision, count + changes.count)
      try Task.checkCancellation()
      await Task.yield()
    }
  }

  /// Reads the changes that there are.
  ///
  /// - Returns: `false` when there are too many of them.
  private func drain(_ position: inout Int64) throws -> Bool {
    var count = 0
    let revision = try queue.store.revision()
    let isNew = revision > now.seen
    defer { if isNew || count > 0 { tell() } }
    while count < Self.mostChanges {
      let changes = try queue.store.changes(after: position, limit: Self.batch)
      guard let last = changes.last else {
        state.withLock { $0.seen = max($0.seen, revision) }
        return true
      }
      position = last.revision
      count += changes.count
      let now = clock.now
      state.withLock { $0.follow(changes, at: now) }
      try Task.checkCancellation()
    }
    return false
  }

  /// Puts another tally in place of the one that has jobs which were removed.
  func replace(_ tally: JobTally) {
    let old = state.withLock { state in
      defer { state.tally = tally }
      return state.tally
    }
    if old.count != tally.count { tell() }
  }

  // MARK: History

  /// Opens the file and takes up what it has. One that can not be used is left alone: the charts begin anew, and are not kept.
  private func openHistory() async -> (HistoryFile?, HistoryFile.Position?) {
    guard let directory else { return (nil, nil) }
    do {
      let file = try HistoryFile(directory: directory)
      let (history, position) = try await file.load()
      state.withLock { $0.history = history }
      return (file, position)
    } catch {
      logger.warning(
        "the charts' history can not be used and is not kept: remove history.sqlite for a new one",
        metadata: ["directory": "\(directory)", "error": "\(error)"])
      return (nil, nil)
    }
  }

  private func save(_ file: HistoryFile?, closes: Bool) async {
    let now = Date()
    guard let file, let position else { return }
    let changes = state.withLock { state in
      state.history.prune(now: now)
      return state.history.takeChanges()
    }
    do { try await file.save(changes, position, now: now) } catch {
      // A full disk may have room again the next time.
      state.withLock { $0.history.keepChanges(changes.keys) }
      logger.warning("the charts' history can not be kept now", metadata: ["error": "\(error)"])
    }
    if closes { try? file.close() }
  }
}

extension JobFollower.State {
  /// Follows changes, in the order of their revisions.
  mutating func follow(_ changes: [JobRecord], at now: MonotonicClock.Instant) {
    feed.append(changes)
    for job in changes {
      let before = tally.note(JobOutline(job))
      if before == nil {
        history.noteEnqueued(job)
        totals.noteEnqueued(job)
        meter.note(job.queue, at: now) { $0.enqueued += 1 }
      }
      guard job.state.isFinished, before?.isFinished != true else { continue }
      history.noteEnd(job)
      totals.noteEnd(job)
      meter.note(job.queue, at: now) { rates in
        rates.ended += 1
        if job.state == .failed { rates.failed += 1 }
      }
    }
  }
}

/// What has happened since a follower began, for counters that only go up.
struct JobTotals: Sendable {
  /// Of each queue.
  private(set) var enqueued: [String: Int] = [:]
  /// Of each queue, by the state in which jobs ended.
  private(set) var ended: [String: [JobState: Int]] = [:]
  /// How long jobs waited, and ran.
  private(set) var wait = LatencyHistogram()
  private(set) var run = LatencyHistogram()
  /// The sums of these, in seconds.
  private(set) var waitSum = 0.0
  private(set) var runSum = 0.0

  mutating func noteEnqueued(_ job: JobRecord) { enqueued[job.queue, default: 0] += 1 }

  mutating func noteEnd(_ job: JobRecord) {
    ended[job.queue, default: [:]][job.state, default: 0] += 1
    guard let times = job.times else { return }
    wait.note(times.wait)
    run.note(times.run)
    (waitSum, runSum) = (waitSum + times.wait, runSum + times.run)
  }
}

/// Finds out, now and then, whether jobs were removed, and goes through all of them when they were.
struct RemovalScan {
  private static let interval = Duration.seconds(2)
  private static let pauseFactor = 20
  private static let longestPause = Duration.seconds(60)

  private var next: MonotonicClock.Instant
  private var tally: JobTally?
  private var reached = Int64.min
  private var cost = Duration.zero
  private let clock = MonotonicClock()

  init(at now: MonotonicClock.Instant) { next = now.advanced(by: Self.interval) }

  /// Whether more steps should follow soon.
  var isUnderWay: Bool { tally != nil }

  /// Does the next piece of it.
  mutating func step(_ store: any JobStore, _ follower: JobFollower, batch: Int) async throws {
    let start = clock.now
    guard tally != nil || start >= next else { return }
    if tally == nil {
      let count = try await store.jobCount()
      let isRight = count == follower.now.tally.count
      let spent = start.duration(to: clock.now)
      next = clock.now.advanced(by: Self.pause(after: spent))
      if !isRight { (tally, reached, cost) = (JobTally(), .min, spent) }
      return
    }
    let outlines = try await store.outlines(after: reached, limit: batch)
    for outline in outlines { tally?.note(outline) }
    reached = outlines.last?.sequence ?? reached
    cost += start.duration(to: clock.now)
    guard outlines.count < batch, let found = tally else { return }
    // What has changed meanwhile was seen by the follower; what it noted of jobs that are here is newer.
    follower.replace(found.updated(from: follower.now.tally))
    tally = nil
    next = clock.now.advanced(by: Self.pause(after: cost))
  }

  private static func pause(after cost: Duration) -> Duration {
    min(longestPause, max(interval, cost * pauseFactor))
  }
}

extension JobTally {
  /// The jobs of this one as another one, which is newer, has them; those that came behind its last one are added.
  func updated(from newer: JobTally) -> JobTally {
    var result = self
    for outline in newer.outlines where contains(outline.sequence) || outline.sequence > (last ?? .min) {
      result.note(outline)
    }
    return result
  }
}

internal import FoundationEssentials
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinSync

/// Looks at a queue again and again, at a cost in each second that does not grow with the number of its jobs.
///
/// Counting reads every job: it is given a twentieth of the time at the most, and the changes of the jobs are
/// followed in between, which also give the rates and the failures.
struct TopFollower {
  /// So many failures are kept.
  private static let mostFailures = 50
  /// So many changes are read at a time.
  private static let batch = 500
  /// When there are more, as after a long stop, those in between are passed over, and the next count makes up for
  /// them.
  private static let mostChanges = 100_000
  /// So many inputs are read at one look, so that thousands of jobs that start at once hold nothing up.
  private static let mostInputs = 200

  private let store: any JobStore
  private let directory: String
  private let pauseFactor: Int
  private let clock = MonotonicClock()

  private var counts: TopCounts?
  private var nextCount = MonotonicClock.Instant(nanoseconds: .min)
  private var meter = TopRateMeter()
  /// The revision up to which changes were read.
  private var position: Int64 = 0
  /// The highest number that was seen.
  private var latest: Int64 = 0
  /// The latest first.
  private var failures: [JobRecord] = []
  /// Why they failed.
  private var errors: [Int64: String] = [:]
  private var inputs: [Int64: String] = [:]

  /// Prepares to look.
  ///
  /// - Parameters:
  ///   - queue: what to look at.
  ///   - directory: what it is called.
  ///   - pauseFactor: so many times what a count took has to pass before the next one.
  init(_ queue: JobQueue, directory: String, pauseFactor: Int = 20) {
    store = queue.store
    self.directory = directory
    self.pauseFactor = pauseFactor
  }

  /// Looks.
  mutating func look() async throws -> TopSnapshot {
    if counts == nil { try await begin() } else { try await followChanges() }
    let running = try await runningJobs()
    let counts = try await countIfDue(running)
    meter.mark(at: clock.now)
    return try await snapshot(counts, running)
  }

  /// Waits for the time of the next look.
  ///
  /// - Parameters:
  ///   - interval: between the beginnings of two looks.
  ///   - start: when the last one began. It takes half of the time at the most.
  func pause(_ interval: Duration, since start: MonotonicClock.Instant) async throws {
    let end = clock.now
    let next = max(start.advanced(by: interval), end.advanced(by: start.duration(to: end)))
    try await clock.sleep(until: next)
  }

  // MARK: Changes

  /// Begins at the present, for the first time or after too many changes.
  private mutating func begin() async throws {
    position = try store.revision()
    var filter = JobFilter()
    filter.limit = 1
    latest = try await store.jobs(filter).first?.sequence ?? 0
    errors = [:]
    meter = TopRateMeter()
  }

  private mutating func followChanges() async throws {
    let known = latest
    var new: Set<Int64> = []
    for _ in 0..<(Self.mostChanges / Self.batch) {
      let changes = try store.changes(after: position, limit: Self.batch)
      guard let last = changes.last else { return }
      position = last.revision
      for job in changes {
        let isNew = job.sequence > known && new.insert(job.sequence).inserted
        follow(job, isNew: isNew)
      }
      try Task.checkCancellation()
    }
    try await begin()
  }

  private mutating func follow(_ job: JobRecord, isNew: Bool) {
    counts?.note(job)
    latest = max(latest, job.sequence)
    var totals = meter.totals[job.queue] ?? .init()
    if isNew { totals.enqueued += 1 }
    if job.state.isFinished { totals.ended += 1 }
    if job.state == .succeeded { totals.succeeded += 1 }
    if job.state == .failed { totals.failed += 1 }
    meter.totals[job.queue] = totals
    noteFailure(job)
  }

  private mutating func noteFailure(_ job: JobRecord) {
    failures.removeAll { $0.sequence == job.sequence }
    errors[job.sequence] = nil
    guard job.state == .failed else { return }
    failures.insert(job, at: 0)
    failures.removeLast(max(0, failures.count - Self.mostFailures))
  }

  // MARK: Counts

  private mutating func countIfDue(_ running: [JobRecord]) async throws -> TopCounts {
    let start = clock.now
    if let counts, start < nextCount { return counts }
    let time = Date()
    // Before anything else that takes its time: changes that are counted already will be read once more.
    let counted = TopCounts(try await store.counts(), running: running, latest: latest, at: time)
    failures = try await latestFailures()
    let end = clock.now
    nextCount = end.advanced(by: start.duration(to: end) * pauseFactor)
    counts = counted
    return counted
  }

  private func latestFailures() async throws -> [JobRecord] {
    var filter = JobFilter()
    filter.states = [.failed]
    filter.order = JobOrder(.ended)
    filter.limit = Self.mostFailures
    return try await store.jobs(filter)
  }

  // MARK: The rest

  private func runningJobs() async throws -> [JobRecord] {
    var filter = JobFilter()
    filter.states = [.running]
    filter.order = JobOrder(.started, isReversed: true)
    filter.limit = .max
    return try await store.jobs(filter)
  }

  private mutating func snapshot(_ counts: TopCounts, _ running: [JobRecord]) async throws -> TopSnapshot {
    let workers = try await store.workers().sorted { $0.id < $1.id }
    let names = Dictionary(workers.map { ($0.id, $0.description.name) }) { first, _ in first }
    try await readInputs(of: running)
    try await readErrors()
    var snapshot = TopSnapshot(directory: directory, time: Date(), countedAt: counts.countedAt)
    snapshot.workers = workers
    snapshot.queues = counts.queues.values.sorted { $0.queue < $1.queue }
      .map { TopQueue(counts: $0, rates: meter.rates(of: $0.queue)) }
    snapshot.rates = meter.rates()
    snapshot.running = running.map { job in
      let worker = job.worker.map { names[$0] ?? "\($0)" } ?? ""
      return TopJob(record: job, worker: worker, input: inputs[job.sequence] ?? "")
    }
    snapshot.failures = failures.map { TopFailure(record: $0, error: errors[$0.sequence] ?? "") }
    return snapshot
  }

  private mutating func readInputs(of running: [JobRecord]) async throws {
    let numbers = Set(running.map(\.sequence))
    inputs = inputs.filter { numbers.contains($0.key) }
    for job in running.lazy.filter({ [inputs] in inputs[$0.sequence] == nil }).prefix(Self.mostInputs) {
      let payload = try await store.payload(of: job.sequence)
      inputs[job.sequence] = payload.map { InputText.summary(name: job.kind.name, input: $0.kwargs) } ?? ""
    }
  }

  private mutating func readErrors() async throws {
    let numbers = Set(failures.map(\.sequence))
    errors = errors.filter { numbers.contains($0.key) }
    for number in numbers where errors[number] == nil {
      let error = try await store.attempts(of: number).last?.error
      errors[number] = error.map { $0.message.isEmpty ? $0.type : $0.message } ?? ""
    }
  }
}

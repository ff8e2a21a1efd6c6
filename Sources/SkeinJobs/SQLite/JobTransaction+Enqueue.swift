internal import FoundationEssentials
internal import GRDB

extension JobTransaction {
  /// Stores jobs, each one after those of them that it waits for.
  ///
  /// - Returns: for each job, in the order given, what stands for it.
  func enqueue(_ jobs: [NewJob]) throws -> [EnqueuedJob] {
    guard jobs.contains(where: { !$0.dependencies.isEmpty }) else { return try jobs.map { try enqueue($0) } }
    var answers: [JobID: EnqueuedJob] = [:]
    for place in try EnqueueOrder.of(jobs) {
      answers[jobs[place].id] = try enqueue(jobs[place], beside: answers)
    }
    return jobs.map { answers[$0.id]! }
  }

  /// Stores a job, unless its unique key is taken and it gives way.
  ///
  /// - Parameter others: what stands for jobs of the same call, which it may wait for.
  func enqueue(_ job: NewJob, beside others: [JobID: EnqueuedJob] = [:]) throws -> EnqueuedJob {
    var job = job
    var replaced: Int64?
    var runsAfter: ResolvedDependency?
    if let key = job.uniqueKey, let holder = try holder(of: key) {
      switch job.uniqueConflict {
      case .existing: return EnqueuedJob(id: holder.id, sequence: holder.sequence, isExisting: true)
      case .error: throw JobQueueError.duplicate(job, of: holder.sequence)
      case .replace: (replaced, runsAfter) = try replace(holder)
      }
    }
    let siblings = try job.alongside.map { try join($0, &job) } ?? []
    var needs = try job.dependencies.map { try resolve($0, of: job, others) }
    if let runsAfter, !needs.contains(where: { $0.needs == runsAfter.needs }) {
      guard !job.startsAfterAny else { throw JobQueueError.anyAfterReplaced(job) }
      needs.append(runsAfter)
    }
    let followers = try siblings.map(\.job) + (replaced.map(waiting(for:)) ?? [])
    try checkForCycle(job, needs, followers)
    var ties = job.ties
    if !needs.isEmpty { ties.insert(.needsOthers) }
    let verdict = JoinVerdict(needs.map(\.state), ties)
    let isWaiting = !needs.isEmpty && verdict != .starts
    let life = JobLife(runAt: job.runAt ?? now, now: now, isWaiting: isWaiting)
    let sequence = try insert(job, life, ties)
    for (place, need) in needs.enumerated() { try insert(need, of: sequence, place: place) }
    for sibling in siblings { try link(sibling, to: sequence, job.id) }
    if let replaced { try moveLinks(from: replaced, to: sequence) }
    if isWaiting && verdict == .isHopeless {
      hopeless.insert(sequence)
      try giveUp(sequence)
    }
    news.hasWork = true
    return EnqueuedJob(id: job.id, sequence: sequence)
  }

  // MARK: Unique keys

  private func holder(of key: String) throws -> (sequence: Int64, id: JobID, state: JobState)? {
    let row = try Row.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT sequence, id, state, unique_until FROM jobs
          WHERE unique_key = ? AND (state < 4 OR unique_until IS NOT NULL)
          """), arguments: [key])
    guard let row else { return nil }
    let (sequence, state) = try (row[0] as Int64, JobState(stored: row[2]))
    if state.isFinished, try (row[3] as Int64) <= nowMicroseconds {
      try run("UPDATE jobs SET unique_until = NULL WHERE sequence = ?", [sequence])
      return nil
    }
    return (sequence, try JobID(data: row[1]), state)
  }

  /// Frees the key of the job that has it.
  ///
  /// - Returns: its number, if it gave way and others may wait for it; and the running job that the new one has to follow.
  private func replace(
    _ holder: (sequence: Int64, id: JobID, state: JobState)
  ) throws -> (replaced: Int64?, runsAfter: ResolvedDependency?) {
    switch holder.state {
    case .running:
      try run("UPDATE jobs SET unique_key = NULL WHERE sequence = ?", [holder.sequence])
      let end = JobDependency(on: holder.id, .end)
      return (nil, ResolvedDependency(dependency: end, needs: holder.sequence, state: .pending))
    case .waiting, .scheduled, .ready:
      let runsAfter = try whatRuns(before: holder.sequence)
      // It ends without telling anybody: who waits for it will wait for the new one.
      let told: JobTies = [.isNeeded, .failsTogether]
      try run(
        "UPDATE jobs SET ties = ties & ~?, unique_until = NULL WHERE sequence = ?",
        [told.rawValue, holder.sequence])
      try giveUp(holder.sequence)
      return (holder.sequence, runsAfter)
    case .succeeded, .failed, .cancelled, .expired:
      try run("UPDATE jobs SET unique_until = NULL WHERE sequence = ?", [holder.sequence])
      return (nil, nil)
    }
  }

  /// The job that one waits for because it has replaced that one when it ran; it may wait for its next try by now.
  private func whatRuns(before sequence: Int64) throws -> ResolvedDependency? {
    let row = try Row.fetchOne(
      db,
      sql: """
        SELECT j.sequence, j.id FROM dependencies d JOIN jobs j ON j.sequence = d.needs
        WHERE d.job = ? AND d.state = 0 AND d.condition = ? AND j.state < 4 AND j.unique_key IS NULL
        ORDER BY d.place DESC LIMIT 1
        """, arguments: [sequence, JobDependency.Condition.end.rawValue])
    return try row.map { row in
      let end = JobDependency(on: try JobID(data: row[1]), .end)
      return ResolvedDependency(dependency: end, needs: try row[0], state: .pending)
    }
  }

  // MARK: Rows

  private func insert(_ job: NewJob, _ life: JobLife, _ ties: JobTies) throws -> Int64 {
    let kind = try kindID(job.kind)
    let queue = try queueID(job.queue)
    let sequence = try nextSequence()
    let common: StatementArguments = [
      sequence, job.id.data, kind, queue, job.priority, life.state.rawValue, nowMicroseconds,
      life.runAt.microseconds, job.expiresAt?.microseconds, job.concurrencyKey, revision(),
    ]
    if job.uniqueKey == nil && ties.isEmpty {
      try run(
        """
        INSERT INTO jobs
          (sequence, id, kind, queue, priority, state, enqueued_at, run_at, expires_at, concurrency_key, revision)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """, common)
    } else {
      try run(
        """
        INSERT INTO jobs
          (sequence, id, kind, queue, priority, state, enqueued_at, run_at, expires_at, concurrency_key, revision,
            unique_key, unique_until, ties)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """, common + [job.uniqueKey, job.uniqueUntil?.microseconds, ties.rawValue])
    }
    didUseSequence()
    try insert(job.payload, sequence)
    return sequence
  }

  private func insert(_ payload: JobPayload, _ sequence: Int64) throws {
    let isPlain = payload.args == nil && payload.embed == nil && payload.headers == nil
    if isPlain && payload.rootID == nil && payload.groupID == nil && payload.traceparent == nil {
      return try run("INSERT INTO payloads (sequence, kwargs) VALUES (?, ?)", [sequence, payload.kwargs])
    }
    try run(
      "INSERT INTO payloads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        sequence, payload.args, payload.kwargs, payload.embed, payload.headers, payload.traceparent,
        payload.rootID?.data, payload.parentID?.data, payload.groupID?.data, payload.groupIndex,
      ])
  }
}

extension JobQueueError {
  static func anyAfterReplaced(_ job: NewJob) -> JobQueueError {
    .invalidInput(
      "job '\(job.label ?? job.kind.name)' would have to wait for the running one that it replaces, but is to start after "
        + "any of several jobs; nothing was stored")
  }

  static func duplicate(_ job: NewJob, of holder: Int64) -> JobQueueError {
    JobQueueError(
      .duplicate,
      "the unique key '\(job.uniqueKey ?? "")' of job '\(job.label ?? job.kind.name)' belongs to job \(holder); "
        + "nothing was stored")
  }
}

extension JobPayload {
  /// The columns of `payloads` that make it up.
  static let columns =
    "args, kwargs, embed, headers, traceparent, root_id, parent_id, group_id, group_index"

  /// Reads its columns.
  ///
  /// - Parameter start: the place of the first of them.
  init(_ row: Row, at start: Int) throws {
    try self.init(kwargs: row[start + 1])
    args = try row[start]
    embed = try row[start + 2]
    headers = try row[start + 3]
    traceparent = try row[start + 4]
    rootID = try (row[start + 5] as Data?).map(JobID.init(data:))
    parentID = try (row[start + 6] as Data?).map(JobID.init(data:))
    groupID = try (row[start + 7] as Data?).map(JobID.init(data:))
    groupIndex = try row[start + 8]
  }
}

internal import FoundationEssentials
internal import GRDB

/// A dependency of a job that is being stored, with what it is on.
struct ResolvedDependency {
  var dependency: JobDependency
  var needs: Int64
  var state: JobLink.State
}

/// An unfinished job that waits for the one that another is stored alongside.
struct JobSibling {
  var job: Int64
  var condition: JobDependency.Condition
}

extension JobTransaction {
  // MARK: Tying

  /// Finds the job that a dependency is on.
  func resolve(
    _ dependency: JobDependency, of job: NewJob, _ others: [JobID: EnqueuedJob]
  ) throws -> ResolvedDependency {
    let statement = try db.cachedStatement(sql: "SELECT sequence, state FROM jobs WHERE id = ?")
    let id = others[dependency.job]?.id ?? dependency.job
    guard let row = try Row.fetchOne(statement, arguments: [id.data]) else {
      throw JobQueueError.missing(dependency.job, for: job)
    }
    let state = try JobState(stored: row[1])
    return try ResolvedDependency(
      dependency: dependency, needs: row[0], state: JobLink.State(dependency.condition, state))
  }

  func insert(_ need: ResolvedDependency, of sequence: Int64, place: Int) throws {
    try run(
      "INSERT INTO dependencies VALUES (?, ?, ?, ?, ?, ?)",
      [
        sequence, place, need.needs, need.dependency.job.data, need.dependency.condition.rawValue,
        need.state.rawValue,
      ])
    try markNeeded(need.needs)
  }

  private func markNeeded(_ sequence: Int64) throws {
    try run(
      "UPDATE jobs SET ties = ties | ?1 WHERE sequence = ?2 AND ties & ?1 = 0",
      [JobTies.isNeeded.rawValue, sequence])
  }

  /// Finds who waits for an unfinished job, and puts a new one into its group.
  func join(_ id: JobID, _ job: inout NewJob) throws -> [JobSibling] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT j.sequence, p.group_id, j.state FROM jobs j JOIN payloads p ON p.sequence = j.sequence WHERE j.id = ?
        """)
    guard let row = try Row.fetchOne(statement, arguments: [id.data]) else {
      throw JobQueueError.notFound(id)
    }
    let state = try JobState(stored: row[2])
    guard !state.isFinished else { throw JobQueueError.lateSibling(of: id, state) }
    if let group: Data = try row[1] {
      job.payload.groupID = JobID(data: group)
      job.payload.groupIndex =
        1
        + (try Int.fetchOne(
          db, sql: "SELECT max(group_index) FROM payloads WHERE group_id = ?", arguments: [group]) ?? -1)
    }
    return try Row.fetchAll(
      db,
      sql: """
        SELECT d.job, d.condition FROM dependencies d JOIN jobs j ON j.sequence = d.job
        WHERE d.needs = ? AND d.state = 0 AND d.condition <> ? AND j.state = 0
        """, arguments: [try row[0] as Int64, JobDependency.Condition.fallback.rawValue]
    ).map { try JobSibling(job: $0[0], condition: JobDependency.Condition(stored: $0[1])) }
  }

  func link(_ sibling: JobSibling, to needs: Int64, _ id: JobID) throws {
    try run(
      """
      INSERT INTO dependencies SELECT ?1, coalesce(max(place), -1) + 1, ?2, ?3, ?4, 0 FROM dependencies WHERE job = ?1
      """, [sibling.job, needs, id.data, sibling.condition.rawValue])
    try markNeeded(needs)
  }

  /// The jobs that wait for one.
  func waiting(for sequence: Int64) throws -> [Int64] {
    try Int64.fetchAll(
      db, sql: "SELECT job FROM dependencies WHERE needs = ? AND state = 0", arguments: [sequence])
  }

  /// Refuses a job that would wait, through others, for those that are to wait for it.
  func checkForCycle(_ job: NewJob, _ needs: [ResolvedDependency], _ followers: [Int64]) throws {
    guard !needs.isEmpty && !followers.isEmpty else { return }
    let above = try above(needs.map(\.needs))
    guard let follower = followers.first(where: above.contains) else { return }
    throw JobQueueError.cycle(job, follower)
  }

  /// Some jobs, and all that they wait for, directly or through others.
  private func above(_ jobs: [Int64]) throws -> Set<Int64> {
    try Int64.fetchSet(
      db,
      sql: """
        WITH RECURSIVE above (job) AS (
          SELECT value FROM json_each(?)
          UNION SELECT d.needs FROM above JOIN dependencies d ON d.job = above.job)
        SELECT job FROM above
        """, arguments: ["[\(jobs.map(String.init).joined(separator: ","))]"])
  }

  /// Has those that wait for one job wait for another one.
  func moveLinks(from old: Int64, to new: Int64) throws {
    try run(
      "UPDATE dependencies SET needs = ?2 WHERE needs = ?1 AND state = 0 AND job <> ?2", [old, new])
    if db.changesCount > 0 { try markNeeded(new) }
  }

  /// Has a job that waits for the success of one wait for that of another one.
  private func moveLinks(from old: Int64, to new: Int64, of job: Int64) throws {
    try run(
      "UPDATE dependencies SET needs = ?2 WHERE needs = ?1 AND state = 0 AND job = ?3 AND condition = ?4",
      [old, new, job, JobDependency.Condition.success.rawValue])
    if db.changesCount > 0 { try markNeeded(new) }
  }

  // MARK: Ends

  /// Lets those who wait for a job that has ended go on or give up, and so on for those who wait for them.
  func didEnd(_ sequence: Int64, as state: JobState, _ ties: JobTies) throws {
    guard !ties.isDisjoint(with: [.isNeeded, .failsTogether]) else { return }
    endings.append((sequence, state, ties))
    // What this ends comes here again; a list and not a recursion, for a chain may be long.
    guard endings.count == 1 else { return }
    defer { (endings, hopeless) = ([], []) }
    var next = 0
    while next < endings.count {
      try settle(endings[next])
      next += 1
    }
  }

  private func settle(_ ending: (sequence: Int64, state: JobState, ties: JobTies)) throws {
    var isReplaced = false
    if ending.ties.contains(.isNeeded) {
      if ending.state != .succeeded { isReplaced = try fallBack(from: ending.sequence) }
      try tellFollowers(of: ending.sequence, ending.state)
    }
    // What could never start is no failure of its own: it was not needed, or another one's failure has been told.
    let fails = ending.state != .succeeded && !isReplaced && !hopeless.contains(ending.sequence)
    if fails, ending.ties.contains(.failsTogether) { try cancelGroup(of: ending.sequence) }
  }

  /// Puts the fallback of a failed job in its place, if it has one.
  private func fallBack(from sequence: Int64) throws -> Bool {
    let statement = try db.cachedStatement(
      sql: """
        SELECT d.job FROM dependencies d JOIN jobs j ON j.sequence = d.job
        WHERE d.needs = ? AND d.state = 0 AND d.condition = ? AND j.state = 0 LIMIT 1
        """)
    let fallback = try Int64.fetchOne(
      statement, arguments: [sequence, JobDependency.Condition.fallback.rawValue])
    guard let fallback else { return false }
    // What the fallback itself waits for can not wait for it.
    let above = try above([fallback])
    for job in try waiting(for: sequence) where !above.contains(job) {
      try moveLinks(from: sequence, to: fallback, of: job)
    }
    return true
  }

  private func tellFollowers(of sequence: Int64, _ state: JobState) throws {
    let followers = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT d.job, d.place, d.condition, j.ties FROM dependencies d JOIN jobs j ON j.sequence = d.job
          WHERE d.needs = ? AND d.state = 0 AND j.state = 0
          """), arguments: [sequence])
    for row in followers {
      let (job, place): (Int64, Int) = try (row[0], row[1])
      let link = JobLink.State(try JobDependency.Condition(stored: row[2]), state)
      try run(
        "UPDATE dependencies SET state = ? WHERE job = ? AND place = ?", [link.rawValue, job, place])
      switch try JoinVerdict(link, JobTies(rawValue: row[3]), hasPending: hasLink(.pending, job)) {
      case .waits: break
      case .starts: try move(job, by: .released(now: now))
      case .isHopeless:
        hopeless.insert(job)
        try giveUp(job)
      }
    }
  }

  private func hasLink(_ state: JobLink.State, _ job: Int64) throws -> Bool {
    let statement = try db.cachedStatement(
      sql: "SELECT EXISTS (SELECT 1 FROM dependencies WHERE job = ? AND state = ?)")
    return try Bool.fetchOne(statement, arguments: [job, state.rawValue])!
  }

  /// Cancels what is unfinished of the group of a job, but for what waits for failures and for any end.
  private func cancelGroup(of sequence: Int64) throws {
    let rest = try Int64.fetchAll(
      db,
      sql: """
        SELECT p.sequence FROM payloads p JOIN jobs j ON j.sequence = p.sequence
        WHERE p.group_id = (SELECT group_id FROM payloads WHERE sequence = ?) AND j.state < 4
          AND NOT EXISTS (SELECT 1 FROM dependencies d WHERE d.job = p.sequence AND d.condition <> ?)
        ORDER BY p.sequence
        """, arguments: [sequence, JobDependency.Condition.success.rawValue])
    // The failure of the group has been told: theirs is none of its own, which would tell it again.
    hopeless.formUnion(rest)
    for job in rest { try giveUp(job) }
  }

  /// Cancels a job, or asks it to stop, on behalf of others.
  func giveUp(_ sequence: Int64) throws {
    if try move(sequence, by: .cancelled)?.isCancelRequested == true { news.hasControl = true }
  }

  /// Moves a job on, if the event fits.
  @discardableResult
  func move(_ sequence: Int64, by event: JobLife.Event) throws -> JobLife? {
    guard var life = try life(sequence), life.apply(event) else { return nil }
    try save(life, of: sequence)
    return life
  }
}

extension JobLink.State {
  /// What becomes of a link when the job that is waited for stands so.
  init(_ condition: JobDependency.Condition, _ other: JobState) {
    self = !other.isFinished ? .pending : condition.isMet(byEnd: other) ? .met : .broken
  }
}

extension JobQueueError {
  static func missing(_ id: JobID, for job: NewJob) -> JobQueueError {
    JobQueueError(
      .jobNotFound,
      "job '\(job.label ?? job.kind.name)' is to wait for job \(id), which is not in this queue; nothing was stored"
    )
  }

  static func lateSibling(of id: JobID, _ state: JobState) -> JobQueueError {
    JobQueueError(
      .wrongState,
      "job \(id) is \(state.name): no job can be put alongside of it any more; nothing was stored")
  }

  static func cycle(_ job: NewJob, _ follower: Int64) -> JobQueueError {
    .invalidInput(
      "job '\(job.label ?? job.kind.name)' would wait for job \(follower), which is to wait for it; nothing was stored"
    )
  }

  static func hopelessRetry(_ id: JobID, _ needs: [Int64]) -> JobQueueError {
    JobQueueError(
      .wrongState,
      "job \(id) was cancelled because of what became of job \(needs.map(String.init).joined(separator: ", ")); retry that one, and "
        + "this one waits for it again")
  }
}

internal import FoundationEssentials
internal import HeapModule

extension MemoryTables {
  /// Stores a job, unless its unique key is taken and it gives way.
  ///
  /// - Parameter others: what stands for jobs of the same call, which it may wait for.
  mutating func enqueue(
    _ new: NewJob, beside others: [JobID: EnqueuedJob] = [:], now: Date
  ) throws(JobQueueError) -> EnqueuedJob {
    var new = new
    var replaced: Int64?
    var runsAfter: MemoryLinks.Link?
    if let key = new.uniqueKey, let holder = holder(of: key, now: now) {
      switch new.uniqueConflict {
      case .existing: return EnqueuedJob(id: holder.id, sequence: holder.sequence, isExisting: true)
      case .error: throw .duplicate(new, of: holder.sequence)
      case .replace: (replaced, runsAfter) = replace(holder)
      }
    }
    var siblings: [MemoryLinks.Place] = []
    if let sibling = new.alongside { siblings = try join(sibling, &new) }
    var needs = try resolve(new, others)
    if let runsAfter, !needs.contains(where: { $0.needs == runsAfter.needs }) {
      guard !new.startsAfterAny else { throw .anyAfterReplaced(new) }
      needs.append(runsAfter)
    }
    let followers = siblings.map(\.job) + (replaced.map { open(links.followers(of: $0)).map(\.job) } ?? [])
    try checkForCycle(new, needs, followers)
    var ties = new.ties
    if !needs.isEmpty { ties.insert(.needsOthers) }
    let verdict = JoinVerdict(needs.map(\.state), ties)
    let isWaiting = !needs.isEmpty && verdict != .starts
    let sequence = insert(new, ties, isWaiting: isWaiting, now: now)
    for need in needs { insert(need, of: sequence) }
    for place in siblings {
      let condition = links[place].condition
      insert(.init(needs: sequence, origin: new.id, condition: condition, state: .pending), of: place.job)
    }
    if let replaced { moveLinks(from: replaced, to: sequence) }
    if isWaiting && verdict == .isHopeless {
      hopeless.insert(sequence)
      giveUp(sequence)
    }
    return EnqueuedJob(id: new.id, sequence: sequence)
  }

  private mutating func insert(_ new: NewJob, _ ties: JobTies, isWaiting: Bool, now: Date) -> Int64 {
    lastSequence += 1
    var record = JobRecord(
      sequence: lastSequence, id: new.id, kind: new.kind, queue: new.queue, priority: new.priority,
      life: JobLife(runAt: new.runAt ?? now, now: now, isWaiting: isWaiting), enqueuedAt: now,
      revision: revision)
    record.expiresAt = new.expiresAt
    record.uniqueKey = new.uniqueKey
    record.uniqueUntil = new.uniqueUntil
    record.concurrencyKey = new.concurrencyKey
    record.ties = ties
    jobs[lastSequence] = Job(record: record, payload: new.payload)
    sequences[new.id] = lastSequence
    if let end = new.expiresAt { expiring.insert(Due(at: end, sequence: lastSequence)) }
    file(lastSequence)
    return lastSequence
  }

  private mutating func holder(of key: String, now: Date) -> JobRecord? {
    guard let sequence = uniqueKeys[key], let record = jobs[sequence]?.record else { return nil }
    guard record.state.isFinished, record.uniqueUntil! <= now else { return record }
    freeKey(of: sequence)
    return nil
  }

  private mutating func freeKey(of sequence: Int64) {
    jobs[sequence]!.record.uniqueUntil = nil
    if let key = jobs[sequence]!.record.uniqueKey { uniqueKeys[key] = nil }
  }

  /// Frees the key of the job that has it; gives its number, if it gave way and others may wait for it, and the running
  /// job that the new one has to follow.
  private mutating func replace(_ holder: JobRecord) -> (replaced: Int64?, runsAfter: MemoryLinks.Link?) {
    freeKey(of: holder.sequence)
    switch holder.state {
    case .running:
      jobs[holder.sequence]!.record.uniqueKey = nil
      return (nil, .init(needs: holder.sequence, origin: holder.id, condition: .end, state: .pending))
    case .waiting, .scheduled, .ready:
      let runsAfter = (links.links[holder.sequence] ?? []).last { link in
        guard let other = jobs[link.needs]?.record else { return false }
        return link.condition == .end && !other.state.isFinished && other.uniqueKey == nil
      }
      // It ends without telling anybody: who waits for it will wait for the new one.
      jobs[holder.sequence]!.record.ties.subtract([.isNeeded, .failsTogether])
      giveUp(holder.sequence)
      return (holder.sequence, runsAfter)
    case .succeeded, .failed, .cancelled, .expired: return (nil, nil)
    }
  }

  mutating func retry(_ sequence: Int64) throws(JobQueueError) {
    let record = jobs[sequence]!.record
    var life = record.life
    guard life.apply(.retried(isWaiting: false)) else {
      throw JobQueueError(
        .wrongState,
        "job \(record.id) is \(record.state.name); only failed, cancelled and expired jobs can be retried")
    }
    try checkKey(of: sequence, toRetry: record.id)
    // All or nothing: the tables are a value.
    let before = self
    do {
      let isWaiting = try waitsAgain(sequence)
      jobs[sequence]!.record.expiresAt = nil
      move(sequence, by: .retried(isWaiting: isWaiting))
      try revive(after: sequence)
    } catch {
      self = before
      throw error
    }
  }

  /// Refuses to have a job unfinished again whose unique key another one has.
  func checkKey(of sequence: Int64, toRetry id: JobID) throws(JobQueueError) {
    guard let key = jobs[sequence]?.record.uniqueKey, let holder = uniqueKeys[key], holder != sequence else {
      return
    }
    throw JobQueueError(
      .wrongState,
      "job \(id) can not be retried: its unique key, or that of one that waits for it, belongs to another job"
    )
  }
}

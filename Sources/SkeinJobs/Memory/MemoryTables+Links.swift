internal import FoundationEssentials

extension MemoryTables {
  // MARK: Tying

  /// Stores jobs, each one after those of them that it waits for.
  mutating func enqueue(_ jobs: [NewJob]) throws -> [EnqueuedJob] {
    let canFail = jobs.contains {
      !$0.dependencies.isEmpty || $0.alongside != nil || $0.uniqueConflict == .error
    }
    guard canFail else { return try jobs.map { try enqueue($0, now: now) } }
    // All or none: the tables are a value. The copy is why the common case goes without.
    let before = self
    do {
      var answers: [JobID: EnqueuedJob] = [:]
      for place in try EnqueueOrder.of(jobs) {
        answers[jobs[place].id] = try enqueue(jobs[place], beside: answers, now: now)
      }
      return jobs.map { answers[$0.id]! }
    } catch {
      self = before
      throw error
    }
  }

  /// Finds the jobs that one depends on.
  func resolve(_ job: NewJob, _ others: [JobID: EnqueuedJob]) throws(JobQueueError) -> [MemoryLinks.Link] {
    var found: [MemoryLinks.Link] = []
    for dependency in job.dependencies {
      guard let needs = sequences[others[dependency.job]?.id ?? dependency.job] else {
        throw .missing(dependency.job, for: job)
      }
      found.append(
        .init(
          needs: needs, origin: dependency.job, condition: dependency.condition,
          state: .init(dependency.condition, jobs[needs]!.record.state)))
    }
    return found
  }

  mutating func insert(_ link: MemoryLinks.Link, of job: Int64) {
    links.append(link, of: job)
    jobs[link.needs]?.record.ties.insert(.isNeeded)
  }

  /// Finds the links to an unfinished job, and puts a new one into its group.
  func join(_ id: JobID, _ job: inout NewJob) throws(JobQueueError) -> [MemoryLinks.Place] {
    let sibling = jobs[try sequence(of: id)]!
    guard !sibling.record.state.isFinished else { throw .lateSibling(of: id, sibling.record.state) }
    if let group = sibling.payload.groupID {
      job.payload.groupID = group
      let places = jobs.values.filter { $0.payload.groupID == group }.compactMap(\.payload.groupIndex)
      job.payload.groupIndex = 1 + (places.max() ?? -1)
    }
    return open(links.followers(of: sibling.record.sequence)).filter { links[$0].condition != .fallback }
  }

  func checkForCycle(
    _ job: NewJob, _ needs: [MemoryLinks.Link], _ followers: [Int64]
  ) throws(JobQueueError) {
    guard !needs.isEmpty && !followers.isEmpty else { return }
    let above = above(needs.map(\.needs))
    if let follower = followers.first(where: above.contains) { throw .cycle(job, follower) }
  }

  /// Some jobs, and all that they wait for, directly or through others.
  private func above(_ jobs: [Int64]) -> Set<Int64> {
    var above = Set(jobs)
    var next = jobs
    while let job = next.popLast() {
      for link in links.links[job] ?? [] where above.insert(link.needs).inserted { next.append(link.needs) }
    }
    return above
  }

  /// Those links that are undecided, of jobs that wait.
  func open(_ places: [MemoryLinks.Place]) -> [MemoryLinks.Place] {
    places.filter { links[$0].state == .pending && jobs[$0.job]?.record.state == .waiting }
  }

  /// Has those that wait for one job wait for another one.
  mutating func moveLinks(from old: Int64, to new: Int64) {
    for place in links.followers(of: old) where place.job != new && links[place].state == .pending {
      links.move(place, to: new)
      jobs[new]?.record.ties.insert(.isNeeded)
    }
  }

  // MARK: Ends

  /// Lets those who wait for a job that has ended go on or give up, and so on for those who wait for them.
  mutating func didEnd(_ sequence: Int64) {
    endings.append(sequence)
    // What this ends comes here again; a list and not a recursion, for a chain may be long.
    guard endings.count == 1 else { return }
    var next = 0
    while next < endings.count {
      settle(endings[next])
      next += 1
    }
    (endings, hopeless) = ([], [])
  }

  private mutating func settle(_ sequence: Int64) {
    guard let record = jobs[sequence]?.record else { return }
    var isReplaced = false
    if record.ties.contains(.isNeeded) {
      if record.state != .succeeded { isReplaced = fallBack(from: sequence) }
      for place in open(links.followers(of: sequence)) { tell(place, record.state) }
    }
    // What could never start is no failure of its own: it was not needed, or another one's failure has been told.
    let fails = record.state != .succeeded && !isReplaced && !hopeless.contains(sequence)
    if fails, record.ties.contains(.failsTogether) { cancelGroup(of: sequence) }
  }

  private mutating func fallBack(from sequence: Int64) -> Bool {
    let fallback = open(links.followers(of: sequence)).first { links[$0].condition == .fallback }
    guard let fallback else { return false }
    // What the fallback itself waits for can not wait for it.
    let above = above([fallback.job])
    for place in open(links.followers(of: sequence)) where !above.contains(place.job) {
      guard links[place].condition == .success else { continue }
      links.move(place, to: fallback.job)
      jobs[fallback.job]?.record.ties.insert(.isNeeded)
    }
    return true
  }

  private mutating func tell(_ place: MemoryLinks.Place, _ state: JobState) {
    let link = JobLink.State(links[place].condition, state)
    links.set(place, link)
    let ties = jobs[place.job]!.record.ties
    switch JoinVerdict(link, ties, hasPending: links.hasPending(place.job)) {
    case .waits: break
    case .starts: move(place.job, by: .released(now: now))
    case .isHopeless:
      hopeless.insert(place.job)
      giveUp(place.job)
    }
  }

  private mutating func cancelGroup(of sequence: Int64) {
    guard let group = jobs[sequence]?.payload.groupID else { return }
    let rest = jobs.values.filter { job in
      job.payload.groupID == group && !job.record.state.isFinished
        && (links.links[job.record.sequence] ?? []).allSatisfy { $0.condition == .success }
    }
    // The failure of the group has been told: theirs is none of its own, which would tell it again.
    hopeless.formUnion(rest.map(\.record.sequence))
    for sequence in rest.map(\.record.sequence).sorted() { giveUp(sequence) }
  }

  /// Cancels a job, or asks it to stop, on behalf of others.
  mutating func giveUp(_ sequence: Int64) {
    move(sequence, by: .cancelled)
    if jobs[sequence]?.record.life.isCancelRequested == true { news.hasControl = true }
  }

  // MARK: Trying again

  /// Looks anew at what a job that is to be tried again waits for, and says whether it has to wait.
  mutating func waitsAgain(_ sequence: Int64) throws(JobQueueError) -> Bool {
    let (verdict, broken) = reconsider(sequence)
    guard verdict != .isHopeless else { throw .hopelessRetry(jobs[sequence]!.record.id, broken) }
    return verdict == .waits
  }

  /// Judges all links of a job by where those stand now that it waits for.
  private mutating func reconsider(_ sequence: Int64) -> (verdict: JoinVerdict, broken: [Int64]) {
    let found = links.links[sequence] ?? []
    guard !found.isEmpty else { return (.starts, []) }
    let states = found.map { link -> JobLink.State in
      // What is gone will not happen any more.
      guard let other = jobs[link.needs]?.record.state else { return link.state == .met ? .met : .broken }
      return .init(link.condition, other)
    }
    for (place, state) in states.enumerated() { links.set(.init(job: sequence, place: place), state) }
    let broken = zip(found, states).filter { $0.1 == .broken }.map(\.0.needs)
    return (JoinVerdict(states, jobs[sequence]!.record.ties), broken)
  }

  /// Has those wait again that were cancelled because of a job that is now tried again, and so on.
  mutating func revive(after sequence: Int64) throws(JobQueueError) {
    var revived = [sequence]
    while let needed = revived.popLast() {
      for place in links.followers(of: needed) where links[place].state == .broken {
        // Others of those that it waits for may have failed as well: then it is for them to bring it back.
        guard jobs[place.job]?.record.state == .cancelled, reconsider(place.job).verdict == .waits else {
          continue
        }
        try checkKey(of: place.job, toRetry: jobs[sequence]!.record.id)
        jobs[place.job]!.record.expiresAt = nil
        move(place.job, by: .retried(isWaiting: true))
        revived.append(place.job)
      }
    }
  }

  // MARK: Looking

  /// Whether an unfinished job waits for the result of a finished one.
  func isNeeded(_ sequence: Int64) -> Bool {
    jobs[sequence]?.record.state == .succeeded
      && links.followers(of: sequence).contains { jobs[$0.job]?.record.state.isFinished == false }
  }

  func inputs(of sequence: Int64) -> [JobInput] {
    (links.links[sequence] ?? []).map { JobInput(job: $0.origin, result: jobs[$0.needs]?.result) }
  }

  func links(around sequence: Int64, limit: Int) -> [JobLink] {
    var near: Set<Int64> = [sequence]
    var next = [sequence]
    while let job = next.popLast(), near.count < limit {
      let needs = (links.links[job] ?? []).map(\.needs)
      for other in needs + links.followers(of: job).map(\.job) where near.insert(other).inserted {
        next.append(other)
      }
    }
    return near.sorted().flatMap { job in
      (links.links[job] ?? []).filter { near.contains($0.needs) }.map {
        JobLink(job: job, needs: $0.needs, condition: $0.condition, state: $0.state)
      }
    }
  }
}

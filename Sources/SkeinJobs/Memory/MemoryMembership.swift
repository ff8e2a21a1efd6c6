internal import FoundationEssentials
internal import SkeinSync

/// A worker's place in a ``MemoryJobStore``. It lives and dies with the process, and so do its jobs.
final class MemoryMembership: WorkerMembership {
  let id: WorkerID
  private let name: String
  private let store: MemoryJobStore

  init(id: WorkerID, name: String, store: MemoryJobStore) {
    self.id = id
    self.name = name
    self.store = store
  }

  func claim(_ request: ClaimRequest) async throws -> Claim {
    try store.changeOpen { tables in
      guard tables.workers[id] != nil else { throw JobQueueError.noMember(id) }
      return tables.claim(request, worker: id)
    }
  }

  func finish(_ token: ClaimToken, _ finished: FinishedAttempt) async throws -> Bool {
    try store.changeOpen { tables in
      guard tables.holds(token, id), tables.move(token.sequence, by: finished.event) else { return false }
      tables.jobs[token.sequence]!.save(finished.attempt, log: finished.log)
      if let result = finished.result { tables.jobs[token.sequence]!.result = result }
      return true
    }
  }

  func inputs(of token: ClaimToken) async throws -> [JobInput] {
    try store.readOpen { $0.inputs(of: token.sequence) }
  }

  func handBack(_ tokens: [ClaimToken]) async throws {
    try store.changeOpen { tables in
      for token in tokens where tables.holds(token, id) {
        tables.move(token.sequence, by: .handedBack(started: false))
        tables.giveBackRate(tables.jobs[token.sequence]!.record)
      }
    }
  }

  func report(_ reports: [AttemptReport]) async throws {
    try store.changeOpen { tables in
      for report in reports where tables.holds(report.token, id) {
        tables.jobs[report.token.sequence]!.save(report.attempt, log: report.log)
        guard let progress = report.progress else { continue }
        tables.jobs[report.token.sequence]!.record.progress = progress
      }
    }
  }

  func renew() async throws {
    guard try store.readOpen({ $0.workers[id] != nil }) else { throw JobQueueError.noMember(id) }
  }

  func cancelRequests() async throws -> [ClaimToken] {
    try store.readOpen { tables in
      guard tables.workers[id] != nil else { throw JobQueueError.noMember(id) }
      return tables.held(by: id).filter(\.life.isCancelRequested).map {
        ClaimToken(sequence: $0.sequence, delivery: $0.life.deliveries)
      }
    }
  }

  func leave() async throws {
    try store.changeOpen { tables in
      for job in tables.held(by: id) {
        tables.move(job.sequence, by: .handedBack(started: false))
        tables.giveBackRate(job)
      }
      tables.workers[id] = nil
    }
  }

  // What protects jobs from the death of another process has nothing to do here.

  func noteStart(of token: ClaimToken, place: Int) {}
  func noteProcessGroup(_ group: Int32, place: Int) {}
  func noteEnd(place: Int) {}
  func watchEndings(_ action: @escaping @Sendable () -> Void) -> ScheduledAction? { nil }
  func rescue() async throws -> [Rescue] { [] }
}

extension MemoryTables {
  /// Notes that the worker of an attempt was evicted.
  mutating func endAttempt(of job: JobRecord, evicted worker: String) {
    let number = job.life.attempts + 1
    guard var attempt = jobs[job.sequence]?.attempts.first(where: { $0.number == number }) else { return }
    attempt.outcome = .crashed
    attempt.endedAt = now
    attempt.error = WorkerLoss.evicted.error(worker)
    jobs[job.sequence]!.save(attempt, log: Data())
  }
}

extension MemoryTables.Job {
  fileprivate mutating func save(_ attempt: AttemptRecord, log: Data) {
    attempts.removeAll { $0.number == attempt.number }
    attempts.append(attempt)
    logs[attempt.number, default: Data()].append(log)
  }
}

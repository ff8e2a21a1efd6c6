internal import FoundationEssentials
internal import GRDB

extension JobTransaction {
  /// Asks for a job's end; a finished one stays as it is.
  func cancel(_ id: JobID) throws {
    let sequence = try sequence(of: id)
    guard var life = try life(sequence), life.apply(.cancelled) else { return }
    try save(life, of: sequence)
    if life.isCancelRequested { news.hasControl = true }
  }

  /// Makes a finished job ready again.
  func retry(_ id: JobID) throws {
    let sequence = try sequence(of: id)
    guard var life = try life(sequence) else { throw JobQueueError.notFound(id) }
    let state = life.state
    guard life.apply(.retried(isWaiting: false)) else {
      throw JobQueueError(
        .wrongState, "job \(id) is \(state.name); only failed, cancelled and expired jobs can be retried")
    }
    if try waitsAgain(sequence, id) { life.state = .waiting }
    do {
      try run("UPDATE jobs SET expires_at = NULL WHERE sequence = ?", [sequence])
      try save(life, of: sequence)
      try revive(after: sequence)
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
      throw JobQueueError(
        .wrongState,
        "job \(id) can not be retried: its unique key, or that of one that waits for it, belongs to another job",
        cause: error)
    }
  }

  func setPaused(_ isPaused: Bool, queue: String) throws {
    try run("UPDATE queues SET is_paused = ? WHERE id = ?", [isPaused, queueID(queue)])
    news.hasWork = true
  }

  private func sequence(of id: JobID) throws -> Int64 {
    let statement = try db.cachedStatement(sql: "SELECT sequence FROM jobs WHERE id = ?")
    guard let sequence = try Int64.fetchOne(statement, arguments: [id.data]) else {
      throw JobQueueError.notFound(id)
    }
    return sequence
  }
}

extension JobQueueError {
  static func notFound(_ id: JobID) -> JobQueueError {
    JobQueueError(.jobNotFound, "there is no job \(id) in this queue")
  }
}

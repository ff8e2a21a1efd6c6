internal import FoundationEssentials
internal import GRDB

/// What a retry means for those that a job waits for, and for those that wait for it.
extension JobTransaction {
  /// Looks anew at what a job that is to be tried again waits for.
  ///
  /// - Returns: whether it has to wait.
  /// - Throws: ``JobQueueError`` with code `wrongState` when it could never start.
  func waitsAgain(_ sequence: Int64, _ id: JobID) throws -> Bool {
    let (verdict, broken) = try reconsider(sequence)
    guard verdict != .isHopeless else { throw JobQueueError.hopelessRetry(id, broken) }
    return verdict == .waits
  }

  /// Judges all links of a job by where those stand now that it waits for.
  ///
  /// - Returns: what follows for the job, and for which jobs it can not wait any more.
  private func reconsider(_ sequence: Int64) throws -> (verdict: JoinVerdict, broken: [Int64]) {
    let ties = try JobTies(
      rawValue: Int.fetchOne(db, sql: "SELECT ties FROM jobs WHERE sequence = ?", arguments: [sequence]) ?? 0)
    guard ties.contains(.needsOthers) else { return (.starts, []) }
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT d.place, d.condition, d.state, d.needs, j.state FROM dependencies d
        LEFT JOIN jobs j ON j.sequence = d.needs WHERE d.job = ?
        """, arguments: [sequence])
    let states = try rows.map { row in
      // What is gone will not happen any more.
      guard let other: Int = try row[4] else {
        return try JobLink.State(stored: row[2]) == .met ? JobLink.State.met : .broken
      }
      return try JobLink.State(JobDependency.Condition(stored: row[1]), JobState(stored: other))
    }
    for (row, state) in zip(rows, states) {
      try run(
        "UPDATE dependencies SET state = ? WHERE job = ? AND place = ?",
        [state.rawValue, sequence, try row[0] as Int])
    }
    let broken = try zip(rows, states).filter { $0.1 == .broken }.map { try $0.0[3] as Int64 }
    return (JoinVerdict(states, ties), broken)
  }

  /// Has those wait again that were cancelled because of a job that is now tried again, and so on.
  func revive(after sequence: Int64) throws {
    var revived = [sequence]
    while let needed = revived.popLast() {
      let followers = try Int64.fetchAll(
        db,
        sql: """
          SELECT DISTINCT d.job FROM dependencies d JOIN jobs j ON j.sequence = d.job
          WHERE d.needs = ? AND d.state = ? AND j.state = ?
          """, arguments: [needed, JobLink.State.broken.rawValue, JobState.cancelled.rawValue])
      // Others of those that it waits for may have failed as well: then it is for them to bring it back.
      for job in followers where try reconsider(job).verdict == .waits {
        try run("UPDATE jobs SET expires_at = NULL WHERE sequence = ?", [job])
        if try move(job, by: .retried(isWaiting: true)) != nil { revived.append(job) }
      }
    }
  }
}

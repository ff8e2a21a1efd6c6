internal import FoundationEssentials
internal import GRDB

extension JobRows {
  /// The results of those that a job has waited for, in the order in which they were named.
  func inputs(_ sequence: Int64) throws -> [JobInput] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT d.origin, r.result FROM dependencies d LEFT JOIN results r ON r.sequence = d.needs
        WHERE d.job = ? ORDER BY d.place
        """, arguments: [sequence]
    ).map { try JobInput(job: JobID(data: $0[0]), result: $0[1]) }
  }

  /// The links between a job and those that it is tied to, however far, up to so many jobs.
  func links(around sequence: Int64, limit: Int) throws -> [JobLink] {
    try Row.fetchAll(
      db,
      sql: """
        WITH RECURSIVE near (job) AS (
          VALUES (?1)
          UNION SELECT d.needs FROM near JOIN dependencies d ON d.job = near.job
          UNION SELECT d.job FROM near JOIN dependencies d ON d.needs = near.job
          LIMIT ?2)
        SELECT d.job, d.needs, d.condition, d.state FROM dependencies d
        WHERE d.job IN (SELECT job FROM near) AND d.needs IN (SELECT job FROM near) ORDER BY d.job, d.place
        """, arguments: [sequence, limit]
    ).map { row in
      try JobLink(
        job: row[0], needs: row[1], condition: JobDependency.Condition(stored: row[2]),
        state: JobLink.State(stored: row[3]))
    }
  }
}

extension JobDependency.Condition {
  init(stored: Int) throws {
    self = try Self(rawValue: stored).orDamaged("a dependency is on end \(stored), which there is not")
  }
}

extension JobLink.State {
  init(stored: Int) throws {
    self = try Self(rawValue: stored).orDamaged("a dependency is in state \(stored), which there is not")
  }
}

internal import GRDB

extension SQLiteJobStore {
  /// Sets a limit, in the place of one for the same subject. Promised.
  public func setLimit(_ limit: JobLimit) async throws {
    try await writer.perform(.promised) { try $0.setLimit(limit) }
  }

  /// Takes a limit away. Promised.
  public func removeLimit(_ subject: JobLimit.Subject) async throws -> Bool {
    try await writer.perform(.promised) { try $0.removeLimit(subject) }
  }

  /// All limits, names before keys, in the order of their texts.
  public func limits() async throws -> [JobLimit] {
    try await read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM limits ORDER BY scope, subject").map(JobLimit.init)
    }
  }
}

internal import FoundationEssentials
internal import GRDB
internal import Glibc
internal import SkeinWork

/// Keeps a ``JobHistory`` across restarts, in `history.sqlite` beside the queue: a file of its own, so that writing it never
/// stands in the queue's way, and losing it loses charts alone.
final class HistoryFile: Sendable {
  /// Up to where the history goes.
  struct Position: Hashable, Sendable {
    /// The last revision of the queue that it knows.
    var revision: Int64
    /// The last job that it knows.
    var sequence: Int64

    init(revision: Int64, sequence: Int64) { (self.revision, self.sequence) = (revision, sequence) }
  }

  private let database: DatabaseQueue

  /// Opens the file, creating it if need be, with the mode 0600.
  ///
  /// - Throws: an error of the file system or of SQLite's.
  init(directory: String) throws {
    let path = directory + "/history.sqlite"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if descriptor >= 0 { Glibc.close(descriptor) }
    var configuration = Configuration()
    configuration.label = "skein history"
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
    }
    database = try DatabaseQueue(path: path, configuration: configuration)
    try database.write { db in
      try db.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS buckets (
            level INTEGER NOT NULL, start INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (level, start)
          ) WITHOUT ROWID;
          CREATE TABLE IF NOT EXISTS position (
            id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, sequence INTEGER NOT NULL
          );
          """)
    }
  }

  /// What is stored.
  func load() async throws -> (JobHistory, Position?) {
    try await database.read { db in
      var history = JobHistory()
      let rows = try Row.fetchCursor(db, sql: "SELECT level, start, data FROM buckets")
      while let row = try rows.next() {
        guard let level = JobHistory.Level(rawValue: row["level"]) else { continue }
        let data = Data((row["data"] as String).utf8)
        history.restore(
          .init(level: level, start: row["start"]), try JSONCodec().decode(JobHistory.Bucket.self, from: data)
        )
      }
      let position = try Row.fetchOne(db, sql: "SELECT revision, sequence FROM position").map {
        Position(revision: $0["revision"], sequence: $0["sequence"])
      }
      return (history, position)
    }
  }

  /// Stores what has changed, and removes what is kept no longer.
  func save(_ changes: [JobHistory.Key: JobHistory.Bucket], _ position: Position, now: Date) async throws {
    try await database.write { db in
      for (key, bucket) in changes {
        let data = String(decoding: try JSONCodec().encode(bucket), as: UTF8.self)
        try db.execute(
          sql: "INSERT OR REPLACE INTO buckets VALUES (?, ?, ?)",
          arguments: [key.level.rawValue, key.start, data])
      }
      let second = Int64(now.timeIntervalSince1970)
      for level in JobHistory.Level.allCases {
        try db.execute(
          sql: "DELETE FROM buckets WHERE level = ? AND start < ?",
          arguments: [level.rawValue, second - level.span - level.step])
      }
      try db.execute(
        sql: "INSERT OR REPLACE INTO position VALUES (1, ?, ?)",
        arguments: [position.revision, position.sequence])
    }
  }

  /// Closes the file.
  func close() throws { try database.close() }
}

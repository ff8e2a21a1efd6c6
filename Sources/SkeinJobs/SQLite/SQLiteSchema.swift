internal import GRDB

/// The tables of `queue.sqlite`.
///
/// Times are microseconds since 1970 in UTC; states and outcomes are the raw values of their enumerations.
///
/// | table | a row for | kept apart because |
/// |---|---|---|
/// | `jobs` | each job | small and hot: what claims and state changes touch |
/// | `payloads` | each job | written once, read once |
/// | `results` | each job that gave a result | read by those who wait |
/// | `attempts` | each attempt | the history of a job |
/// | `logs` | each piece of an attempt's output | grows while the attempt runs |
/// | `progress` | each job that reports | relaxed writes while it runs |
/// | `kinds` | each name with its rules | the same for many jobs |
/// | `queues` | each queue | carries the pause |
/// | `schedules` | each schedule | what comes up again and again |
/// | `ticks` | each tick that enqueued a job | makes a tick happen once, whoever looks |
/// | `dependencies` | each job that another one waits for | read at ends, not at claims |
/// | `limits` | each limit that is set | the same for many jobs |
/// | `limited` | each name or key that a limit is kept for | the state of a limit |
/// | `workers` | each worker that has joined and not left | carries the lease |
/// | `known_jobs` | each name that some worker announced | lets producers refuse unknown names |
/// | `meta` | the file | the revision that numbers all changes; the highest number of a removed job; the limits' version |
///
/// Indexes over states are partial, so that a finished job is in none of them but the one that finds those which
/// have been kept long enough, and the one over revisions.
enum SQLiteSchema {
  /// "SKEI", as SQLite's application id.
  static let applicationID: Int32 = 0x534b_4549
  /// The newest schema that this code knows, as SQLite's user version.
  static let version: Int32 = 3

  /// Brings a database to the newest schema, or says why it can not.
  ///
  /// Call it in an exclusive transaction. Each step takes a database from the version of its index to the next.
  static func migrate(_ db: Database, path: String) throws {
    let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let current = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
    guard application == applicationID || (application == 0 && tables == 0) else {
      throw JobQueueError(
        .foreignStore, "\(path) is an SQLite database of another program; choose another data directory")
    }
    guard current <= version else {
      throw JobQueueError(
        .newerStore,
        "\(path) was written by a newer Skein (schema \(current), this one knows \(version)); use that version"
      )
    }
    for step in steps[Int(current)...] { try db.execute(sql: step) }
    try db.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
  }

  /// Whether a database is a queue of the newest schema.
  static func isCurrent(_ db: Database) throws -> Bool {
    try Int32.fetchOne(db, sql: "PRAGMA application_id") == applicationID
      && Int32.fetchOne(db, sql: "PRAGMA user_version") == version
  }

  private static let steps = [first, second, third]

  /// Jobs that wait for others; limits; unique keys that outlive their job's end.
  private static let third = """
    ALTER TABLE jobs ADD COLUMN ties INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN unique_until INTEGER;
    ALTER TABLE jobs ADD COLUMN held_by INTEGER;
    ALTER TABLE meta ADD COLUMN limits_version INTEGER NOT NULL DEFAULT 0;

    DROP INDEX jobs_ready;
    CREATE INDEX jobs_ready ON jobs (queue, is_suspect, priority DESC, sequence, kind)
      WHERE state = 2 AND held_by IS NULL;
    CREATE INDEX jobs_held ON jobs (held_by, queue, priority DESC, sequence) WHERE held_by IS NOT NULL;
    CREATE INDEX jobs_suspect ON jobs (queue) WHERE state = 2 AND is_suspect = 1 AND held_by IS NULL;
    DROP INDEX jobs_unique;
    CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key)
      WHERE unique_key IS NOT NULL AND (state < 4 OR unique_until IS NOT NULL);
    CREATE INDEX payloads_group ON payloads (group_id, group_index) WHERE group_id IS NOT NULL;

    CREATE TABLE dependencies (
      job INTEGER NOT NULL,
      place INTEGER NOT NULL,
      needs INTEGER NOT NULL,
      origin BLOB NOT NULL,
      condition INTEGER NOT NULL,
      state INTEGER NOT NULL,
      PRIMARY KEY (job, place)
    ) WITHOUT ROWID;
    CREATE INDEX dependencies_needs ON dependencies (needs, state);
    CREATE INDEX dependencies_state ON dependencies (job, state);

    CREATE TABLE limits (
      scope INTEGER NOT NULL,
      subject TEXT NOT NULL,
      concurrency INTEGER,
      rate_count INTEGER,
      rate_period INTEGER,
      burst INTEGER,
      PRIMARY KEY (scope, subject)
    ) WITHOUT ROWID;

    CREATE TABLE limited (
      id INTEGER PRIMARY KEY,
      scope INTEGER NOT NULL,
      subject TEXT NOT NULL,
      earliest INTEGER NOT NULL DEFAULT 0,
      opens_at INTEGER,
      UNIQUE (scope, subject)
    );
    CREATE INDEX limited_opens ON limited (opens_at) WHERE opens_at IS NOT NULL;
    """

  /// What finds the jobs that have been kept long enough; the highest number that was ever given to a job which is
  /// gone, so that none is given twice; schedules.
  private static let second = """
    CREATE INDEX jobs_finished ON jobs (kind, state, finished_at) WHERE finished_at IS NOT NULL;
    ALTER TABLE meta ADD COLUMN last_sequence INTEGER NOT NULL DEFAULT 0;

    CREATE TABLE schedules (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      definition TEXT NOT NULL,
      kind INTEGER NOT NULL REFERENCES kinds,
      queue INTEGER NOT NULL REFERENCES queues,
      args BLOB,
      kwargs BLOB NOT NULL,
      is_paused INTEGER NOT NULL DEFAULT 0,
      made_at INTEGER NOT NULL,
      decided_through INTEGER NOT NULL,
      next_tick INTEGER
    );
    CREATE INDEX schedules_next ON schedules (next_tick) WHERE next_tick IS NOT NULL;
    CREATE INDEX schedules_decided ON schedules (decided_through) WHERE next_tick IS NOT NULL;

    CREATE TABLE ticks (
      schedule INTEGER NOT NULL REFERENCES schedules,
      tick INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      PRIMARY KEY (schedule, tick)
    ) WITHOUT ROWID;
    """

  private static let first = """
    CREATE TABLE meta (revision INTEGER NOT NULL);
    INSERT INTO meta VALUES (0);

    CREATE TABLE queues (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      is_paused INTEGER NOT NULL DEFAULT 0
    );

    CREATE TABLE kinds (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      payload_version INTEGER NOT NULL,
      content_type TEXT NOT NULL,
      rules TEXT NOT NULL,
      UNIQUE (name, payload_version, content_type, rules)
    );

    CREATE TABLE jobs (
      sequence INTEGER PRIMARY KEY,
      id BLOB NOT NULL UNIQUE,
      kind INTEGER NOT NULL REFERENCES kinds,
      queue INTEGER NOT NULL REFERENCES queues,
      priority INTEGER NOT NULL,
      state INTEGER NOT NULL,
      reason INTEGER,
      attempts INTEGER NOT NULL DEFAULT 0,
      failures INTEGER NOT NULL DEFAULT 0,
      crashes INTEGER NOT NULL DEFAULT 0,
      deliveries INTEGER NOT NULL DEFAULT 0,
      is_suspect INTEGER NOT NULL DEFAULT 0,
      is_cancel_requested INTEGER NOT NULL DEFAULT 0,
      worker INTEGER,
      enqueued_at INTEGER NOT NULL,
      run_at INTEGER NOT NULL,
      expires_at INTEGER,
      started_at INTEGER,
      finished_at INTEGER,
      unique_key TEXT,
      concurrency_key TEXT,
      revision INTEGER NOT NULL
    );
    CREATE INDEX jobs_ready ON jobs (queue, is_suspect, priority DESC, sequence, kind) WHERE state = 2;
    CREATE INDEX jobs_scheduled ON jobs (run_at) WHERE state = 1;
    CREATE INDEX jobs_running ON jobs (worker, is_cancel_requested) WHERE state = 3;
    CREATE INDEX jobs_expiring ON jobs (expires_at) WHERE expires_at IS NOT NULL AND state < 3;
    CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key) WHERE unique_key IS NOT NULL AND state < 4;
    CREATE INDEX jobs_revision ON jobs (revision);

    CREATE TABLE payloads (
      sequence INTEGER PRIMARY KEY,
      args BLOB,
      kwargs BLOB NOT NULL,
      embed BLOB,
      headers BLOB,
      traceparent TEXT,
      root_id BLOB,
      parent_id BLOB,
      group_id BLOB,
      group_index INTEGER
    );

    CREATE TABLE results (sequence INTEGER PRIMARY KEY, result BLOB NOT NULL);

    CREATE TABLE progress (
      sequence INTEGER PRIMARY KEY,
      attempt INTEGER NOT NULL,
      fraction REAL NOT NULL,
      message TEXT
    );

    CREATE TABLE attempts (
      sequence INTEGER NOT NULL,
      number INTEGER NOT NULL,
      delivery INTEGER NOT NULL,
      worker TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      ended_at INTEGER,
      outcome INTEGER NOT NULL,
      error TEXT,
      process_group INTEGER,
      PRIMARY KEY (sequence, number)
    ) WITHOUT ROWID;

    CREATE TABLE logs (
      sequence INTEGER NOT NULL,
      attempt INTEGER NOT NULL,
      start INTEGER NOT NULL,
      bytes BLOB NOT NULL,
      PRIMARY KEY (sequence, attempt, start)
    ) WITHOUT ROWID;

    CREATE TABLE workers (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL,
      description TEXT NOT NULL,
      file TEXT NOT NULL,
      boot_id TEXT NOT NULL,
      lease_until INTEGER NOT NULL,
      seen_at INTEGER NOT NULL,
      joined_at INTEGER NOT NULL
    );

    CREATE TABLE known_jobs (name TEXT PRIMARY KEY, payload_version INTEGER NOT NULL) WITHOUT ROWID;
    """
}

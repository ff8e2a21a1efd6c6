internal import FoundationEssentials
internal import GRDB
internal import SkeinSync

/// How safe a write must be when its caller goes on.
enum Durability: Comparable {
  /// It survives a crash of the process, but perhaps not of the machine.
  case relaxed
  /// It survives a crash of the machine.
  case promised
}

/// The one writer of a store: callers that come while a transaction is being written share the next one.
///
/// A thread of its own takes what has gathered, stands in line with the writers of other processes, and runs every call
/// in a savepoint of one transaction. A call that throws is undone alone. The callers go on when the transaction is
/// committed, so that one wait for the disk serves all of them.
final class GroupCommit: Sendable {
  private struct State {
    var gathered: [any WriteCall] = []
    var isClosed = false
  }

  private let state = Lock(State(), name: "group commit")
  private let arrival = FutexWord()
  private let hasEnded = Event(name: "writer ended")

  /// Starts the writer.
  init(database: DatabasePool, lock: WriterLock, signals: StoreSignals, path: String) {
    let writer = BatchWriter(database: database, lock: lock, signals: signals, path: path)
    startDetachedThread(name: "skein-writer") { [self] in
      while let calls = next() { writer.write(calls) }
      hasEnded.set()
    }
  }

  /// Runs `body` in a transaction, and returns when that is committed.
  ///
  /// A cancelled caller waits all the same: the write can not be called back.
  func perform<Result: Sendable>(
    _ durability: Durability, _ body: @escaping @Sendable (JobTransaction) throws -> Result
  ) async throws -> Result {
    try await withUnsafeThrowingContinuation { continuation in
      let call = Call(durability: durability, body: body, continuation: continuation)
      let isFirst: Bool? = state.withLock { state in
        if state.isClosed { return nil }
        state.gathered.append(call)
        return state.gathered.count == 1
      }
      switch isFirst {
      case nil: continuation.resume(throwing: JobQueueError(.closed, "the queue is closed"))
      case true?: arrival.advance()
      case false?: break
      }
    }
  }

  /// Writes what has gathered, then ends the writer.
  func close() async {
    state.withLock { $0.isClosed = true }
    arrival.advance()
    await hasEnded.waitShielded()
  }

  /// Blocks the writer's thread until there is something to write; `nil` when there will be nothing more.
  private func next() -> [any WriteCall]? {
    while true {
      let seen = arrival.value
      let (calls, isClosed) = state.withLock { state in
        defer { state.gathered = [] }
        return (state.gathered, state.isClosed)
      }
      if !calls.isEmpty { return calls }
      if isClosed { return nil }
      arrival.wait(while: seen, until: -1)
    }
  }
}

/// A call that waits for its transaction.
private protocol WriteCall: AnyObject, Sendable {
  var durability: Durability { get }
  /// Runs the body. What it returns or throws is kept until the transaction has ended.
  func run(_ transaction: JobTransaction) throws
  /// Lets the caller go on: with what was kept, or with the error that ended the transaction.
  func complete(_ failure: (any Error)?)
}

private final class Call<Output: Sendable>: WriteCall, @unchecked Sendable {
  // Sendable because `outcome` is touched by the writer's thread alone.
  let durability: Durability
  private let body: @Sendable (JobTransaction) throws -> Output
  private let continuation: UnsafeContinuation<Output, any Error>
  private var outcome: Result<Output, any Error>?

  init(
    durability: Durability, body: @escaping @Sendable (JobTransaction) throws -> Output,
    continuation: UnsafeContinuation<Output, any Error>
  ) {
    self.durability = durability
    self.body = body
    self.continuation = continuation
  }

  func run(_ transaction: JobTransaction) throws {
    outcome = Result { try body(transaction) }
    _ = try outcome!.get()
  }

  func complete(_ failure: (any Error)?) {
    if let failure { return continuation.resume(throwing: failure) }
    continuation.resume(with: outcome!)
  }
}

/// Writes a batch of calls as one transaction. Used by the writer's thread alone.
private struct BatchWriter: Sendable {
  let database: DatabasePool
  let lock: WriterLock
  let signals: StoreSignals
  let path: String
  let cache = InternedNames()

  func write(_ calls: [any WriteCall]) {
    do {
      let news = try lock.withLock {
        try database.writeWithoutTransaction { db in try transact(calls, db) }
      }
      for call in calls { call.complete(nil) }
      news.raise(signals)
    } catch {
      cache.clear()
      let failure = (error as? DatabaseError)?.asJobQueueError(path: path) ?? error
      for call in calls { call.complete(failure) }
    }
  }

  private func transact(_ calls: [any WriteCall], _ db: Database) throws -> StoreNews {
    let isPromised = calls.contains { $0.durability == .promised }
    try db.cachedStatement(sql: isPromised ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL").execute()
    try db.beginTransaction(.immediate)
    do {
      let transaction = try JobTransaction(db: db, cache: cache)
      for call in calls { try runInSavepoint(call, transaction) }
      try db.commit()
      return transaction.news
    } catch {
      if db.isInsideTransaction { try db.rollback() }
      throw error
    }
  }

  /// Runs a call; one that throws is undone alone, unless the whole transaction is gone.
  private func runInSavepoint(_ call: any WriteCall, _ transaction: JobTransaction) throws {
    let db = transaction.db
    try db.cachedStatement(sql: "SAVEPOINT call").execute()
    do {
      try call.run(transaction)
    } catch {
      cache.clear()
      // A full disk, for one, makes SQLite undo the whole transaction: then every call has failed.
      guard db.isInsideTransaction else { throw error }
      try db.cachedStatement(sql: "ROLLBACK TO call").execute()
    }
    try db.cachedStatement(sql: "RELEASE call").execute()
  }
}

extension DatabaseError {
  /// Says what an error of SQLite's means for a queue, and what to do.
  func asJobQueueError(path: String) -> JobQueueError {
    let detail = message ?? "no details"
    let (code, text): (JobQueueError.Code, String) =
      switch resultCode {
      case .SQLITE_FULL: (.diskFull, "the disk is full: nothing of this call is stored in \(path). Make room and repeat")
      case .SQLITE_READONLY: (.storeUnavailable, "\(path) can only be read, not written: check the file system and owner")
      case .SQLITE_NOTADB: (.foreignStore, "\(path) is no SQLite database; choose another data directory")
      case .SQLITE_CORRUPT: (.storeUnavailable, "\(path) is damaged (\(detail)); restore it from a backup")
      case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: (.storeUnavailable, "\(path) can not be opened (\(detail))")
      case .SQLITE_IOERR: (.storeUnavailable, "reading or writing \(path) failed (\(detail)): check the disk")
      default: (.storeUnavailable, "SQLite failed on \(path): \(detail)")
      }
    return JobQueueError(code, text, cause: self)
  }
}

internal import FoundationEssentials
internal import GRDB
internal import Glibc
internal import SkeinSync
internal import SkeinThreads

/// How safe a write must be when its caller goes on.
enum Durability: Comparable {
  /// It survives a crash of the process, but perhaps not of the machine.
  case relaxed
  /// It survives a crash of the machine.
  case promised
}

/// The one writer of a store: callers that come while a transaction is being written share the next one.
///
/// Two threads make a pipeline. The first takes what has gathered, stands in line with the writers of other processes,
/// and runs every call in a savepoint of one transaction; a call that throws is undone alone. The second waits for the
/// disk, outside every lock: one wait serves all transactions that were committed before it began, while the first
/// thread writes the next ones. See docs/decisions/002.
final class GroupCommit: Sendable {
  private let arrivals = Inbox<any WriteCall>()
  private let hasEnded = Event(name: "writer ended")

  /// Starts the writer.
  init(database: DatabasePool, lock: WriterLock, signals: StoreSignals, path: String) throws(JobQueueError) {
    let writer = BatchWriter(database: database, lock: lock, signals: signals, path: path)
    let log = try WriteAheadLog(database: path)
    let unsynced = Inbox<BatchWriter.Committed>()
    do {
      _ = try OSThread.start(name: "skein-writer", isDaemon: true) { [arrivals] in
        while let calls = arrivals.takeAll() {
          if let committed = writer.write(calls) { _ = unsynced.put(committed) }
        }
        unsynced.close()
      }
      _ = try OSThread.start(name: "skein-sync", isDaemon: true) { [hasEnded] in
        // Sticky: what could not be written may be forgotten, and a later success would say nothing about it.
        var failure: JobQueueError?
        while let batches = unsynced.takeAll() {
          failure = failure ?? log.sync()
          for batch in batches { batch.complete(failure, signals) }
        }
        hasEnded.set()
      }
    } catch {
      // Should it be the second one that the system refused, the first one ends.
      arrivals.close()
      throw JobQueueError(.storeUnavailable, "\(path) can not be opened: \(error)", cause: error)
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
      if !arrivals.put(call) {
        continuation.resume(throwing: JobQueueError(.closed, "the queue is closed"))
      }
    }
  }

  /// Writes what has gathered, then ends the writer.
  func close() async {
    arrivals.close()
    await hasEnded.waitShielded()
  }
}

/// What one thread takes and others put: everything that has come since the last time, at once.
private final class Inbox<Item: Sendable>: Sendable {
  private struct State {
    var items: [Item] = []
    var isClosed = false
  }

  private let state = Lock(State(), name: "inbox")
  private let arrival = FutexWord()

  /// Puts an item in; `false` when the inbox is closed.
  func put(_ item: Item) -> Bool {
    let isFirst: Bool? = state.withLock { state in
      if state.isClosed { return nil }
      state.items.append(item)
      return state.items.count == 1
    }
    if isFirst == true { arrival.advance() }
    return isFirst != nil
  }

  func close() {
    state.withLock { $0.isClosed = true }
    arrival.advance()
  }

  /// Blocks the thread until there is something; `nil` when there will be nothing more.
  func takeAll() -> [Item]? {
    while true {
      let seen = arrival.value
      let (items, isClosed) = state.withLock { state in
        defer { state.items = [] }
        return (state.items, state.isClosed)
      }
      if !items.isEmpty { return items }
      if isClosed { return nil }
      arrival.wait(while: seen, until: -1)
    }
  }
}

/// SQLite's log, which holds every transaction until it is moved into the database: what must be on disk for a promise.
private struct WriteAheadLog: Sendable {
  private let file: FileDescriptor
  private let path: String

  /// Opens the log of an open database. SQLite keeps it as long as the database is open, and takes no locks on it that
  /// closing this descriptor could drop.
  init(database: String) throws(JobQueueError) {
    path = database + "-wal"
    file = try FileDescriptor(opening: path, O_RDWR)
  }

  /// Waits until everything that is written is on disk.
  ///
  /// - Returns: why that is not known. What the system could not write it may forget, so that a later call says nothing
  ///   about it: the store has to be opened anew.
  func sync() -> JobQueueError? {
    while fdatasync(file.number) != 0 {
      guard errno == EINTR else { return .notSynced(path, errno) }
    }
    return nil
  }
}

/// A call that waits for its transaction.
private protocol WriteCall: AnyObject, Sendable {
  var durability: Durability { get }
  /// Runs the body. What it returns or throws is kept until the transaction has ended.
  func run(_ transaction: JobTransaction, path: String) throws
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

  func run(_ transaction: JobTransaction, path: String) throws {
    outcome = Result {
      do { return try body(transaction) } catch let error as DatabaseError {
        throw error.asJobQueueError(path: path)
      }
    }
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

  /// Calls whose transaction is committed, but perhaps not on disk yet.
  struct Committed: Sendable {
    var calls: [any WriteCall]
    var news: StoreNews

    func complete(_ failure: JobQueueError?, _ signals: StoreSignals) {
      for call in calls { call.complete(failure) }
      news.raise(signals)
    }
  }

  /// Writes calls as one transaction, and lets those go on that need no more.
  ///
  /// - Returns: those that wait for the disk.
  func write(_ calls: [any WriteCall]) -> Committed? {
    do {
      var news = try lock.withLock {
        try database.writeWithoutTransaction { db in try transact(calls, db) }
      }
      // Workers may start at once: what they do is written after this, and so can not outlive it.
      news.raiseWork(signals)
      let promised = calls.filter { $0.durability == .promised }
      for call in calls where call.durability == .relaxed { call.complete(nil) }
      let committed = Committed(calls: promised, news: news)
      guard promised.isEmpty else { return committed }
      committed.complete(nil, signals)
    } catch {
      cache.clear()
      let failure = (error as? DatabaseError)?.asJobQueueError(path: path) ?? error
      for call in calls { call.complete(failure) }
    }
    return nil
  }

  private func transact(_ calls: [any WriteCall], _ db: Database) throws -> StoreNews {
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
      try call.run(transaction, path: path)
    } catch {
      cache.clear()
      // A full disk, for one, makes SQLite undo the whole transaction: then every call has failed.
      guard db.isInsideTransaction else { throw error }
      try db.cachedStatement(sql: "ROLLBACK TO call").execute()
      try transaction.readLimits()
    }
    try db.cachedStatement(sql: "RELEASE call").execute()
  }
}

extension JobQueueError {
  fileprivate static func notSynced(_ path: String, _ number: Int32) -> JobQueueError {
    JobQueueError(
      .notSynced,
      """
      \(path) can not be brought to the disk (\(String(cString: strerror(number)))): what was stored last may not be \
      there after a crash of the machine. Check the disk, then start this program again
      """)
  }
}

extension DatabaseError {
  /// Says what an error of SQLite's means for a queue, and what to do.
  func asJobQueueError(path: String) -> JobQueueError {
    let detail = message ?? "no details"
    let (code, text): (JobQueueError.Code, String) =
      switch resultCode {
      case .SQLITE_FULL:
        (.diskFull, "the disk is full: nothing of this call is stored in \(path). Make room and repeat")
      case .SQLITE_READONLY:
        (.storeUnavailable, "\(path) can only be read, not written: check the file system and owner")
      case .SQLITE_NOTADB:
        (
          .foreignStore,
          """
          \(path) is no SQLite database; choose another data directory or, if it was a queue, restore it from a backup
          """
        )
      case .SQLITE_CORRUPT: (.storeUnavailable, "\(path) is damaged (\(detail)); restore it from a backup")
      case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
        (.storeUnavailable, "\(path) can not be opened (\(detail))")
      case .SQLITE_IOERR: (.storeUnavailable, "reading or writing \(path) failed (\(detail)): check the disk")
      default: (.storeUnavailable, "SQLite failed on \(path): \(detail)")
      }
    return JobQueueError(code, text, cause: self)
  }
}

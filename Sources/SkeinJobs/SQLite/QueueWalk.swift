internal import GRDB

/// The queues that one claim asks: those that were named, in their order; or all that have ready jobs, each once, the one
/// first that comes after where the last claim ended. Paused ones are passed over.
///
/// - Complexity: one probe of an index for each queue that is asked, however many there are.
struct QueueWalk {
  private let db: Database
  private let paused: Set<Int64>
  private var named: ArraySlice<Int64>?
  private let start: Int64
  private var last: Int64
  private var hasTurned = false

  init(named: [Int64]?, after start: Int64, _ db: Database) throws {
    self.db = db
    self.named = named.map { $0[...] }
    self.start = start
    last = start
    paused = try Set(Int64.fetchAll(db.cachedStatement(sql: "SELECT id FROM queues WHERE is_paused")))
  }

  /// Those of some queues that are to be asked at all.
  func open(_ queues: [Int64]) -> [Int64] {
    queues.filter { !paused.contains($0) && named?.contains($0) != false }
  }

  /// The next queue; `nil` when all have been asked.
  mutating func next() throws -> Int64? {
    while let queue = try step() {
      if !paused.contains(queue) { return queue }
    }
    return nil
  }

  private mutating func step() throws -> Int64? {
    if named != nil { return named!.popFirst() }
    let statement = try db.cachedStatement(
      sql: "SELECT min(queue) FROM jobs WHERE state = 2 AND held_by IS NULL AND queue > ?")
    var found = try Int64.fetchOne(statement, arguments: [last])
    if found == nil && !hasTurned {
      (hasTurned, last) = (true, .min)
      found = try Int64.fetchOne(statement, arguments: [last])
    }
    guard let queue = found, !hasTurned || queue <= start else { return nil }
    // A damaged index may lead back to where it was.
    guard queue > last else { throw DatabaseError.damaged("the index of ready jobs is out of order") }
    last = queue
    return queue
  }
}

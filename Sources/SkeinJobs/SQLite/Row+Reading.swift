internal import GRDB

// GRDB's own subscripts of a row trap when a column does not hold what is asked for. The schema rules that out, a damaged
// file does not, and one job's bad row must not bring down every worker that reads it. These stand before GRDB's in this
// module, so that the compiler asks for a `try` wherever a row is read.
extension Row {
  /// The value of a column.
  ///
  /// - Throws: a `DatabaseError` that says that the file is damaged.
  subscript<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ column: String) -> Value {
    get throws {
      do {
        return try decode(Value.self, forColumn: column)
      } catch {
        throw DatabaseError.damaged("'\(column)' of a row holds no \(Value.self)")
      }
    }
  }

  /// The value of a column, by its place.
  ///
  /// - Throws: a `DatabaseError` that says that the file is damaged.
  subscript<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ index: Int) -> Value {
    get throws {
      do {
        return try decode(Value.self, atIndex: index)
      } catch {
        throw DatabaseError.damaged("column \(index) of a row holds no \(Value.self)")
      }
    }
  }
}

extension Row {
  /// What is made of each row of a statement, while SQLite has it at hand.
  ///
  /// Unlike `fetchAll`, it copies no rows.
  static func read<Value>(
    _ statement: Statement, arguments: StatementArguments? = nil, _ make: (Row) throws -> Value
  ) throws -> [Value] {
    let rows = try fetchCursor(statement, arguments: arguments)
    var values: [Value] = []
    while let row = try rows.next() { values.append(try make(row)) }
    return values
  }
}

extension Optional {
  /// What must be there unless the file is damaged.
  ///
  /// - Throws: a `DatabaseError` that says so.
  func orDamaged(_ what: String) throws -> Wrapped {
    guard let self else { throw DatabaseError.damaged(what) }
    return self
  }
}

extension DatabaseError {
  static func damaged(_ what: String) -> DatabaseError {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: what)
  }
}

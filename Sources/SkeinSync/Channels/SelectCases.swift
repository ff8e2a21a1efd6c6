/// Two cases, or blocks of cases, one after the other.
@usableFromInline
struct SelectPair<First: SelectCase, Second: SelectCase>: SelectCase where First.Result == Second.Result {
  @usableFromInline var first: First
  @usableFromInline var second: Second

  @inlinable
  init(_ first: consuming First, _ second: consuming Second) {
    self.first = first
    self.second = second
  }

  @inlinable var count: Int { first.count + second.count }

  @inlinable
  mutating func perform(_ turn: inout SelectTurn, at index: Int) -> Bool {
    let split = first.count
    return index < split ? first.perform(&turn, at: index) : second.perform(&turn, at: index - split)
  }

  @inlinable
  func finish(at index: Int) throws -> First.Result {
    let split = first.count
    return index < split ? try first.finish(at: index) : try second.finish(at: index - split)
  }
}

/// The cases of a loop.
@usableFromInline
struct SelectList<Cases: SelectCase>: SelectCase {
  @usableFromInline var rounds: [Cases]

  @inlinable
  init(_ rounds: consuming [Cases]) { self.rounds = rounds }

  @inlinable var count: Int { rounds.reduce(0) { $0 + $1.count } }

  /// In which round the case is, and as which of its cases.
  @inlinable
  func find(_ index: Int) -> (round: Int, index: Int) {
    var (round, index) = (0, index)
    while index >= rounds[round].count {
      index -= rounds[round].count
      round += 1
    }
    return (round, index)
  }

  @inlinable
  mutating func perform(_ turn: inout SelectTurn, at index: Int) -> Bool {
    let found = find(index)
    return rounds[found.round].perform(&turn, at: found.index)
  }

  @inlinable
  func finish(at index: Int) throws -> Cases.Result {
    let found = find(index)
    return try rounds[found.round].finish(at: found.index)
  }
}

/// The cases of an `if` without `else`.
@usableFromInline
struct SelectOptional<Cases: SelectCase>: SelectCase {
  @usableFromInline var cases: Cases?

  @inlinable
  init(_ cases: consuming Cases?) { self.cases = cases }

  @inlinable var count: Int { cases?.count ?? 0 }

  @inlinable
  mutating func perform(_ turn: inout SelectTurn, at index: Int) -> Bool {
    cases!.perform(&turn, at: index)
  }

  @inlinable
  func finish(at index: Int) throws -> Cases.Result { try cases!.finish(at: index) }
}

/// The cases of one of two branches.
public struct SelectBranch<First: SelectCase, Second: SelectCase>: SelectCase
where First.Result == Second.Result {
  // One of them is there.
  @usableFromInline var first: First?
  @usableFromInline var second: Second?

  @inlinable
  init(first: consuming First) { self.first = first }

  @inlinable
  init(second: consuming Second) { self.second = second }

  /// How many cases the branch has.
  @inlinable public var count: Int { first?.count ?? second!.count }

  /// Does one step of a `select` for a case of the branch.
  @inlinable
  public mutating func perform(_ turn: inout SelectTurn, at index: Int) -> Bool {
    first?.perform(&turn, at: index) ?? second!.perform(&turn, at: index)
  }

  /// Makes the result of a case of the branch.
  @inlinable
  public func finish(at index: Int) throws -> First.Result {
    if let first { try first.finish(at: index) } else { try second!.finish(at: index) }
  }
}

/// No case at all: a block without any.
@usableFromInline
struct SelectNothing<Result>: SelectCase {
  @inlinable
  init() {}

  @inlinable var count: Int { 0 }

  @inlinable
  func perform(_ turn: inout SelectTurn, at index: Int) -> Bool { false }

  @inlinable
  func finish(at index: Int) throws -> Result { fatalError("a block without cases was asked for one") }
}

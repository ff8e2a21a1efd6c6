/// Two cases, or blocks of cases, one after the other.
public struct SelectPair<First: SelectCase, Second: SelectCase>: SelectCase
where First.Result == Second.Result {
  @usableFromInline var first: First
  @usableFromInline var second: Second

  @inlinable
  init(_ first: consuming First, _ second: consuming Second) {
    self.first = first
    self.second = second
  }

  /// How many cases there are.
  @inlinable public var count: Int { first.count + second.count }

  /// Does one step of a `select` for one of the cases.
  @inlinable
  public mutating func perform(_ turn: inout SelectTurn, at index: Int) -> Bool {
    let split = first.count
    return index < split ? first.perform(&turn, at: index) : second.perform(&turn, at: index - split)
  }

  /// Makes the result of one of the cases.
  @inlinable
  public func finish(at index: Int) throws -> First.Result {
    let split = first.count
    return index < split ? try first.finish(at: index) : try second.finish(at: index - split)
  }
}

/// The cases of a loop.
public struct SelectList<Cases: SelectCase>: SelectCase {
  @usableFromInline var rounds: [Cases]
  /// How many cases there are.
  public let count: Int
  /// In which round each case is, and as which of its cases; empty when each round has one case, as nearly
  /// always.
  @usableFromInline let places: [(round: Int, index: Int)]

  @inlinable
  init(_ rounds: consuming [Cases]) {
    count = rounds.reduce(0) { $0 + $1.count }
    let isPlain = rounds.allSatisfy { $0.count == 1 }
    places = isPlain ? [] : rounds.indices.flatMap { round in (0..<rounds[round].count).map { (round, $0) } }
    self.rounds = rounds
  }

  @inlinable
  func place(of index: Int) -> (round: Int, index: Int) { places.isEmpty ? (index, 0) : places[index] }

  /// Does one step of a `select` for one of the cases.
  @inlinable
  public mutating func perform(_ turn: inout SelectTurn, at index: Int) -> Bool {
    let place = place(of: index)
    return rounds[place.round].perform(&turn, at: place.index)
  }

  /// Makes the result of one of the cases.
  @inlinable
  public func finish(at index: Int) throws -> Cases.Result {
    let place = place(of: index)
    return try rounds[place.round].finish(at: place.index)
  }
}

/// The cases of an `if` without `else`.
public struct SelectOptional<Cases: SelectCase>: SelectCase {
  @usableFromInline var cases: Cases?

  @inlinable
  init(_ cases: consuming Cases?) { self.cases = cases }

  /// How many cases there are.
  @inlinable public var count: Int { cases?.count ?? 0 }

  /// Does one step of a `select` for one of the cases.
  @inlinable
  public mutating func perform(_ turn: inout SelectTurn, at index: Int) -> Bool {
    cases!.perform(&turn, at: index)
  }

  /// Makes the result of one of the cases.
  @inlinable
  public func finish(at index: Int) throws -> Cases.Result { try cases!.finish(at: index) }
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
public struct SelectNothing<Result>: SelectCase {
  @inlinable
  init() {}

  /// How many cases there are.
  @inlinable public var count: Int { 0 }

  /// Does one step of a `select` for one of the cases.
  @inlinable
  public func perform(_ turn: inout SelectTurn, at index: Int) -> Bool { false }

  /// Makes the result of one of the cases.
  @inlinable
  public func finish(at index: Int) throws -> Result {
    breakContract("a block without cases was asked for one")
  }
}

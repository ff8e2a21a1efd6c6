/// The cases of a `select`, in the order in which they are written.
///
/// A class, so that a builder adds to it in place.
public final class SelectCases<Result> {
  @usableFromInline var arms = ContiguousArray<SelectArm>()
  @usableFromInline var finishes = ContiguousArray<() throws -> Result>()

  @inlinable
  init(room: Int = 0) {
    arms.reserveCapacity(room)
    finishes.reserveCapacity(room)
  }

  @inlinable
  func append(_ added: SelectCase<Result>) {
    arms.append(added.arm)
    finishes.append(added.finish)
  }

  @inlinable
  func append(_ added: SelectCases) {
    arms.append(contentsOf: added.arms)
    finishes.append(contentsOf: added.finishes)
  }
}

/// Gathers the cases of a `select`. `if`, `switch` and `for` may stand among them: a case is left out by an
/// `if` around it.
@resultBuilder
public struct SelectBuilder<Result> {
  /// Starts with a case.
  @inlinable
  public static func buildPartialBlock(first: SelectCase<Result>) -> SelectCases<Result> {
    let cases = SelectCases<Result>(room: 8)
    cases.append(first)
    return cases
  }

  /// Starts with several cases.
  @inlinable
  public static func buildPartialBlock(first: SelectCases<Result>) -> SelectCases<Result> { first }

  /// Adds a case.
  @inlinable
  public static func buildPartialBlock(
    accumulated: SelectCases<Result>, next: SelectCase<Result>
  ) -> SelectCases<Result> {
    accumulated.append(next)
    return accumulated
  }

  /// Adds several cases.
  @inlinable
  public static func buildPartialBlock(
    accumulated: SelectCases<Result>, next: SelectCases<Result>
  ) -> SelectCases<Result> {
    accumulated.append(next)
    return accumulated
  }

  /// Has no case.
  @inlinable
  public static func buildBlock() -> SelectCases<Result> { SelectCases() }

  /// Leaves out what an `if` excludes.
  @inlinable
  public static func buildOptional(_ cases: SelectCases<Result>?) -> SelectCases<Result> {
    cases ?? SelectCases()
  }

  /// Takes one branch.
  @inlinable
  public static func buildEither(first cases: SelectCases<Result>) -> SelectCases<Result> { cases }

  /// Takes the other branch.
  @inlinable
  public static func buildEither(second cases: SelectCases<Result>) -> SelectCases<Result> { cases }

  /// Takes the cases of all rounds of a loop.
  @inlinable
  public static func buildArray(_ cases: [SelectCases<Result>]) -> SelectCases<Result> {
    cases.reduce(into: SelectCases(room: cases.count)) { $0.append($1) }
  }
}

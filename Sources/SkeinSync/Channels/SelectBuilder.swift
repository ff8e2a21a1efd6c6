/// Puts the cases of a `select` together. `if`, `switch` and `for` may stand among them: a case is left out by
/// an `if` around it.
///
/// What it makes has public types, since the compiler finds no opaque ones for a loop of several statements.
@resultBuilder
public struct SelectBuilder<Result> {
  /// Starts with a case, or several.
  @inlinable
  public static func buildPartialBlock<Cases: SelectCase<Result>>(
    first: consuming Cases
  ) -> Cases { first }

  /// Adds a case, or several.
  @inlinable
  public static func buildPartialBlock<First: SelectCase<Result>, Second: SelectCase<Result>>(
    accumulated: consuming First, next: consuming Second
  ) -> SelectPair<First, Second> { SelectPair(accumulated, next) }

  /// Has no case.
  @inlinable
  public static func buildBlock() -> SelectNothing<Result> { SelectNothing<Result>() }

  /// Leaves out what an `if` excludes.
  @inlinable
  public static func buildOptional<Cases: SelectCase<Result>>(
    _ cases: consuming Cases?
  ) -> SelectOptional<Cases> { SelectOptional(cases) }

  /// Takes one branch.
  @inlinable
  public static func buildEither<First: SelectCase<Result>, Second: SelectCase<Result>>(
    first cases: consuming First
  ) -> SelectBranch<First, Second> { SelectBranch(first: cases) }

  /// Takes the other branch.
  @inlinable
  public static func buildEither<First: SelectCase<Result>, Second: SelectCase<Result>>(
    second cases: consuming Second
  ) -> SelectBranch<First, Second> { SelectBranch(second: cases) }

  /// Takes the cases of all rounds of a loop.
  @inlinable
  public static func buildArray<Cases: SelectCase<Result>>(
    _ cases: consuming [Cases]
  ) -> SelectList<Cases> { SelectList(cases) }
}

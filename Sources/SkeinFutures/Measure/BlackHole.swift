/// Keeps the optimiser from leaving out the work whose result goes in here, and from knowing the value that comes out.
///
/// Code whose result nobody uses may be deleted, and code whose input is known may be computed when it is compiled.
/// Pass what is computed, and what it is computed from:
///
/// ```swift
/// let timing = try measure { blackHole(text).split(separator: " ").count }
/// ```
///
/// The result of the closure of `measure` goes in here by itself.
///
/// - Parameter value: anything.
/// - Returns: the same value.
/// - Complexity: some nanoseconds.
@inline(never) @_optimize(none)
@discardableResult
public func blackHole<Value>(_ value: Value) -> Value {
  // Without both attributes, the compiler would find out that nothing happens in here, and tell the callers.
  value
}

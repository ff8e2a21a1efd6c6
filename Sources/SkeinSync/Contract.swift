/// Ends the process when a rule is broken that the caller had to keep.
///
/// Unlike those of `precondition`, the message appears in release builds too: it names the object and the rule.
@inlinable
package func checkContract(_ isKept: Bool, _ message: @autoclosure () -> String) {
  if !isKept { breakContract(message()) }
}

/// Ends the process because a rule was broken that the caller had to keep.
@usableFromInline
package func breakContract(_ message: String) -> Never {
  fatalError(message)
}
